package count

import (
	"fmt"

	"minhchung/evidence"
)

// Indicator is the answer for a criterion (chỉ số): integers only, from which
// every percentage is computed. Denominator = Rows − Excluded = Proven +
// Disproven + Undetermined, and Reasons sums to Disproven + Undetermined.
type Indicator struct {
	Unit         evidence.UnitID `json:"unit"`
	Period       evidence.Period `json:"period"`
	Criterion    string          `json:"criterion"`
	Rule         string          `json:"rule"`
	Rows         int64           `json:"rows"` // of the newest register; rows it no longer has are left out
	Excluded     int64           `json:"excluded"`
	Denominator  int64           `json:"denominator"`
	Proven       int64           `json:"proven"`
	ProvenA      int64           `json:"provenA"`
	ProvenB      int64           `json:"provenB"`
	Disproven    int64           `json:"disproven"`
	Undetermined int64           `json:"undetermined"`
	// Reasons counts rows by their deciding code.
	Reasons map[string]int64 `json:"reasons"`
	// Checkpoint is the signed checkpoint of the book the states were read at.
	Checkpoint string `json:"checkpoint"`
	// Content says whether the files' content was compared with their rows:
	// ContentConfirmed or ContentUnchecked.
	Content string `json:"content"`
}

// Ratio is the indicator itself: PROVEN of those that count.
func (i Indicator) Ratio() Ratio { return Ratio{i.Proven, i.Denominator} }

// Upper is the upper end of the interval: what it would be if every
// undetermined row were proven.
func (i Indicator) Upper() Ratio { return Ratio{i.Proven + i.Undetermined, i.Denominator} }

// Count adds up row states. It fills the integers and Reasons; who and when is
// for the caller. Content is ContentUnchecked. A state it does not know counts
// as UNDETERMINED with the code "unsupported", never as PROVEN.
func Count(states []evidence.RowState) Indicator {
	in := Indicator{Reasons: map[string]int64{}}
	for i := range states {
		in.add(evidence.CounterOf(states[i]), 1)
	}
	in.Denominator = in.Rows - in.Excluded
	return in
}

// CountCounters is Count over the counters of the states of one rule: the same
// integers without a look at the rows. Counters of other rules are left out.
func CountCounters(rule string, counters []evidence.Counter) Indicator {
	in := Indicator{Reasons: map[string]int64{}}
	for _, c := range counters {
		if c.Rule == rule {
			in.add(c, c.Rows)
		}
	}
	in.Denominator = in.Rows - in.Excluded
	return in
}

// add counts n rows that have the state of c.
func (i *Indicator) add(c evidence.Counter, n int64) {
	if c.State == evidence.Excluded && c.Code == CodeRowWithdrawn {
		return
	}
	i.Rows += n
	switch {
	case c.State == evidence.Excluded:
		i.Excluded += n
	case c.State == evidence.Proven && c.Grade == GradeA:
		i.Proven += n
		i.ProvenA += n
	case c.State == evidence.Proven && c.Grade == GradeB:
		i.Proven += n
		i.ProvenB += n
	case c.State == evidence.Disproven && c.Code != "":
		i.Disproven += n
		i.Reasons[c.Code] += n
	case c.State == evidence.Undetermined && c.Code != "":
		i.Undetermined += n
		i.Reasons[c.Code] += n
	default:
		i.Undetermined += n
		i.Reasons[CodeUnsupported] += n
	}
}

// Indicator adds up the states of one book under this rule. It is an error
// when the rule does not count the criterion, when a state is of another rule,
// or when a row has two states.
func (r *Rule) Indicator(book evidence.BookID, criterion string, states []evidence.RowState, checkpoint string) (Indicator, error) {
	if !r.Counts(criterion) {
		return Indicator{}, fmt.Errorf("rule %s does not count criterion %s", r.ID(), criterion)
	}
	seen := make(map[string]struct{}, len(states))
	for i := range states {
		s := &states[i]
		if s.Rule != r.ID() {
			return Indicator{}, fmt.Errorf("row %s has a state of rule %s where one of %s is counted", s.Row, s.Rule, r.ID())
		}
		if _, twice := seen[s.Row]; twice {
			return Indicator{}, fmt.Errorf("row %s has two states under rule %s", s.Row, s.Rule)
		}
		seen[s.Row] = struct{}{}
	}
	in := Count(states)
	in.Unit, in.Period = book.Unit, book.Period
	in.Criterion, in.Rule, in.Checkpoint = criterion, r.ID(), checkpoint
	in.Content = r.def.Content
	return in, nil
}

// Flip is a row on which two rules differ. A state is zero when only the
// other rule knows the row.
type Flip struct {
	Row string            `json:"row"`
	A   evidence.RowState `json:"a"`
	B   evidence.RowState `json:"b"`
}

// Flips lists the rows whose State differs between two lists, in the order of
// a, then those that only b has in the order of b. Another code or grade with
// the same State does not move the indicator and is no flip.
func Flips(a, b []evidence.RowState) []Flip {
	other := make(map[string]*evidence.RowState, len(b))
	for i := range b {
		other[b[i].Row] = &b[i]
	}
	flips := []Flip{}
	for i := range a {
		s := other[a[i].Row]
		delete(other, a[i].Row)
		switch {
		case s == nil:
			flips = append(flips, Flip{Row: a[i].Row, A: a[i]})
		case s.State != a[i].State:
			flips = append(flips, Flip{Row: a[i].Row, A: a[i], B: *s})
		}
	}
	for i := range b {
		if s := other[b[i].Row]; s == &b[i] {
			flips = append(flips, Flip{Row: s.Row, B: *s})
		}
	}
	return flips
}
