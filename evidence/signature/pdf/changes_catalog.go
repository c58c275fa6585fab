package pdf

import (
	"fmt"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// The clauses of ISO 32000-2 that decide.
const (
	ruleDocMDP     = "ISO 32000-2 12.8.2.2.2" // DocMDP and what it permits
	ruleFieldMDP   = "ISO 32000-2 12.8.2.4"
	ruleDSS        = "ISO 32000-2 12.8.4.3"
	ruleDTS        = "ISO 32000-2 12.8.5"
	ruleCatalog    = "ISO 32000-2 7.7.2"
	rulePages      = "ISO 32000-2 7.7.3"
	ruleContents   = "ISO 32000-2 7.8.2"
	ruleResources  = "ISO 32000-2 7.8.3"
	ruleMetadata   = "ISO 32000-2 14.3"
	ruleAnnots     = "ISO 32000-2 12.5"
	ruleAppearance = "ISO 32000-2 12.5.5"
	ruleFields     = "ISO 32000-2 12.7.4"
	ruleForm       = "ISO 32000-2 12.7.3"
	ruleStructure  = "ISO 32000-2 14.7"
	ruleActions    = "ISO 32000-2 12.6"
	rulePerms      = "ISO 32000-2 12.8.6"
	ruleExtensions = "ISO 32000-2 7.12"
)

// compareCatalog compares the catalogue key by key; it may be a new object.
func (s *step) compareCatalog() {
	a, b := s.old.catalog, s.new.catalog
	if b.Duplicate && !a.Duplicate {
		s.add(fixed(signature.ChangeForbidden, signature.WhatCatalog, ruleCatalog).on(0, s.new.root).says("the catalogue has the same entry twice"))
	}
	for _, e := range a.Entries {
		s.catalogEntry(e.Key, a.Get(e.Key), b.Get(e.Key))
	}
	for _, e := range b.Entries {
		if !a.Has(e.Key) {
			s.catalogEntry(e.Key, syntax.Null{}, e.Value)
		}
	}
}

func (s *step) catalogEntry(key syntax.Name, a, b syntax.Object) {
	a, b = s.old.or(a, impliedInCatalog, key), s.new.or(b, impliedInCatalog, key)
	path := "/" + printable(string(key), 40)
	switch key {
	case "Pages", "AcroForm", "StructTreeRoot": // compared as what they are
	case "DSS":
		s.compareDSS(a, b)
	case "OutputIntents":
		s.compareIntents(a, b)
	case "Extensions":
		s.compareExtensions(a, b)
	case "Version", "MarkInfo", "PieceInfo": // PieceInfo is private to programs (14.5)
		s.catalogNote(a, b, string(key))
	case "Metadata":
		if !s.same(a, b, true) {
			s.add(fixed(signature.ChangePermitted, signature.WhatMetadata, ruleMetadata).on(0, refNum(b)).says("the XMP metadata changed"))
		}
	case "Perms":
		s.comparePerms(a, b)
	default:
		s.deep(a, b, false, s.new.root, path, fixed(signature.ChangeForbidden, signature.WhatCatalog, ruleCatalog).
			says("%s", wordsFor(catalogWords, key, "an entry of the catalogue changed")))
	}
}

// catalogNote permits a change of an entry that shows nothing.
func (s *step) catalogNote(a, b syntax.Object, key string) {
	if !s.same(a, b, false) {
		s.add(fixed(signature.ChangePermitted, signature.WhatCatalog, ruleCatalog).on(0, s.new.root).says("/%s changed", key))
	}
}

// compareExtensions permits that extensions are declared (ISO 32000-2 7.12);
// that one is taken back is odd.
func (s *step) compareExtensions(a, b syntax.Object) {
	was, _ := s.old.rev.Dict(a)
	is, _ := s.new.rev.Dict(b)
	if was != nil {
		for _, e := range was.Entries {
			if problem := s.takenBack(e.Key, e.Value, is.Get(e.Key)); problem != "" {
				s.add(fixed(signature.ChangeUnknown, signature.WhatCatalog, ruleExtensions).on(0, s.new.root).
					says("the extension %s %s", printable(string(e.Key), 30), problem))
			}
		}
	}
	s.catalogNote(a, b, "Extensions")
}

// takenBack says how an extension that was declared is less than that now: its
// levels only ever rise (ISO 32000-2 7.12.4).
func (s *step) takenBack(key syntax.Name, a, b syntax.Object) string {
	if key == "Type" {
		return ""
	}
	if v, _ := s.new.rev.Resolve(b); syntax.IsNull(v) {
		return "is no longer declared"
	}
	was, _ := s.old.rev.Dict(a)
	is, _ := s.new.rev.Dict(b)
	if was == nil || is == nil {
		return "" // several levels of one prefix
	}
	level := func(st *state, d *syntax.Dict) (string, float64) {
		v, _ := st.rev.Resolve(d.Get("BaseVersion"))
		base, _ := v.(syntax.Name)
		v, _ = st.rev.Resolve(d.Get("ExtensionLevel"))
		n, _ := asNumber(v)
		return string(base), n
	}
	baseWas, levelWas := level(s.old, was)
	baseIs, levelIs := level(s.new, is)
	if baseIs < baseWas || baseIs == baseWas && levelIs < levelWas {
		return fmt.Sprintf("was taken back from %s level %g to %s level %g", printable(baseWas, 10), levelWas, printable(baseIs, 10), levelIs)
	}
	return ""
}

// compareDSS permits every change of the document security store but its
// removal. Objects of the store that are also something else are compared
// where they are that.
func (s *step) compareDSS(a, b syntax.Object) {
	now, _ := s.new.rev.Dict(b)
	if now == nil {
		if old, _ := s.old.rev.Dict(a); old != nil {
			s.add(fixed(signature.ChangeUnknown, signature.WhatValidation, ruleDSS).on(0, refNum(a)).says("the validation data was removed"))
		}
		return
	}
	if !s.same(a, b, false) {
		s.add(fixed(signature.ChangePermitted, signature.WhatValidation, ruleDSS).on(0, refNum(b)).says("certificates and revocation answers were added"))
	}
}

// comparePerms lets the permissions dictionary gain entries (ISO 32000-2
// 12.8.6); what is there must stay.
func (s *step) comparePerms(a, b syntax.Object) {
	before, _ := s.old.rev.Dict(a)
	now, _ := s.new.rev.Dict(b)
	if before != nil {
		for _, e := range before.Entries {
			s.permission(e.Key, e.Value, now.Get(e.Key), refNum(b))
		}
	}
	if now == nil {
		return
	}
	for _, e := range now.Entries {
		if !before.Has(e.Key) {
			s.add(fixed(signature.ChangePermitted, signature.WhatCatalog, rulePerms).on(0, refNum(b)).says("/Perms gained /%s", printable(string(e.Key), 30)))
		}
	}
}

// permission compares one entry of the permissions dictionary.
func (s *step) permission(key syntax.Name, a, b syntax.Object, object int) {
	f := fixed(signature.ChangeForbidden, signature.WhatCatalog, rulePerms).on(0, object)
	path := "/Perms/" + printable(string(key), 30)
	v, _ := s.new.rev.Resolve(b)
	switch {
	case s.same(a, b, false):
	case syntax.IsNull(v) && key == "DocMDP":
		s.add(f.says("the certification was withdrawn: %s was removed", path))
	case key == "DocMDP":
		s.add(f.says("another signature took the place of the certification: %s names it now", path))
	default:
		s.deep(a, b, false, object, path, f)
	}
}

// compareTrailer permits another Info; Encrypt must not change. ID, Size and
// Prev say nothing about the document.
func (s *step) compareTrailer() {
	a, b := s.old.rev.Trailer(), s.new.rev.Trailer()
	s.deep(a.Get("Encrypt"), b.Get("Encrypt"), true, 0, "/Encrypt", fixed(signature.ChangeForbidden, signature.WhatOther, "ISO 32000-2 7.6"))
	if !s.same(a.Get("Info"), b.Get("Info"), true) {
		s.add(fixed(signature.ChangePermitted, signature.WhatMetadata, ruleMetadata).on(0, refNum(b.Get("Info"))).says("the document information changed"))
	}
}
