package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"minhchung/ledger"
)

// Counter says how many rows of a book have the same state for the same
// reason under a rule. It is kept in the transaction that changes a state, so
// that an indicator needs no look at the rows, and Check compares it with the
// leaves.
type Counter struct {
	Rule  string `json:"rule"`
	State State  `json:"state"`
	Code  string `json:"code,omitempty"`
	Grade string `json:"grade,omitempty"`
	Rows  int64  `json:"rows"` // more than 0 when stored
}

// CounterOf returns the counter that a state belongs to, with Rows 0.
func CounterOf(s RowState) Counter {
	return Counter{Rule: s.Rule, State: s.State, Code: s.Code, Grade: s.Grade}
}

// CompareCounters orders counters by rule, state, code and grade.
func CompareCounters(a, b Counter) int {
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.State, b.State), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Grade, b.Grade))
}

// counters compares the stored counters with those of the replayed states.
func (c *check) counters(r Reader, _ ledger.PublicKey) error {
	want := map[Counter]int64{}
	for _, counter := range c.states {
		want[counter]++
	}
	stored, err := r.Counters(c.ctx)
	if err != nil {
		return err
	}
	wrong := func(counter Counter, stored, want int64) {
		add(&c.report.Evidence, Problem{Kind: ProblemCounter, Table: "counter",
			Key:    fmt.Sprintf("%s %s %s %s", counter.Rule, counter.State, counter.Code, counter.Grade),
			Detail: fmt.Sprintf("stored %d, the ledger says %d", stored, want)})
	}
	for _, counter := range stored {
		n := counter.Rows
		counter.Rows = 0
		if n != want[counter] || n == 0 {
			wrong(counter, n, want[counter])
		}
		delete(want, counter)
	}
	for _, counter := range slices.SortedFunc(maps.Keys(want), CompareCounters) {
		wrong(counter, 0, want[counter])
	}
	return nil
}
