package count

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"minhchung/evidence"
)

// TestCountersGiveTheSameIndicator counts random states one by one and by
// their counters, with those of another rule beside them.
func TestCountersGiveTheSameIndicator(t *testing.T) {
	rng := rand.New(rand.NewPCG(1831, 1861))
	for range 50 {
		var states []evidence.RowState
		sums := map[evidence.Counter]int64{{Rule: "other", State: evidence.Proven, Grade: GradeA}: 7}
		for n := range rng.IntN(60) {
			s := evidence.RowState{Row: fmt.Sprint(n), Rule: "nd30",
				State: []evidence.State{evidence.Proven, evidence.Disproven, evidence.Undetermined, evidence.Excluded, "NEW"}[rng.IntN(5)],
				Code:  []string{"", "no-file", CodeRowWithdrawn, "void"}[rng.IntN(4)], Grade: []string{"", GradeA, GradeB}[rng.IntN(3)]}
			states = append(states, s)
			sums[evidence.CounterOf(s)]++
		}
		var counters []evidence.Counter
		for c, n := range sums {
			c.Rows = n
			counters = append(counters, c)
		}
		if got, want := CountCounters("nd30", counters), Count(states); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
