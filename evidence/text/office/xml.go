package office

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"time"
)

// handler receives the elements and texts of a part. Names are those without
// prefix: what a prefix stands for is not resolved, as no two vocabularies in
// these files use one name for different things that matter here.
type handler struct {
	start func(xml.StartElement)
	end   func(name string)
	text  func(string)
	// skip names elements that are left out with all they hold.
	skip map[string]bool
}

// walk reads a part as a stream.
func (a *archive) walk(name string, h handler) error {
	r, err := a.part(name)
	if err != nil {
		return err
	}
	defer r.Close()
	dec := xml.NewDecoder(r)
	dec.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("encoding %q", charset)
	}
	depth, skipping := 0, 0 // skipping is the depth of the element that is left out
	for n := 0; ; n++ {
		if n%1024 == 0 && time.Now().After(a.deadline) {
			return errTime
		}
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil
		}
		if err != nil {
			return xmlProblem(err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return errDTD
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errDeep
			}
			if skipping == 0 && h.skip[t.Name.Local] {
				skipping = depth
			}
			if skipping == 0 && h.start != nil {
				h.start(t)
			}
		case xml.EndElement:
			if depth == 0 {
				return errDamaged
			}
			if skipping == 0 && h.end != nil {
				h.end(t.Name.Local)
			}
			if skipping == depth {
				skipping = 0
			}
			depth--
		case xml.CharData:
			if skipping == 0 && h.text != nil {
				h.text(string(t))
			}
		}
	}
}

// xmlProblem keeps our own sentences, which the reader below the decoder
// returned.
func xmlProblem(err error) error {
	var p problem
	if errors.As(err, &p) {
		return p
	}
	return errDamaged
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space != "xmlns" {
			return a.Value
		}
	}
	return ""
}
