package pdf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/syntax"
)

// history compares the revisions of a file with each other, each pair once,
// for all signatures of the file. It is not safe for concurrent use.
type history struct {
	file     *syntax.File
	states   map[int]*state
	errs     map[int]error
	findings map[int][]finding // what revision i did to revision i-1
	listed   int               // changes given out, for all signatures
	kept     int               // findings of all revisions
}

// Budgets of the lists; what is beyond is summed up in its worst class.
const (
	maxFindings = 200    // of one revision
	maxChanges  = 500    // of one signature
	maxListed   = 20_000 // of all signatures of a file
	maxStates   = 4      // states kept in memory
)

func newHistory(f *syntax.File) *history {
	return &history{file: f, states: map[int]*state{}, errs: map[int]error{}, findings: map[int][]finding{}}
}

// changesAfter lists what the revisions behind the one that sig covers did,
// by the table "Changes after a signature". Nothing came after: nil.
func changesAfter(f *syntax.File, sig *sigField) []signature.Change {
	return newHistory(f).after(sig)
}

// after is changesAfter for one signature.
func (h *history) after(sig *sigField) []signature.Change {
	revs := h.file.Revisions()
	from := sig.Revision
	if from < 0 {
		from = max(sig.Seen, 0) // coverage is broken; say at least what came later
	}
	var out []signature.Change
	if from < len(revs)-1 {
		j := h.judge(sig, from)
		for i := from + 1; i < len(revs); i++ {
			out = append(out, j.changes(i, h.step(i))...)
			if len(out) > maxChanges || h.listed+len(out) > maxListed {
				out = sumUp(out, min(maxChanges, max(maxListed-h.listed, 0)))
			}
		}
		h.listed += len(out)
	}
	if t := h.file.Trailing(); len(t) > 0 {
		out = append(out, signature.Change{
			Revision: len(revs) - 1, What: signature.WhatTrailing, Class: signature.ChangeForbidden,
			Rule: "ISO 32000-2 7.5.5", Detail: fmt.Sprintf("%d bytes that belong to no revision follow the end of the file", len(t)),
		})
	}
	return out
}

// harm orders the classes from harmless to harmful.
var harm = map[signature.ChangeClass]int{
	signature.ChangePermitted: 1, signature.ChangeAnnotated: 2, signature.ChangeUnknown: 3, signature.ChangeForbidden: 4,
}

// sumUp keeps the first n changes and replaces the others by one of their
// worst class.
func sumUp(changes []signature.Change, n int) []signature.Change {
	if n >= len(changes) {
		return changes
	}
	rest := changes[n]
	for _, c := range changes[n:] {
		if harm[c.Class] > harm[rest.Class] {
			rest = c
		}
	}
	if !strings.HasPrefix(rest.Detail, moreChanges) {
		rest.Detail = moreChanges + rest.Detail
	}
	return append(changes[:n:n], rest)
}

const moreChanges = "further changes are not listed; the worst of them: "

// finding is one difference between two revisions, before anybody's
// permissions are asked.
type finding struct {
	kind    findingKind
	class   signature.ChangeClass // of fixed findings
	what    string                // of fixed findings
	rule    string
	object  int
	page    int // 1-based
	field   string
	fresh   bool // of a signature: its field is new, too; of an annotation: it was added
	empty   bool // of a field: a signature field that shows nothing and is not signed
	control bool // of a field: a button or a list and not a text
	leads   bool // of an annotation: where it leads or what it does changed
	detail  string
	// mark is set for what was put on a page.
	mark *placement
}

// findingKind says which permission decides.
type findingKind uint8

const (
	findFixed      findingKind = iota // class decides for everybody
	findSignature                     // a further signature
	findTimestamp                     // a document time stamp
	findValue                         // a field's value
	findDefaults                      // defaults of the form, such as its fonts
	findStyle                         // how a widget looks: colours, border
	findField                         // a new field that is not signed
	findAnnotation                    // an annotation added or changed
	findRemoved                       // an annotation removed
	findContent                       // a content stream appended
	findTabs                          // the tab order of a page
	findAction                        // what an annotation does when it is used
)

// state returns the nodes of revision i, read once.
func (h *history) state(i int) (*state, error) {
	if s, ok := h.states[i]; ok {
		return s, h.errs[i]
	}
	if len(h.states) >= maxStates {
		maps.DeleteFunc(h.states, func(k int, _ *state) bool { return k != i-1 })
		maps.DeleteFunc(h.errs, func(k int, _ error) bool { return k != i-1 })
	}
	s, err := stateOf(h.file.Revisions()[i])
	h.states[i], h.errs[i] = s, err
	return s, err
}

// step compares revision i with the one before.
func (h *history) step(i int) []finding {
	if f, ok := h.findings[i]; ok {
		return f
	}
	f := h.compare(i)
	if len(f) == 0 {
		what := "an update without objects"
		if n := len(h.file.Revisions()[i].Changed()); n > 0 {
			what = fmt.Sprintf("%d objects were written", n)
		}
		f = []finding{fixed(signature.ChangePermitted, signature.WhatOther, "ISO 32000-2 7.5.6").
			says("%s; nothing that the document consists of changed", what)}
	}
	if h.kept += len(f); h.kept > maxListed && len(f) > 10 {
		f = append(slices.Clip(f[:10]), unlisted())
	}
	h.findings[i] = f
	return f
}

func (h *history) compare(i int) []finding {
	before, err := h.state(i - 1)
	if err != nil {
		return []finding{unreadable(i-1, err)}
	}
	after, err := h.state(i)
	if err != nil {
		return []finding{unreadable(i, err)}
	}
	s := &step{old: before, new: after, changed: map[int]bool{}, moved: map[int]int{}, memo: map[likeness]map[[2]int]bool{},
		equal: map[bool]map[[2]int]bool{}, drawings: map[int]*content.Drawing{}, scans: map[int64]*scan{}}
	for _, num := range after.rev.Changed() {
		s.changed[num] = true
	}
	s.run()
	return s.found
}

// unreadable is the finding for a revision that cannot be compared. What is
// damaged shows differently in different readers; what is too large is only
// unknown.
func unreadable(i int, err error) finding {
	f := finding{class: signature.ChangeForbidden, what: signature.WhatOther, rule: "ISO 32000-2 7.5.6",
		detail: fmt.Sprintf("revision %d cannot be compared: %v", i+1, err)}
	if errors.Is(err, errTooLarge) || errors.Is(err, syntax.ErrOverLimit) {
		f.class = signature.ChangeUnknown
	}
	return f
}

// step is the comparison of two successive revisions.
type step struct {
	old, new *state
	changed  map[int]bool // objects that the new revision wrote
	found    []finding
	memo     map[likeness]map[[2]int]bool
	equal    map[bool]map[[2]int]bool // pairs found equal, by comparer.drawn
	queue    []pair                   // lent to a comparer
	path     []byte                   // lent to a comparer
	// counterpart holds for each new page the old one it continues, or nil.
	counterpart []*statePage
	moved       map[int]int // annotations and fields with a new object number
	signing     map[*stateField]bool
	freshSign   map[*stateField]bool
	newAnnots   map[int]bool // objects of annotations that were added
	drawings    map[int]*content.Drawing
	scans       map[int64]*scan // decoded pictures of whole pages, nil when they cannot be
}

func (s *step) run() {
	s.matchPages()
	s.matchFields()
	s.matchAnnots()
	s.structure()
	s.compareCatalog()
	s.comparePages()
	s.compareForm()
	s.compareTrailer()
}

// unlisted stands for findings that were not kept, whatever they are.
func unlisted() finding {
	return fixed(signature.ChangeUnknown, signature.WhatOther, "ISO 32000-2 7.5.6").says("there are further changes that are not listed")
}

func (s *step) add(f finding) {
	if len(s.found) == maxFindings {
		s.found = append(s.found, unlisted())
	}
	if len(s.found) < maxFindings {
		f.detail = printable(f.detail, 300)
		s.found = append(s.found, f)
	}
}

// maxDetails is how many places one finding names.
const maxDetails = 3

// likeness says which findings share what was compared for them.
type likeness struct {
	kind  findingKind
	class signature.ChangeClass
	what  string
	drawn bool
}

// deep compares two values and adds one finding like the given one that names
// the first few places where they differ. What was compared before in the
// same way is not compared again.
func (s *step) deep(a, b syntax.Object, drawn bool, object int, path string, like finding) {
	if equal, ok := scalars(a, b); ok && equal {
		return
	}
	key := likeness{like.kind, like.class, like.what, drawn}
	c := comparer{step: s, drawn: drawn, memo: s.memo[key]}
	defer c.borrow()()
	c.compare(a, b, object, path)
	if c.memo != nil {
		s.memo[key] = c.memo
	}
	if c.count == 0 {
		return
	}
	more := ""
	if n := c.count - len(c.places); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	like.object = c.at
	like.detail = strings.TrimSpace(like.detail+" "+strings.Join(c.places, ", ")) + more
	s.add(like)
}

// fixed returns a finding whose class does not depend on permissions.
func fixed(class signature.ChangeClass, what, rule string) finding {
	return finding{class: class, what: what, rule: rule}
}

func (f finding) on(page, object int) finding {
	f.page, f.object = page, object
	return f
}

func (f finding) says(format string, args ...any) finding {
	f.detail = fmt.Sprintf(format, args...)
	return f
}

// refNum returns the object number of a reference, or 0.
func refNum(o syntax.Object) int {
	ref, _ := o.(syntax.Ref)
	return ref.Num
}

// oneLine shows line ends as blanks.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// printable makes text from a file safe for one line of output.
func printable(s string, n int) string {
	if len(s) <= n && plain(s) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if out.Len() >= n {
			out.WriteString("…")
			break
		}
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			r = '?'
		}
		out.WriteRune(r)
	}
	return out.String()
}

// plain reports whether a text is printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
