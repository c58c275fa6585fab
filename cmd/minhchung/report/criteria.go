package report

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/scheme"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// ErrNoScheme says that no scheme is known to apply to a period and nobody has
// chosen one for the book.
var ErrNoScheme = errors.New("no scheme is known for this period")

// SchemeOf returns the scheme that a book answers: the one with the id asked,
// else the one in force in the book, else the one that covers its period. A
// book that is not open yet has none in force. Errors: *count.UnknownError,
// ErrNoScheme.
func SchemeOf(ctx context.Context, store evidence.Store, scope evidence.Scope, book evidence.BookID, asked string) (*scheme.Scheme, error) {
	if asked != "" {
		return scheme.Load(asked)
	}
	canonical, err := schemeInForce(ctx, store, scope, book)
	if err != nil {
		return nil, err
	}
	if canonical != nil {
		return scheme.Parse(canonical)
	}
	s, err := scheme.For(book.Period)
	if err == nil && s == nil {
		err = ErrNoScheme
	}
	return s, err
}

// schemeInForce returns the bytes of the book's scheme, nil when there is
// neither a scheme nor a book yet.
func schemeInForce(ctx context.Context, store evidence.Store, scope evidence.Scope, book evidence.BookID) (canonical []byte, err error) {
	if opened, err := isOpen(ctx, store, scope, book); err != nil || !opened {
		return nil, err
	}
	err = store.View(ctx, scope, book, func(r evidence.Reader) error {
		used, err := r.Scheme(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		leaf, err := r.LeafOf(ctx, evidence.LeafScheme, used.SHA256)
		canonical = leaf.Opening
		return err
	})
	return canonical, err
}

func isOpen(ctx context.Context, store evidence.Store, scope evidence.Scope, book evidence.BookID) (bool, error) {
	books, err := store.Books(ctx, scope)
	return slices.Contains(books, book), err
}

// Used is a scheme as a book puts it in force.
func Used(s *scheme.Scheme) evidence.SchemeUsed {
	canonical := s.Canonical()
	return evidence.SchemeUsed{SHA256: signature.HashOf(canonical), ID: s.ID(), Canonical: canonical}
}

// FindDocuments returns the documents of the book that people mean by a name:
// a SHA-256, the first eight or more digits of it, or a file name.
func FindDocuments(ctx context.Context, r evidence.Reader, name string) ([]evidence.Document, error) {
	docs, err := r.Documents(ctx)
	return slices.DeleteFunc(docs, func(d evidence.Document) bool {
		return d.Name != name && (len(name) < 8 || !strings.HasPrefix(d.SHA256.String(), strings.ToLower(name)))
	}), err
}

// Criteria is the tree of a book's criteria with what was hung on each. It is
// one state of the book, and not changed after BuildCriteria.
type Criteria struct {
	Unit     evidence.Unit
	Book     evidence.BookID
	Scheme   *scheme.Scheme
	Criteria []Criterion
	// Missing are the ids of the criteria that have neither evidence nor an
	// explanation: the work list. A survey's criteria are never on it.
	Missing []string
	// Other is evidence for criteria that the scheme does not have, left from
	// another one.
	Other []Evidence
}

// Criterion is one line of the tree.
type Criterion struct {
	scheme.Node
	Evidence []Evidence
	// Explanation is the one in force, nil for none; History has all that were
	// ever given, the newest first.
	Explanation *Explanation
	History     []Explanation
	// Indicator is the count of register rows, nil where no register answers.
	Indicator *count.Indicator
	Missing   bool
}

// Evidence is a document that hangs on a criterion.
type Evidence struct {
	evidence.Attachment
	Name   string
	Size   int64
	Format string // as the facts name it, "unknown" for pictures and text
	Result signature.Result
}

// Plain reports whether the file is of a kind that carries no signature, such
// as a picture or a text: evidence all the same, and not a damaged document.
func (e Evidence) Plain() bool {
	return e.Result == signature.ResultUnreadable && e.Format == "unknown"
}

// EvidenceOf returns a link with what is known of its document.
func EvidenceOf(ctx context.Context, r evidence.Reader, a evidence.Attachment) (Evidence, error) {
	d, err := r.Document(ctx, a.Document)
	if err != nil {
		return Evidence{}, err
	}
	facts, err := evidence.ReadFacts(ctx, r, d)
	return Evidence{a, d.Name, d.Size, facts.Format, d.Result}, err
}

// Explanation is an explanation with who gave it and when.
type Explanation struct {
	evidence.Explanation
	Name  string // of its document
	At    time.Time
	Actor string // pseudonymous id
}

// BuildCriteria reads one state of the book, which need not be open yet. rule
// is the counting rule of indicators; nil takes the book's.
func BuildCriteria(ctx context.Context, store evidence.Store, scope evidence.Scope, book evidence.BookID, unit evidence.Unit, s *scheme.Scheme, rule *count.Rule) (*Criteria, error) {
	c := &Criteria{Unit: unit, Book: book, Scheme: s}
	for _, n := range s.Nodes() {
		c.Criteria = append(c.Criteria, Criterion{Node: n})
	}
	opened, err := isOpen(ctx, store, scope, book)
	if err != nil {
		return nil, err
	}
	if opened {
		err := store.View(ctx, scope, book, func(r evidence.Reader) (err error) {
			if err := c.read(ctx, r); err != nil {
				return err
			}
			rule, err = bookRule(ctx, r, rule)
			return err
		})
		if err != nil {
			return nil, err
		}
		if err := c.count(ctx, store, scope, rule); err != nil {
			return nil, err
		}
	}
	for i := range c.Criteria {
		n := &c.Criteria[i]
		n.Missing = n.Leaf() && n.By != scheme.BySurvey && len(n.Evidence) == 0 && n.Explanation == nil && n.Indicator == nil
		if n.Missing {
			c.Missing = append(c.Missing, n.ID)
		}
	}
	return c, nil
}

// bookRule is the rule a book keeps states for: the default one if it is
// among them.
func bookRule(ctx context.Context, r evidence.Reader, asked *count.Rule) (*count.Rule, error) {
	if asked != nil {
		return asked, nil
	}
	ids, err := r.Rules(ctx)
	if err != nil {
		return nil, err
	}
	first := count.Rules()[0]
	if len(ids) == 0 || slices.Contains(ids, first.ID()) {
		return first, nil
	}
	return count.Load(ids[0])
}

func (c *Criteria) at(id string) *Criterion {
	for i := range c.Criteria {
		if c.Criteria[i].ID == id {
			return &c.Criteria[i]
		}
	}
	return nil
}

func (c *Criteria) read(ctx context.Context, r evidence.Reader) error {
	links, err := r.Attachments(ctx)
	if err != nil {
		return err
	}
	for _, a := range links {
		e, err := EvidenceOf(ctx, r, a)
		if err != nil {
			return err
		}
		if n := c.at(a.Criterion); n != nil {
			n.Evidence = append(n.Evidence, e)
		} else {
			c.Other = append(c.Other, e)
		}
	}
	all, err := r.Explanations(ctx)
	if err != nil {
		return err
	}
	return c.explanations(ctx, r, all)
}

func (c *Criteria) explanations(ctx context.Context, r evidence.Reader, all []evidence.Explanation) error {
	inForce := evidence.InForce(all)
	for _, x := range slices.Backward(all) {
		n := c.at(x.Criterion)
		if n == nil {
			continue
		}
		entry, err := r.Entry(ctx, x.Entry)
		if err != nil {
			return err
		}
		leaf, err := ledger.ParseLeaf(entry.Leaf)
		if err != nil {
			return err
		}
		said := Explanation{Explanation: x, At: leaf.At, Actor: leaf.Actor}
		if !x.Document.IsZero() {
			d, err := r.Document(ctx, x.Document)
			if err != nil {
				return err
			}
			said.Name = d.Name
		}
		n.History = append(n.History, said)
		if inForce[x.Criterion].Entry == x.Entry {
			n.Explanation = &said
		}
	}
	return nil
}

// count puts the indicator to each criterion that register rows answer.
func (c *Criteria) count(ctx context.Context, store evidence.Store, scope evidence.Scope, rule *count.Rule) error {
	for i := range c.Criteria {
		n := &c.Criteria[i]
		if _, err := count.CriterionOf(n.ID); err != nil {
			continue // no register answers it
		}
		report, err := Build(ctx, store, scope, c.Book, c.Unit, n.ID, rule)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no register yet
		}
		if err != nil {
			return err
		}
		n.Indicator = &report.Indicator
	}
	return nil
}
