package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/ledger"
)

// grow appends so many leaves, in groups of one size after the other.
func grow(t *testing.T, s *Store, leaves int, groups ...int) {
	t.Helper()
	for done, i := 0, 0; done < leaves; i++ {
		n := min(groups[i%len(groups)], leaves-done)
		_, err := s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
			for m := range n {
				if _, err := tx.Append(t.Context(), evidence.RowAdded{Row: evidence.Row{ID: fmt.Sprintf("%p-%d", s, done+m)}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		done += n
	}
}

// TestTilesHaveParts grows a book across the ends of parts and tiles, by a
// process that remembers the right edge and by two that write in turns.
func TestTilesHaveParts(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s.Store, "1") // two leaves
	grow(t, s.Store, 320, 1, 31, 32, 33, 7)
	whole(t, s.Store, 322)
	other := reopen(t, s.database.App, s.options)
	for range 5 {
		grow(t, other, 40, 1, 39)
		grow(t, s.Store, 41, 40, 1)
	}
	whole(t, other, 322+5*81)
	for query, want := range map[string]string{
		`SELECT count(*) FROM tile WHERE level = 0 AND n < 2`:                         "16", // full ones
		`SELECT count(*) FROM tile WHERE length(data) > 1024`:                         "0",
		`SELECT count(DISTINCT n) FROM tile WHERE level = 0`:                          "3",
		`SELECT sum(length(data)) / 32 FROM tile WHERE level = 0`:                     "727",
		`SELECT count(*) FROM tile WHERE level = 1 AND part = 0 AND length(data)= 64`: "1",
	} {
		if got := ask(t, s, query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

// ask returns the only value that a query of the administrator has.
func ask(t *testing.T, s test, query string) (answer string) {
	t.Helper()
	if err := connect(t, s.database.Admin).QueryRow(t.Context(), `SELECT (`+query+`)::text`).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestDamagedEdge damages what an Update builds on. A store that remembers the
// edge refuses what it would write over, adds leaves that are right beside the
// rest, and never hides damage from check.
func TestDamagedEdge(t *testing.T) {
	const flip = `set_byte(data, 0, get_byte(data, 0) # 1)`
	for name, c := range map[string]struct {
		damage string
		fresh  bool // only a store that remembers nothing refuses
		mended bool // the other one writes all of what was damaged
	}{
		"the newest part":       {damage: `UPDATE tile SET data = ` + flip + ` WHERE part = 2`},
		"the newest part, gone": {damage: `DELETE FROM tile WHERE part = 2`, fresh: true, mended: true},
		"an older part":         {damage: `UPDATE tile SET data = ` + flip + ` WHERE part = 1`, fresh: true},
		"the root":              {damage: `UPDATE head SET root = set_byte(root, 0, get_byte(root, 0) # 1)`},
		"the checkpoint":        {damage: `UPDATE head SET checkpoint = set_byte(checkpoint, 20, get_byte(checkpoint, 20) # 1)`},
		"the size":              {damage: `UPDATE head SET size = size - 1`},
		"the time":              {damage: `UPDATE head SET at = '2020-01-01T00:00:00Z'`},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			mustAdd(t, s.Store, "1")
			grow(t, s.Store, 80, 40, 1)
			s.database.Exec(t, c.damage)
			if _, err := add(t.Context(), reopen(t, s.database.App, s.options), "2"); !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("a store that remembers nothing: got %v, want ErrDamaged", err)
			}
			_, err := add(t.Context(), s.Store, "2")
			if !c.fresh && !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
			err = s.View(t.Context(), everything, testBook, func(r evidence.Reader) error {
				problems, err := ledger.Check(t.Context(), r, s.options.Sequencer.Key.PublicKey(), nil)
				if c.mended != (len(problems) == 0 && err == nil) {
					t.Errorf("check finds %v and %v", problems, err)
				}
				return nil
			})
			if err != nil && !strings.Contains(err.Error(), "damaged") {
				t.Error(err)
			}
		})
	}
}
