package pdf

import (
	"minhchung/evidence/signature/pdf/syntax"
)

// pageWords say what an entry of a page is for (ISO 32000-2 table 31), so
// that a reader of the list needs no table.
var pageWords = map[syntax.Name]string{
	"Rotate":   "the page was turned",
	"MediaBox": "the page got another size", "CropBox": "what is shown of the page changed",
	"BleedBox": "the page's box for printing changed", "TrimBox": "the page's box for printing changed", "ArtBox": "the page's box for printing changed",
	"UserUnit": "the page was scaled",
	"AA":       "the page acts when it is opened or closed",
	"Group":    "how the page is blended changed",
	"Thumb":    "the small picture of the page changed",
	"Trans":    "how the page is turned over changed", "Dur": "how the page is turned over changed",
	"AF": "files attached to the page changed",
}

// catalogWords do the same for the catalogue (table 29).
var catalogWords = map[syntax.Name]string{
	"OpenAction":        "what happens when the document is opened changed",
	"AA":                "what the document does by itself changed",
	"Names":             "the document's names (attached files, scripts, destinations) changed",
	"Dests":             "the document's named destinations changed",
	"Outlines":          "the bookmarks changed",
	"PageLabels":        "the page numbers that readers show changed",
	"PageMode":          "how the document is shown changed",
	"PageLayout":        "how the document is shown changed",
	"Lang":              "the language of the document changed",
	"OCProperties":      "the layers that can be shown and hidden changed",
	"Threads":           "the article threads changed",
	"URI":               "the base address of links changed",
	"AF":                "the attached files changed",
	"Collection":        "the document was made a portfolio or changed as one",
	"Requirements":      "what the document asks of readers changed",
	"OutputIntents":     "the colours that the document is meant for changed",
	"ViewerPreferences": "how the document is shown changed",
}

// resourceWords do the same for what a page draws with (table 34).
var resourceWords = map[syntax.Name]string{
	"ExtGState":  "a setting that the page draws with changed",
	"ColorSpace": "colours that the page draws with changed",
	"Pattern":    "a pattern that the page draws with changed",
	"Shading":    "a pattern that the page draws with changed",
	"XObject":    "a picture or form that the page draws changed",
	"Font":       "a font that the page writes with changed",
	"Properties": "a layer or property that the page uses changed",
}

func wordsFor(table map[syntax.Name]string, key syntax.Name, otherwise string) string {
	if w := table[key]; w != "" {
		return w + ":"
	}
	return otherwise + ":"
}

// implied holds, for each kind of dictionary, what an absent entry means.
// Programs that touch an object like to write such entries out, which changes
// nothing (ISO 32000-2 tables 31, 166, 191, 226).
var (
	impliedInPage       = map[syntax.Name]syntax.Object{"Rotate": syntax.Integer(0), "UserUnit": syntax.Integer(1), "Type": syntax.Name("Page")}
	impliedInAnnotation = map[syntax.Name]syntax.Object{"F": syntax.Integer(0), "Type": syntax.Name("Annot"), "Ff": syntax.Integer(0), "Q": syntax.Integer(0)}
	impliedInCatalog    = map[syntax.Name]syntax.Object{"Type": syntax.Name("Catalog"), "PageMode": syntax.Name("UseNone"), "PageLayout": syntax.Name("SinglePage"), "NeedsRendering": syntax.Bool(false)}
)

// or returns the entry o of a dictionary of this revision, or what its absence
// means.
func (s *state) or(o syntax.Object, implied map[syntax.Name]syntax.Object, key syntax.Name) syntax.Object {
	d, ok := implied[key]
	if !ok {
		return o
	}
	if v, err := s.rev.Resolve(o); err != nil || !syntax.IsNull(v) {
		return o
	}
	return d
}

// impliedType reports whether a Type entry says what is known without it: it
// is optional in XObjects, graphics states, patterns and annotations.
func impliedType(o syntax.Object) bool {
	switch o {
	case syntax.Name("XObject"), syntax.Name("ExtGState"), syntax.Name("Pattern"), syntax.Name("Annot"):
		return true
	}
	return false
}
