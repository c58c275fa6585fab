package office

import (
	"encoding/xml"
	"strconv"
	"strings"

	"minhchung/evidence/text"
)

// readODF reads OpenDocument: ODT as one page with headers and footers, ODS
// one sheet a page, ODP one slide a page (ODF 1.2 part 1). Tracked deletions
// and annotations are left out; repeated rows and cells count once.
func (a *archive) readODF() error {
	encrypted := false
	if a.has("META-INF/manifest.xml") {
		err := a.walk("META-INF/manifest.xml", handler{start: func(t xml.StartElement) {
			encrypted = encrypted || t.Name.Local == "encryption-data" // ODF 1.2 part 3, 4.4
		}})
		if err != nil && err != errDamaged && err != errDTD { // old files declare a type there
			return err
		}
	}
	if encrypted {
		return text.ErrEncrypted
	}
	head := &page{a: a}
	if a.has("styles.xml") {
		h := odfHandler(func() *page { return head }, nil)
		inMaster := 0
		start, end, write := h.start, h.end, h.text
		h.start = func(t xml.StartElement) {
			if t.Name.Local == "master-styles" {
				inMaster++
			}
			if inMaster > 0 {
				start(t)
			}
		}
		h.end = func(name string) {
			if inMaster > 0 {
				end(name)
			}
			if name == "master-styles" {
				inMaster--
			}
		}
		h.text = func(s string) {
			if inMaster > 0 {
				write(s)
			}
		}
		if err := a.walk("styles.xml", h); err != nil && err != errDamaged {
			return a.add(head, err)
		}
	}
	return a.readODFContent(head)
}

// readODFContent writes the body behind the headers, and a new page for each
// sheet or slide.
func (a *archive) readODFContent(current *page) error {
	split := ""
	started := false
	err := a.walk("content.xml", odfHandler(func() *page { return current }, func(t xml.StartElement) {
		switch t.Name.Local {
		case "spreadsheet":
			split = "table"
		case "presentation":
			split = "page"
		case split:
			if started {
				_ = a.add(current, nil) // what is too long shows at the end
				full := current.full
				current = &page{a: a, full: full}
			}
			started = true
			current.write(attr(t, "name") + "\n")
		}
	}))
	return a.add(current, err)
}

// odfHandler writes the text of paragraphs and headings.
func odfHandler(out func() *page, more func(xml.StartElement)) handler {
	inText := 0
	return handler{
		skip: map[string]bool{"tracked-changes": true, "annotation": true},
		start: func(t xml.StartElement) {
			switch t.Name.Local {
			case "p", "h":
				inText++
			case "s":
				n, err := strconv.Atoi(attr(t, "c"))
				if err != nil || n < 1 {
					n = 1
				}
				out().write(strings.Repeat(" ", min(n, 100)))
			case "tab":
				out().write("\t")
			case "line-break":
				out().write("\n")
			}
			if more != nil {
				more(t)
			}
		},
		end: func(name string) {
			switch name {
			case "p", "h":
				inText--
				out().write("\n")
			}
		},
		text: func(s string) {
			if inText > 0 {
				out().write(strings.NewReplacer("\n", " ", "\r", " ").Replace(s)) // ODF 1.2 part 1, 6.1.2
			}
		},
	}
}
