package storetest

import (
	"errors"
	"slices"
	"testing"

	"minhchung/evidence"
)

// countersOf counts states one by one.
func countersOf(states map[[2]string]evidence.Counter) []evidence.Counter {
	sum := map[evidence.Counter]int64{}
	for _, c := range states {
		sum[c]++
	}
	var list []evidence.Counter
	for c, n := range sum {
		c.Rows = n
		list = append(list, c)
	}
	slices.SortFunc(list, evidence.CompareCounters)
	return list
}

func stated(n int, rule string, state evidence.State, code, grade string) evidence.Event {
	return evidence.StateChanged{State: evidence.RowState{Row: row(n).ID, Rule: rule, State: state, Code: code, Grade: grade}}
}

func testCounters(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	noFile := evidence.Counter{Rule: "nd30", State: evidence.Disproven, Code: "no-file"}
	proven := evidence.Counter{Rule: "nd30", State: evidence.Proven, Grade: "A"}
	other := evidence.Counter{Rule: "loose", State: evidence.Proven, Grade: "B"}
	of := func(c evidence.Counter, n int64) evidence.Counter { c.Rows = n; return c }
	update(t, s, book, stated(1, "nd30", evidence.Disproven, "no-file", ""), stated(2, "nd30", evidence.Disproven, "no-file", ""),
		stated(1, "loose", evidence.Proven, "", "B"))
	_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
		_, err := tx.Append(ctx, stated(1, "nd30", evidence.Proven, "", "A"))
		undone := tx.Savepoint(ctx, func() error {
			_, err := tx.Append(ctx, stated(2, "nd30", evidence.Proven, "", "A"), stated(3, "nd30", evidence.Proven, "", "A"))
			got, err2 := tx.Counters(ctx)
			want(t, "inside a savepoint", got, []evidence.Counter{of(other, 1), of(proven, 3)})
			return errors.Join(err, err2, errTest)
		})
		if !errors.Is(undone, errTest) {
			t.Errorf("savepoint: got %v", undone)
		}
		got, err2 := tx.Counters(ctx)
		want(t, "after the savepoint was undone", got, []evidence.Counter{of(other, 1), of(noFile, 1), of(proven, 1)})
		_, err3 := tx.Append(ctx, stated(2, "nd30", evidence.Proven, "", "A"), stated(2, "nd30", evidence.Proven, "", "A"))
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Fatal(err)
	}
	view(t, s, book, func(r evidence.Reader) error {
		got, err := r.Counters(ctx)
		want(t, "counters", got, []evidence.Counter{of(other, 1), of(proven, 2)})
		return err
	})
	sound(t, h, s, book)
}
