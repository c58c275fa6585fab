package office

import (
	"encoding/xml"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// furniture are the parts beside the body: headers before it, the rest after.
var (
	docxHeader = regexp.MustCompile(`^word/header[0-9]*\.xml$`)
	docxBehind = regexp.MustCompile(`^word/(?:footnotes|endnotes|footer[0-9]*)\.xml$`)
)

// readDOCX reads WordprocessingML (ECMA-376 part 1, 17): headers, body with
// its tables and text boxes, notes, footers. Deleted text, field codes and
// comments are left out.
func (a *archive) readDOCX() error {
	body, err := a.mainPart()
	if err != nil {
		return err
	}
	p := &page{a: a}
	seen := map[string]bool{}
	for _, name := range slices.Concat(a.matching(docxHeader), []string{body}, a.matching(docxBehind)) {
		part := &page{a: a}
		err := a.walk(name, wordHandler(part))
		text := part.b.String()
		p.full = p.full || part.full
		if !seen[text] { // the same header for first, odd and even pages
			seen[text] = true
			p.b.WriteString(text) // its room was taken when part was written
		}
		if err != nil {
			return a.add(p, err)
		}
	}
	return a.add(p, nil)
}

// mainPart follows the package's relationships (ECMA-376 part 2, 6.5) to the
// body.
func (a *archive) mainPart() (string, error) {
	target := ""
	err := a.walk("_rels/.rels", handler{start: func(t xml.StartElement) {
		if t.Name.Local == "Relationship" && strings.HasSuffix(attr(t, "Type"), "/officeDocument") && target == "" {
			target = partName(attr(t, "Target"))
		}
	}})
	switch {
	case err != nil && err != errDamaged:
		return "", err
	case a.has(target):
	case a.has("word/document.xml"):
		target = "word/document.xml"
	default:
		return "", problem("an Office file without a document in it")
	}
	return target, nil
}

// matching returns the parts whose names match, in the order of their names.
func (a *archive) matching(names *regexp.Regexp) []string {
	var found []string
	for name := range a.parts {
		if names.MatchString(name) {
			found = append(found, name)
		}
	}
	slices.SortFunc(found, byNumber)
	return found
}

// byNumber has slide2.xml before slide10.xml.
func byNumber(a, b string) int {
	if len(a) != len(b) && strings.TrimRight(stem(a), "0123456789") == strings.TrimRight(stem(b), "0123456789") {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// wordHandler writes the text of a WordprocessingML or DrawingML part.
func wordHandler(p *page) handler {
	inText := 0
	return handler{
		skip: map[string]bool{
			"Fallback": true, // says again what Choice says
			"moveFrom": true, "del": true, "instrText": true,
		},
		start: func(t xml.StartElement) {
			switch t.Name.Local {
			case "t":
				inText++
			case "tab", "ptab":
				p.write("\t")
			case "br", "cr":
				p.write("\n")
			case "noBreakHyphen":
				p.write("-")
			case "sym":
				if n, err := strconv.ParseInt(attr(t, "char"), 16, 32); err == nil && n < 0xe000 {
					p.write(string(rune(n)))
				}
			}
		},
		end: func(name string) {
			switch name {
			case "t":
				inText--
			case "p":
				p.write("\n")
			}
		},
		text: func(s string) {
			if inText > 0 {
				p.write(s)
			}
		},
	}
}

var slideName = regexp.MustCompile(`^ppt/slides/slide[0-9]+\.xml$`)

// readPPTX reads the slides of PresentationML (ECMA-376 part 1, 19), one a
// page, in the order of their part names.
func (a *archive) readPPTX() error {
	for _, name := range a.matching(slideName) {
		p := &page{a: a}
		if err := a.add(p, a.walk(name, wordHandler(p))); err != nil {
			return err
		}
	}
	return nil
}
