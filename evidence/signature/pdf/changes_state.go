package pdf

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"minhchung/evidence/signature/pdf/syntax"
)

// Budgets of the comparison; a document beyond them is not compared and the
// change is unknown.
const (
	maxStatePages  = 100_000
	maxStateFields = 50_000
	maxStateAnnots = 100_000
	maxTreeDepth   = 64
)

// errTooLarge says that a document is larger than the budgets above.
var errTooLarge = errors.New("the document is too large to compare")

// state is what a document consists of after one revision: the nodes that
// have an identity of their own and are compared as such.
type state struct {
	rev     *syntax.Revision
	catalog *syntax.Dict
	root    int // object of the catalogue, 0 when direct
	tree    map[int]*syntax.Dict
	pages   []*statePage
	pageAt  map[int]int // object to index in pages
	form    *syntax.Dict
	fields  []*stateField
	byName  map[string]*stateField
	nums    map[int]*stateField // object of a field
	widgets map[int]*stateField // object of a widget to its field
	annots  map[int]*stateAnnot // object of an annotation
	structs map[int]bool        // objects of structure elements
	pageOf  map[int]int         // object of an annotation to the index of its page
}

// statePage is a page with what it inherits (ISO 32000-2 7.7.3.4).
type statePage struct {
	num       int
	dict      *syntax.Dict
	inherited map[syntax.Name]syntax.Object
	annots    []*stateAnnot
}

// get returns an entry of the page, inherited when it may be.
func (p *statePage) get(key syntax.Name) syntax.Object {
	if p.dict.Has(key) {
		return p.dict.Get(key)
	}
	if v, ok := p.inherited[key]; ok {
		return v
	}
	return syntax.Null{}
}

// inheritable entries of a page.
var inheritable = []syntax.Name{"Resources", "MediaBox", "CropBox", "Rotate"}

// stateAnnot is an annotation of a page.
type stateAnnot struct {
	num  int // 0 for a direct object
	dict *syntax.Dict
}

// stateField is a node of the field tree (ISO 32000-2 12.7.4).
type stateField struct {
	name    string // fully qualified
	num     int
	dict    *syntax.Dict
	parent  *stateField
	widgets []int // objects of the widgets; the field itself when merged
}

// get returns an entry of the field, inherited from its ancestors.
func (f *stateField) get(key syntax.Name) syntax.Object {
	for n := 0; f != nil && n <= maxTreeDepth; f, n = f.parent, n+1 {
		if f.dict.Has(key) {
			return f.dict.Get(key)
		}
	}
	return syntax.Null{}
}

// stateOf collects the nodes of a revision.
func stateOf(rev *syntax.Revision) (*state, error) {
	s := &state{
		rev: rev, tree: map[int]*syntax.Dict{}, pageAt: map[int]int{}, byName: map[string]*stateField{}, nums: map[int]*stateField{},
		widgets: map[int]*stateField{}, annots: map[int]*stateAnnot{}, structs: map[int]bool{}, pageOf: map[int]int{},
	}
	catalog, err := rev.Catalog()
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	if catalog == nil {
		return nil, errors.New("there is no catalogue")
	}
	s.catalog = catalog
	if ref, ok := rev.Trailer().Get("Root").(syntax.Ref); ok {
		s.root = ref.Num
	}
	if err := s.readPages(catalog.Get("Pages"), nil, 0); err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	if err := s.readAnnots(); err != nil {
		return nil, fmt.Errorf("reading the annotations: %w", err)
	}
	if err := s.readForm(); err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	return s, nil
}

// readPages flattens the page tree (ISO 32000-2 7.7.3.2).
func (s *state) readPages(o syntax.Object, inherited map[syntax.Name]syntax.Object, depth int) error {
	ref, _ := o.(syntax.Ref)
	d, err := s.rev.Dict(o)
	if err != nil {
		return err
	}
	if d == nil {
		return nil
	}
	if depth > maxTreeDepth || len(s.pages) >= maxStatePages {
		return errTooLarge
	}
	kids, err := s.rev.Array(d.Get("Kids"))
	if err != nil {
		return err
	}
	if kind, _ := s.rev.Resolve(d.Get("Type")); kind == syntax.Name("Page") || !d.Has("Kids") {
		if _, ok := s.pageAt[ref.Num]; !ok {
			s.pageAt[ref.Num] = len(s.pages)
		}
		s.pages = append(s.pages, &statePage{num: ref.Num, dict: d, inherited: inherited})
		return nil
	}
	if ref.Num != 0 {
		if s.tree[ref.Num] != nil {
			return nil // a node that is its own ancestor, or is there twice
		}
		s.tree[ref.Num] = d
	}
	below := map[syntax.Name]syntax.Object{}
	for _, k := range inheritable {
		if d.Has(k) {
			below[k] = d.Get(k)
		} else if v, ok := inherited[k]; ok {
			below[k] = v
		}
	}
	for _, kid := range kids {
		if err := s.readPages(kid, below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) readAnnots() error {
	total := 0
	for i, p := range s.pages {
		list, err := s.rev.Array(p.dict.Get("Annots"))
		if err != nil {
			return err
		}
		if total += len(list); total > maxStateAnnots {
			return errTooLarge
		}
		for _, o := range list {
			d, err := s.rev.Dict(o)
			if err != nil {
				return err
			}
			if d == nil {
				continue
			}
			ref, _ := o.(syntax.Ref)
			a := &stateAnnot{num: ref.Num, dict: d}
			p.annots = append(p.annots, a)
			if ref.Num != 0 {
				s.annots[ref.Num], s.pageOf[ref.Num] = a, i
			}
		}
	}
	return nil
}

func (s *state) readForm() error {
	form, err := s.rev.Dict(s.catalog.Get("AcroForm"))
	if err != nil || form == nil {
		return err
	}
	s.form = form
	fields, err := s.rev.Array(form.Get("Fields"))
	if err != nil {
		return err
	}
	seen := map[int]bool{}
	for _, o := range fields {
		if err := s.readField(o, nil, seen, 0); err != nil {
			return err
		}
	}
	return nil
}

// readField reads a field and what is below it. A kid with a name is a field,
// one without is a widget (ISO 32000-2 12.7.4.2).
func (s *state) readField(o syntax.Object, parent *stateField, seen map[int]bool, depth int) error {
	ref, _ := o.(syntax.Ref)
	d, err := s.rev.Dict(o)
	if err != nil || d == nil {
		return err
	}
	if depth > maxTreeDepth || len(s.fields) >= maxStateFields {
		return errTooLarge
	}
	if ref.Num != 0 && seen[ref.Num] {
		return nil
	}
	seen[ref.Num] = true
	if parent != nil && !d.Has("T") {
		if ref.Num != 0 {
			parent.widgets = append(parent.widgets, ref.Num)
			s.widgets[ref.Num] = parent
		}
		return nil
	}
	f := &stateField{num: ref.Num, dict: d, parent: parent, name: s.text(d.Get("T"))}
	if parent != nil {
		f.name = parent.name + "." + f.name
	}
	s.fields = append(s.fields, f)
	if ref.Num != 0 {
		s.nums[ref.Num] = f
	}
	key := f.name
	for n := 2; s.byName[key] != nil; n++ {
		key = fmt.Sprintf("%s#%d", f.name, n)
	}
	s.byName[key] = f
	if sub, _ := s.rev.Resolve(d.Get("Subtype")); sub == syntax.Name("Widget") || d.Has("Rect") {
		f.widgets = append(f.widgets, ref.Num)
		s.widgets[ref.Num] = f
	}
	kids, err := s.rev.Array(d.Get("Kids"))
	if err != nil {
		return err
	}
	for _, kid := range kids {
		if err := s.readField(kid, f, seen, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// signature returns the signature dictionary that a field has as its value;
// nil when it is not a signature field or not signed.
func (s *state) signature(f *stateField) *syntax.Dict {
	if kind, _ := s.rev.Resolve(f.get("FT")); kind != syntax.Name("Sig") {
		return nil
	}
	v, _ := s.rev.Dict(f.get("V"))
	if v == nil || !v.Has("Contents") {
		return nil
	}
	return v
}

// text returns a text string (ISO 32000-2 7.9.2.2) as UTF-8.
func (s *state) text(o syntax.Object) string {
	v, _ := s.rev.Resolve(o)
	str, ok := v.(syntax.String)
	if !ok {
		return ""
	}
	return plainText(str.Bytes())
}

// plainText decodes a text string: UTF-16 or UTF-8 with a mark, else the
// Latin part of PDFDocEncoding.
func plainText(b []byte) string {
	if len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff {
		u := make([]uint16, (len(b)-2)/2)
		for i := range u {
			u[i] = uint16(b[2+2*i])<<8 | uint16(b[3+2*i])
		}
		return string(utf16.Decode(u))
	}
	if len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf && utf8.Valid(b[3:]) {
		return string(b[3:])
	}
	var out strings.Builder
	for _, c := range b {
		out.WriteRune(rune(c))
	}
	return out.String()
}
