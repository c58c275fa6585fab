package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/postgres/postgrestest"
	"minhchung/ledger"
)

// replicated is a store that demands the standby of a pair of servers.
func replicated(t *testing.T, p *postgrestest.Pair) test {
	t.Helper()
	d := p.Open(t)
	p.Synchronise()
	key, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Sequencer: &ledger.Sequencer{Key: key}, Host: "test.example", Standbys: []string{postgrestest.Replica}, Statement: time.Second, Lock: time.Second}
	return test{reopen(t, d.App, o), d}
}

// TestReplicaRefused opens stores on a server whose commits may return before
// the replica has them.
func TestReplicaRefused(t *testing.T) {
	p := postgrestest.NewPair(t, Migrate)
	d := p.Open(t)
	o := Options{Standbys: []string{postgrestest.Replica}}
	refused := func(why, address string, words ...string) {
		t.Helper()
		s, err := Open(t.Context(), address, o)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: got %v, want ErrUnsafe", why, err)
			return
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: got %v, want the word %q", why, err, word)
			}
		}
	}
	refused("the standby is asynchronous", d.App, "synchronous_standby_names", postgrestest.Replica)
	for _, names := range []string{"another", "*", "ANY 1 (ban_sao, another)", "another, ban_sao"} {
		p.Name(names)
		refused(names, d.App, "synchronous_standby_names", postgrestest.Replica)
	}
	p.Synchronise()
	reopen(t, d.App, o)
	for _, level := range []string{"local", "remote_write", "off"} {
		d.Exec(t, `ALTER ROLE mctest_app SET synchronous_commit = `+level)
		refused("the login has "+level, d.App, "synchronous_commit", level)
		d.Exec(t, `ALTER ROLE mctest_app RESET synchronous_commit`)
		set := `DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I %s', current_database()); END $$`
		d.Exec(t, fmt.Sprintf(set, "SET synchronous_commit = "+level))
		refused("the database has "+level, d.App, "synchronous_commit", level)
		d.Exec(t, fmt.Sprintf(set, "RESET synchronous_commit"))
		u, err := url.Parse(d.App)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("synchronous_commit", level)
		u.RawQuery = q.Encode()
		refused("the URL has "+level, u.String(), "synchronous_commit", level)
	}
	d.Exec(t, `ALTER ROLE mctest_app SET synchronous_commit = remote_apply`)
	reopen(t, d.App, o)
}

// TestReplicaHasCommits crashes the primary right after an Update returned and
// goes on with the standby.
func TestReplicaHasCommits(t *testing.T) {
	p := postgrestest.NewPair(t, Migrate)
	s := replicated(t, p)
	var last evidence.Commitment
	for i := range 20 {
		done, err := add(t.Context(), s.Store, fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		last = done
	}
	leaves := leavesOf(t, s.Store)
	done, err := add(t.Context(), s.Store, "last")
	if err != nil {
		t.Fatal(err)
	}
	promoted := promote(t, p, s)
	whole(t, promoted, done.Head.Size)
	if done.Head.Size != last.Head.Size+1 {
		t.Errorf("got %d leaves after %d and one more", done.Head.Size, last.Head.Size)
	}
	after := leavesOf(t, promoted)
	for i, leaf := range leaves {
		if !bytes.Equal(leaf, after[i]) {
			t.Errorf("leaf %d is %s on the standby and was %s", i, after[i], leaf)
		}
	}
	if head := headOf(t, promoted); head.Root != done.Head.Root || !bytes.Equal(head.Checkpoint, done.Head.Checkpoint) {
		t.Errorf("the standby has the head %+v, want %+v", head, done.Head)
	}
	mustAdd(t, promoted, "on the new primary")
	whole(t, promoted, done.Head.Size+1)
}

// promote crashes the primary and opens the store on the standby.
func promote(t *testing.T, p *postgrestest.Pair, s test) *Store {
	t.Helper()
	p.CrashPrimary()
	o := s.options
	o.Standbys = nil // nobody follows the new primary
	return reopen(t, p.Promote(s.database).App, o)
}

func leavesOf(t *testing.T, s *Store) (leaves [][]byte) {
	t.Helper()
	err := s.View(t.Context(), everything, testBook, func(r evidence.Reader) error {
		head, err := r.Head(t.Context())
		if err != nil {
			return err
		}
		return r.Entries(t.Context(), 0, head.Size, func(e ledger.Entry) error {
			leaves = append(leaves, e.Leaf)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return leaves
}

func headOf(t *testing.T, s *Store) (head ledger.Head) {
	t.Helper()
	err := s.View(t.Context(), everything, testBook, func(r evidence.Reader) (err error) {
		head, err = r.Head(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// TestReplicaGone: while the standby is away no Update claims success, neither
// one that appends nor one that finds there what another has left there. When
// it is back the same store goes on.
func TestReplicaGone(t *testing.T) {
	t.Parallel()
	p := postgrestest.NewPair(t, Migrate)
	s := replicated(t, p)
	mustAdd(t, s.Store, "1")
	// once appends a row unless it is there, as uploads do.
	once := func(ctx context.Context, id string) error {
		_, err := s.Update(ctx, everything, testBook, func(tx evidence.Tx) error {
			if _, err := tx.Row(ctx, id); err == nil {
				return nil
			}
			return addIn(ctx, tx, id)
		})
		return err
	}
	p.StopStandby()
	if err := once(t.Context(), "2"); !errors.Is(err, evidence.ErrOutcome) {
		t.Errorf("without the standby: got %v, want ErrOutcome", err)
	}
	whole(t, s.Store, 3) // the server has it, and so everybody sees it
	if err := once(t.Context(), "2"); err == nil {
		t.Error("finding what the standby does not have: got success")
	}
	if err := once(t.Context(), "3"); !errors.Is(err, evidence.ErrOutcome) {
		t.Errorf("another one: got %v, want ErrOutcome", err)
	}
	p.StartStandby()
	for _, id := range []string{"2", "3", "4"} {
		if err := onceSoon(t, once, id); err != nil {
			t.Errorf("row %s when the standby is back: %v", id, err)
		}
	}
	whole(t, s.Store, 5)
	done := headOf(t, s.Store)
	promoted := promote(t, p, s)
	whole(t, promoted, 5)
	if head := headOf(t, promoted); head.Root != done.Root {
		t.Errorf("the standby has %x, want %x", head.Root, done.Root)
	}
}

// onceSoon tries until the standby has caught up.
func onceSoon(t *testing.T, once func(context.Context, string) error, id string) (err error) {
	t.Helper()
	for range 20 {
		if err = once(t.Context(), id); err == nil {
			return nil
		}
	}
	return err
}

// TestPingReplicas asks while the standby is away, while it hangs, and for
// others.
func TestPingReplicas(t *testing.T) {
	t.Parallel()
	p := postgrestest.NewPair(t, Migrate)
	s := replicated(t, p)
	// soon asks until the server has noticed.
	soon := func(store *Store, want error) {
		t.Helper()
		var err error
		for range 200 {
			if err = store.PingReplicas(t.Context()); errors.Is(err, want) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("got %v, want %v", err, want)
	}
	soon(s.Store, nil)
	p.StopStandby()
	soon(s.Store, evidence.ErrUnavailable)
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("the server itself: got %v", err)
	}
	p.StartStandby()
	soon(s.Store, nil)
	heard, release := make(chan error, 1), p.HoldStandby()
	if err := s.PingReplicas(t.Context()); err != nil {
		t.Errorf("before anything waits: got %v", err)
	}
	go func() {
		_, err := add(t.Context(), s.Store, "held")
		heard <- err
	}()
	soon(s.Store, evidence.ErrUnavailable)
	release()
	if err := <-heard; err != nil && !errors.Is(err, evidence.ErrOutcome) {
		t.Errorf("the commit that was held: got %v, want success, or ErrOutcome when it took too long", err)
	}
	soon(s.Store, nil)
	s.options.Standbys = []string{strings.ToUpper(postgrestest.Replica), "another"}
	if err := s.PingReplicas(t.Context()); !errors.Is(err, evidence.ErrUnavailable) || !strings.Contains(err.Error(), "another") {
		t.Errorf("one of two: got %v, want ErrUnavailable about another", err)
	}
	s.options.Standbys = s.options.Standbys[:1]
	soon(s.Store, nil)
}

// TestReplicaWaitEnded ends the wait of a COMMIT for the standby in each way
// there is: PostgreSQL commits without it then, and only warns.
func TestReplicaWaitEnded(t *testing.T) {
	t.Parallel()
	p := postgrestest.NewPair(t, Migrate)
	s := replicated(t, p)
	mustAdd(t, s.Store, "0")
	const waiting = `FROM pg_stat_activity WHERE wait_event = 'SyncRep'`
	o := s.options
	o.Statement, o.Lock = 30*time.Second, time.Second // nothing but the test ends the wait
	patient := reopen(t, s.database.App, o)
	size := int64(2)
	for _, c := range []struct {
		name  string
		end   func()
		there bool // the standby is back before the store has given up
	}{
		{"cancelled", func() { s.database.Exec(t, `SELECT pg_cancel_backend(pid) `+waiting) }, false},
		{"cancelled, and the standby comes back", func() { s.database.Exec(t, `SELECT pg_cancel_backend(pid) `+waiting); p.StartStandby() }, true},
		{"terminated", func() { s.database.Exec(t, `SELECT pg_terminate_backend(pid) `+waiting) }, false},
		{"terminated, and the standby comes back", func() { s.database.Exec(t, `SELECT pg_terminate_backend(pid) `+waiting); p.StartStandby() }, true},
		{"the server crashes", func() { p.CrashPrimary(); p.StartPrimary() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.StopStandby()
			heard := make(chan error, 1)
			go func() {
				_, err := add(t.Context(), patient, c.name)
				heard <- err
			}()
			p.Waiting(1)
			c.end()
			err := <-heard
			switch {
			case !c.there && !errors.Is(err, evidence.ErrOutcome):
				t.Errorf("got %v, want ErrOutcome", err)
			case c.there && err != nil && !errors.Is(err, evidence.ErrOutcome):
				t.Errorf("got %v, want success, or ErrOutcome from a standby that is slow", err)
			}
			t.Logf("heard: %v", err)
			size++
			whole(t, s.Store, size) // it is there, once
			if !c.there {
				p.StartStandby()
			}
			p.Waiting(0)
		})
	}
	if err := onceSoon(t, func(ctx context.Context, id string) error { _, err := add(ctx, s.Store, id); return err }, "last"); err != nil {
		t.Fatal(err)
	}
}

// TestReplicaTakenOut: an administrator lets commits go on without the replica
// while the program runs. It stops instead.
func TestReplicaTakenOut(t *testing.T) {
	p := postgrestest.NewPair(t, Migrate)
	s := replicated(t, p)
	mustAdd(t, s.Store, "1")
	p.Name("")
	if _, err := add(t.Context(), s.Store, "2"); !errors.Is(err, ErrUnsafe) || !errors.Is(err, evidence.ErrUnavailable) || errors.Is(err, evidence.ErrOutcome) {
		t.Errorf("got %v, want ErrUnsafe and ErrUnavailable", err)
	}
	whole(t, s.Store, 2)
	p.Synchronise()
	if err := onceSoon(t, func(ctx context.Context, id string) error { _, err := add(ctx, s.Store, id); return err }, "2"); err != nil {
		t.Fatal(err)
	}
	whole(t, s.Store, 3)
}
