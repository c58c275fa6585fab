package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

var testBook = evidence.BookID{Unit: "xa-thu", Period: "2022"}

// add appends a row, opening the book when it is new.
func add(ctx context.Context, s *Store, id string) (evidence.Commitment, error) {
	return s.Update(ctx, everything, testBook, func(tx evidence.Tx) error { return addIn(ctx, tx, id) })
}

func addIn(ctx context.Context, tx evidence.Tx, id string) error {
	if _, err := tx.Head(ctx); errors.Is(err, fs.ErrNotExist) {
		if _, err := tx.Append(ctx, evidence.Opened{Book: testBook}); err != nil {
			return err
		}
	}
	_, err := tx.Append(ctx, evidence.RowAdded{Row: evidence.Row{ID: id}})
	return err
}

func mustAdd(t testing.TB, s *Store, id string) {
	t.Helper()
	if _, err := add(t.Context(), s, id); err != nil {
		t.Fatal(err)
	}
}

// whole checks the ledger and the number of its leaves.
func whole(t testing.TB, s *Store, size int64) {
	t.Helper()
	err := s.View(t.Context(), everything, testBook, func(r evidence.Reader) error {
		problems, err := ledger.Check(t.Context(), r, s.options.Sequencer.Key.PublicKey(), nil)
		if len(problems) > 0 {
			t.Errorf("the ledger has problems: %v", problems)
		}
		head, err2 := r.Head(t.Context())
		if head.Size != size {
			t.Errorf("got %d leaves, want %d", head.Size, size)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRefuse(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s.Store, "1")
	ledgertest.Refuse(t, func(fn func(ledger.Tx) error) error {
		c, err := s.begin(t.Context(), everything, "BEGIN ISOLATION LEVEL REPEATABLE READ")
		if err != nil {
			t.Fatal(err)
		}
		defer c.rollback()
		if err := fn(newBook(relation.NewReader(c, everything, testBook), c)); err != nil {
			return err
		}
		return c.flush(t.Context())
	})
	whole(t, s.Store, 2)
}

// TestSwapOfNoHead moves the head of a book that has none.
func TestSwapOfNoHead(t *testing.T) {
	s := openTest(t)
	c, err := s.begin(t.Context(), everything, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	if err != nil {
		t.Fatal(err)
	}
	defer c.rollback()
	b := newBook(relation.NewReader(c, everything, testBook), c)
	err = b.SwapHead(t.Context(), 2, ledger.Head{Origin: "test.example/x", Size: 3, Checkpoint: []byte("x")})
	if err == nil {
		err = c.flush(t.Context())
	}
	if !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("got %v, want ErrHeadMoved", err)
	}
}

// TestFailingCommit fails before and after COMMIT takes effect.
func TestFailingCommit(t *testing.T) {
	broken := errors.New("injected")
	s := openTest(t)
	mustAdd(t, s.Store, "1")
	s.commitHook = func(*conn, func() error) error { return broken }
	if _, err := add(t.Context(), s.Store, "2"); !errors.Is(err, broken) || errors.Is(err, evidence.ErrOutcome) {
		t.Errorf("before: got %v, want the injected error and a known outcome", err)
	}
	s.commitHook = func(_ *conn, commit func() error) error { return errors.Join(commit(), broken) }
	if done, err := add(t.Context(), s.Store, "3"); err != nil || done.Head.Size != 3 {
		t.Errorf("after: got %d and %v, want 3: looking again shows that it is committed", done.Head.Size, err)
	}
	s.commitHook = nil
	mustAdd(t, s.Store, "4")
	whole(t, s.Store, 4)
}

// TestAmbiguousCommit cuts the connection at COMMIT.
func TestAmbiguousCommit(t *testing.T) {
	for name, c := range map[string]struct {
		mode  cut
		size  int64 // afterwards
		known bool
		gone  bool // the server is away when the store looks
	}{
		"before it is sent":            {mode: cutBefore, size: 2, known: true},
		"before it is answered":        {mode: cutAfter, size: 3, known: true},
		"while nobody can look":        {mode: cutAfter, size: 3, gone: true},
		"while it may still be on way": {mode: cutSilent, size: 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			mustAdd(t, s.Store, "1")
			p := newProxy(t, s.database.App)
			o := s.options
			o.Statement, o.Lock = time.Second, time.Second
			through := reopen(t, p.url, o)
			p.at(c.mode, c.gone)
			done, err := add(t.Context(), through, "2")
			switch {
			case !c.known && !errors.Is(err, evidence.ErrOutcome):
				t.Errorf("got %v, want ErrOutcome", err)
			case c.known && errors.Is(err, evidence.ErrOutcome):
				t.Errorf("got %v, want a known outcome", err)
			case (err == nil) != (done.Head.Size > 0) || c.known && (err == nil) != (c.size == 3):
				t.Errorf("got head %d and %v", done.Head.Size, err)
			}
			p.at(cutNever, false)
			p.drop()
			whole(t, s.Store, c.size)
			// The same store goes on where the database is.
			mustAdd(t, through, "3")
			whole(t, through, c.size+1)
		})
	}
}

// TestCallersThatLeave: who is told that the database is away does not wait for
// a COMMIT that is on its way, and who is only in a hurry does. Either way
// nobody else gets in between.
func TestCallersThatLeave(t *testing.T) {
	away := fmt.Errorf("no answer: %w", evidence.ErrUnavailable)
	for name, c := range map[string]struct {
		cause, want error
	}{
		"the database is away": {away, evidence.ErrOutcome},
		"in a hurry":           {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			mustAdd(t, s.Store, "1")
			reached, release := make(chan struct{}), make(chan struct{})
			s.commitHook = func(_ *conn, commit func() error) error {
				close(reached)
				<-release
				return commit()
			}
			ctx, leave := context.WithCancelCause(t.Context())
			heard := make(chan error, 1)
			go func() {
				_, err := add(ctx, s.Store, "2")
				heard <- err
			}()
			<-reached
			leave(c.cause)
			if c.cause == nil {
				close(release)
			}
			if err := <-heard; !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if c.cause != nil {
				next, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if _, err := add(next, s.Store, "between"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("while the COMMIT is on its way: got %v, want the end of the wait", err)
				}
				close(release)
			}
			s.commitHook = nil // the next Update reads it, once the COMMIT has ended
			mustAdd(t, s.Store, "3")
			whole(t, s.Store, 4)
		})
	}
}

// TestConnectionsThatEnd ends the connections of an idle and of a busy store.
func TestConnectionsThatEnd(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s.Store, "1")
	end := func() {
		s.database.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mctest_app' AND datname = current_database()`)
	}
	end()
	mustAdd(t, s.Store, "2")
	_, err := s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
		if err := addIn(t.Context(), tx, "3"); err != nil {
			return err
		}
		end()
		return nil
	})
	if !errors.Is(err, evidence.ErrUnavailable) {
		t.Errorf("ended in the middle: got %v, want ErrUnavailable", err)
	}
	mustAdd(t, s.Store, "4")
	whole(t, s.Store, 4)
}

// TestOthersInTheWay lets somebody else change a row that this transaction
// writes, and makes a deadlock of two.
func TestOthersInTheWay(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s.Store, "1")
	ctx := t.Context()
	other, err := pgx.Connect(ctx, s.database.Admin)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(ctx)
	exec := func(query string) {
		t.Helper()
		if _, err := other.Exec(ctx, query); err != nil {
			t.Error(err)
		}
	}
	const touch = `UPDATE "row" SET line = line WHERE key = '1'`
	for name, interfere := range map[string]func() (after func()){
		"serialization failure": func() func() { exec(touch); return func() {} },
		"deadlock": func() func() {
			exec("BEGIN")
			exec("SET LOCAL deadlock_timeout = '10s'") // so that it is us who are ended
			exec(touch)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = other.Exec(ctx, `UPDATE head SET size = size`)
				exec("ROLLBACK")
			}()
			return func() { <-ended }
		},
	} {
		t.Run(name, func(t *testing.T) {
			runs := 0
			var after func()
			_, err := s.Update(ctx, everything, testBook, func(tx evidence.Tx) error {
				if runs++; runs == 1 {
					after = interfere()
					time.Sleep(50 * time.Millisecond) // the other one waits for the head now
				} else {
					after()
				}
				_, err := tx.Append(ctx, evidence.RowCorrected{Row: evidence.Row{ID: "1", Subject: name}})
				return err
			})
			if err != nil || runs != 2 {
				t.Errorf("got %v after %d runs, want success in the second", err, runs)
			}
		})
	}
	whole(t, s.Store, 4)
}

// envChild makes the test binary a writer: the URL, key and name of one.
const envChild = "MC_TEST_WRITER"

const eachWrites = 25

// TestTwoProcesses lets processes write one book at the same time.
func TestTwoProcesses(t *testing.T) {
	if os.Getenv(envChild) != "" {
		t.Skip("this is the writer's process")
	}
	s := openTest(t)
	keyFile := filepath.Join(t.TempDir(), "writer.key")
	key, err := ledger.GenerateKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	writer := reopen(t, s.database.App, Options{Sequencer: &ledger.Sequencer{Key: key}, Host: "test.example"})
	mustAdd(t, writer, "first")
	var children []*exec.Cmd
	var outputs [3]strings.Builder
	for n := range outputs {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$", "-test.v")
		cmd.Env = append(os.Environ(), envChild+"="+strings.Join([]string{s.database.App, keyFile, fmt.Sprint(n)}, "\n"))
		cmd.Stdout, cmd.Stderr = &outputs[n], &outputs[n]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, cmd)
	}
	for n, cmd := range children {
		if err := cmd.Wait(); err != nil || !strings.Contains(outputs[n].String(), "--- PASS: TestWriterProcess") {
			t.Errorf("writer %d: %v\n%s", n, err, outputs[n].String())
		}
	}
	whole(t, writer, int64(2+len(outputs)*eachWrites))
}

// TestWriterProcess is one of the processes of TestTwoProcesses.
func TestWriterProcess(t *testing.T) {
	spec := strings.Split(os.Getenv(envChild), "\n")
	if len(spec) != 3 {
		return // run by TestTwoProcesses
	}
	key, err := ledger.LoadKey(spec[1])
	if err != nil {
		t.Fatal(err)
	}
	s := reopen(t, spec[0], Options{Sequencer: &ledger.Sequencer{Key: key}, Host: "test.example"})
	for i := range eachWrites {
		mustAdd(t, s, fmt.Sprintf("%s-%d", spec[2], i))
	}
}
