// Package scheme holds the scoring schemes (bộ chỉ số) that say which criteria
// a unit answers with evidence. A scheme is data with a version, a validity
// and the source of its figures; the code knows only how to read one.
package scheme

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/count"
)

//go:embed schemes/*.json
var files embed.FS

// builtin names the schemes the program carries. deploy/schemes holds the same
// bytes for people to read.
var builtin = []string{"commune-2022"}

// BySurvey marks a criterion that a survey answers, not the unit.
const BySurvey = "survey"

// Definition is a scheme as its file says it.
type Definition struct {
	ID      string       `json:"id"`      // 1 to 32 of a-z, 0-9 and '-'
	Version int          `json:"version"` // from 1; a changed scheme has a new version
	Title   count.Text   `json:"title"`
	Legal   []count.Text `json:"legal"` // what the scheme rests on
	Notes   []count.Text `json:"notes"` // what people should know before they choose it
	// ValidFrom and ValidUntil are the first and last day of the scored time;
	// an empty ValidUntil has no end known.
	ValidFrom  evidence.Date `json:"validFrom"`
	ValidUntil evidence.Date `json:"validUntil"`
	// Total is the most points of all domains together.
	Total Points `json:"total"`
	// Domains are the domains (lĩnh vực) in the order of the scheme.
	Domains []Criterion `json:"domains"`
}

// Criterion is a domain (lĩnh vực), a criterion (tiêu chí) or a component
// (tiêu chí thành phần).
type Criterion struct {
	ID    string     `json:"id"` // "7.1.3"; see evidence.ValidCriterion
	Title count.Text `json:"title"`
	Max   Points     `json:"max"` // most points; "" when not known, never guessed
	// By is BySurvey, or "" for what the unit answers itself.
	By string `json:"by,omitempty"`
	// Evidence lists the documents that prove it, in a few words each.
	Evidence []count.Text `json:"evidence"`
	Note     *count.Text  `json:"note,omitempty"`
	// Criteria are its parts; none for one that is answered as a whole.
	Criteria []Criterion `json:"criteria,omitempty"`
}

// Points is an exact number of points in decimal notation, "18.5". Empty means
// that it is not known.
type Points string

// Rat returns the exact number, nil when it is not known.
func (p Points) Rat() *big.Rat {
	if p == "" || p.check() != nil {
		return nil
	}
	r, _ := new(big.Rat).SetString(string(p))
	return r
}

// check accepts digits with at most one point between them.
func (p Points) check() error {
	whole, rest, dotted := strings.Cut(string(p), ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if len(p) > 12 || !digits(whole) || dotted && !digits(rest) {
		return fmt.Errorf("%q is not a number of points such as 18.5", string(p))
	}
	return nil
}

// Format writes the number for people: 18,5, or 18.5 for "en"; "?" when it is
// not known.
func (p Points) Format(lang string) string {
	switch {
	case p == "":
		return "?"
	case lang == "en":
		return string(p)
	}
	return strings.Replace(string(p), ".", ",", 1)
}

// Scheme is a scoring scheme (bộ chỉ số). It is immutable and safe for
// concurrent use.
type Scheme struct {
	def   Definition
	bytes []byte
	list  []Node
	byID  map[string]int // index in list
}

// Node is a criterion with its place in the tree.
type Node struct {
	Criterion
	Depth  int    // 0 for a domain
	Parent string // "" for a domain
}

// Leaf reports whether the criterion is answered itself and not by its parts.
func (n Node) Leaf() bool { return len(n.Criteria) == 0 }

// Definition returns what the scheme says. The caller must not change its
// slices.
func (s *Scheme) Definition() Definition { return s.def }

// ID returns the scheme's id, such as "commune-2022".
func (s *Scheme) ID() string { return s.def.ID }

// Canonical returns the exact bytes the scheme was parsed from. The caller may
// change them.
func (s *Scheme) Canonical() []byte { return bytes.Clone(s.bytes) }

// Nodes returns all criteria, each before its parts, in the scheme's order.
func (s *Scheme) Nodes() []Node { return slices.Clone(s.list) }

// Criterion returns the criterion with the id. For one that is not known the
// error is a *count.UnknownError that says which is probably meant.
func (s *Scheme) Criterion(id string) (Node, error) {
	if i, ok := s.byID[id]; ok {
		return s.list[i], nil
	}
	known := make([]string, len(s.list))
	for i, n := range s.list {
		known[i] = n.ID
	}
	return Node{}, &count.UnknownError{What: "criterion", ID: id, Known: known, Near: near(id, known)}
}

// Covers reports whether the scheme is known to apply to the period, whose
// first four digits are its year.
func (s *Scheme) Covers(p evidence.Period) bool {
	if len(p) < 4 || strings.Trim(string(p[:4]), "0123456789") != "" {
		return false
	}
	year := string(p[:4])
	return year >= string(s.def.ValidFrom[:4]) && (s.def.ValidUntil == "" || year <= string(s.def.ValidUntil[:4]))
}

// IDs returns the ids of the schemes the program carries.
func IDs() []string { return slices.Clone(builtin) }

// Load returns the embedded scheme with the given id. For one that is not
// known the error is a *count.UnknownError.
func Load(id string) (*Scheme, error) {
	if !slices.Contains(builtin, id) {
		return nil, &count.UnknownError{What: "scheme", ID: id, Known: IDs(), Near: near(id, builtin)}
	}
	data, err := files.ReadFile("schemes/" + id + ".json")
	if err != nil {
		return nil, fmt.Errorf("reading scheme %s: %w", id, err)
	}
	return Parse(data)
}

// For returns the newest scheme that covers the period; nil when the program
// carries none, and somebody has to choose.
func For(p evidence.Period) (*Scheme, error) {
	for _, id := range slices.Backward(builtin) {
		s, err := Load(id)
		if err != nil || s.Covers(p) {
			return s, err
		}
	}
	return nil, nil
}

const (
	maxSchemeBytes = 256 << 10 // the ledger keeps it whole
	maxDepth       = 4         // of the tree; the schemes in use have 3
	maxCriteria    = 1000
)

// Parse reads a scheme. A field it does not know is an error, since a scheme
// that says more than the program understands would be shown wrongly.
func Parse(data []byte) (*Scheme, error) {
	if len(data) > maxSchemeBytes {
		return nil, fmt.Errorf("a scheme has at most %d bytes, got %d", maxSchemeBytes, len(data))
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	s := &Scheme{bytes: bytes.Clone(data), byID: map[string]int{}}
	if err := dec.Decode(&s.def); err != nil {
		return nil, fmt.Errorf("parsing scheme: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("parsing scheme: something follows the closing brace")
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("scheme %q: %w", s.def.ID, err)
	}
	return s, nil
}

func (s *Scheme) check() error {
	d := &s.def
	switch {
	case d.ID == "" || len(d.ID) > 32 || strings.Trim(d.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return errors.New("id must be 1 to 32 of a-z, 0-9 and '-'")
	case d.Version < 1:
		return errors.New("version must be at least 1")
	case d.Title.VI == "" || d.Title.EN == "":
		return errors.New("title must be given in vi and en")
	case len(d.Legal) == 0:
		return errors.New("legal must name what the scheme rests on")
	case len(d.Domains) == 0:
		return errors.New("a scheme needs domains")
	}
	if _, err := time.Parse(time.DateOnly, string(d.ValidFrom)); err != nil {
		return fmt.Errorf("validFrom: %w", err)
	}
	if d.ValidUntil != "" {
		if _, err := time.Parse(time.DateOnly, string(d.ValidUntil)); err != nil {
			return fmt.Errorf("validUntil: %w", err)
		}
		if d.ValidUntil < d.ValidFrom {
			return errors.New("validUntil lies before validFrom")
		}
	}
	return s.add(d.Domains, Node{Criterion: Criterion{ID: "total", Max: d.Total}, Depth: -1}, "")
}

// add lists the parts of a criterion, and theirs. What is known of their
// maxima must fit into the whole.
func (s *Scheme) add(parts []Criterion, whole Node, parent string) error {
	sum := new(big.Rat)
	for _, c := range parts {
		n := Node{Criterion: c, Depth: whole.Depth + 1, Parent: parent}
		if err := s.addOne(n); err != nil {
			return err
		}
		if r := c.Max.Rat(); r != nil {
			sum.Add(sum, r)
		}
		if err := s.add(c.Criteria, n, c.ID); err != nil {
			return err
		}
	}
	if most := whole.Max.Rat(); most != nil && sum.Cmp(most) > 0 {
		return fmt.Errorf("criterion %s has %s points, its parts %s", whole.ID, whole.Max, sum.FloatString(3))
	}
	return nil
}

func (s *Scheme) addOne(n Node) error {
	_, twice := s.byID[n.ID]
	switch {
	case !evidence.ValidCriterion(n.ID):
		return fmt.Errorf("criterion %q: an id has 1 to 32 of a-z, 0-9, '.' and '-'", n.ID)
	case twice:
		return fmt.Errorf("criterion %s stands there twice", n.ID)
	case n.Depth >= maxDepth || len(s.list) >= maxCriteria:
		return fmt.Errorf("criterion %s: the tree is too large", n.ID)
	case n.Title.VI == "" || n.Title.EN == "":
		return fmt.Errorf("criterion %s: title must be given in vi and en", n.ID)
	case n.By != "" && n.By != BySurvey:
		return fmt.Errorf("criterion %s: unknown by %q", n.ID, n.By)
	}
	if n.Max != "" {
		if err := n.Max.check(); err != nil {
			return fmt.Errorf("criterion %s: max: %w", n.ID, err)
		}
	}
	s.byID[n.ID] = len(s.list)
	s.list = append(s.list, n)
	return nil
}
