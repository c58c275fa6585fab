package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"minhchung/evidence"
	"minhchung/search"
)

// defaultRule is the counting rule that is used when none is named.
const defaultRule = "nd30"

// follow brings up to date what follows a change of a book: the texts of new
// documents, what they confirm, the book's anchor, and the search index. It is
// run by the command that made the change, before it returns; what a crash
// leaves undone is done by the next call. An index that is away is noted and is
// no error: what the ledger has is true without it.
func (s *session) follow(ctx context.Context, e *env, in *evidence.Intake) error {
	if err := s.followTexts(ctx, e, in); err != nil {
		return err
	}
	return withoutIndex(e, s.followIndex(ctx, in.Book))
}

// withoutIndex notes that the index is away, and passes on other errors.
func withoutIndex(e *env, err error) error {
	if errors.Is(err, search.ErrAway) {
		e.note("follow.index-away", err.Error())
		return nil
	}
	return err
}

// followTexts does what belongs to the store.
func (s *session) followTexts(ctx context.Context, e *env, in *evidence.Intake) error {
	return s.Follow(func() error {
		if err := s.readTexts(ctx, e, in); err != nil {
			return err
		}
		return in.Anchor(ctx)
	})
}

// followIndex does what belongs to the index.
func (s *session) followIndex(ctx context.Context, book evidence.BookID) error {
	return s.Follow(func() error { return s.follower().Catch(ctx, book) })
}

// readTexts reads what is new and looks for rows in it.
func (s *session) readTexts(ctx context.Context, e *env, in *evidence.Intake) (err error) {
	pool := s.readers
	if pool == nil {
		if pool, err = s.textPool(ctx, nil); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pool.Close()) }()
	}
	bar := lazyBar{e: e, key: "follow.progress"}
	done := 0
	_, err = in.ReadTexts(ctx, pool, func(total int) {
		done++
		bar.show(int64(done), int64(total))
	})
	bar.finish()
	if err != nil {
		return err
	}
	_, err = in.ConfirmByText(ctx)
	return err
}

// follower feeds this session's index.
func (s *session) follower() *search.Follower {
	return &search.Follower{Store: s.Store, Scope: evidence.Scope{All: true, Actor: s.Scope.Actor}, Index: s.finder, Rule: defaultRule}
}

// followAll brings every book up to date.
func (s *session) followAll(ctx context.Context, e *env) error {
	away, err := s.followGrown(ctx, e, &followed{})
	if err == nil {
		err = withoutIndex(e, away)
	}
	return err
}

// followed is how large each book was when what follows it was up to date.
type followed struct {
	// reconcile asks to compare each book's pages in the index with the ledger
	// once: a server does when it starts, a command would take too long.
	reconcile bool

	texts, indexed map[evidence.BookID]int64
	index          search.Index // that indexed is of
}

// followGrown brings up to date the books that grew since, and what was left
// undone. A failure of one book does not stop the others, not that of an index
// that refuses one batch either; one that answers nothing is left alone for
// this time.
func (s *session) followGrown(ctx context.Context, e *env, p *followed) (away, err error) {
	heads, err := s.heads(ctx)
	if err != nil {
		return nil, err
	}
	if index, _ := s.Index(); p.indexed == nil || index != p.index { // another one may know nothing
		p.index, p.indexed = index, map[evidence.BookID]int64{}
	}
	if p.texts == nil {
		p.texts = map[evidence.BookID]int64{}
	}
	var failed []error
	silent := false
	for book, size := range heads {
		err := s.followBook(ctx, e, p, book, size, silent)
		switch {
		case errors.Is(err, search.ErrAway):
			away = fmt.Errorf("book %s: %w", book, err)
			_, err := s.finder.Cursors(ctx)
			silent = err != nil
		case err != nil:
			failed = append(failed, fmt.Errorf("book %s: %w", book, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return away, errors.Join(failed...)
}

// followBook brings one book up to date. What it writes to the book itself
// makes it grow, and is looked at once more.
func (s *session) followBook(ctx context.Context, e *env, p *followed, book evidence.BookID, size int64, silent bool) error {
	if p.texts[book] != size {
		in, err := s.intake(ctx, book)
		if err != nil {
			return err
		}
		if err := s.followTexts(ctx, e, in); err != nil {
			return err
		}
		p.texts[book] = size
	}
	if silent || p.indexed[book] == size {
		return nil
	}
	err := s.followIndex(ctx, book)
	if _, before := p.indexed[book]; err == nil && p.reconcile && !before {
		err = s.Follow(func() error {
			_, err := s.follower().Reconcile(ctx, book)
			return err
		})
	}
	if err == nil {
		p.indexed[book] = size
	}
	return err
}

// followTime is how often serve looks for work that nobody announced, retryTime
// how soon it tries again what failed.
const (
	followTime = 30 * time.Second
	retryTime  = 2 * time.Second
)

// followWhile follows all books until ctx ends, at once when woken or when the
// store tells that another process wrote. A failure is noted and soon tried
// again: uploads go on meanwhile.
func (s *session) followWhile(ctx context.Context, e *env, wake <-chan struct{}) {
	quiet := *e
	quiet.Terminal = false // no bars between the notes of a server
	p := followed{reconcile: true}
	var grew <-chan evidence.BookID // nil: nobody tells
	if w, ok := s.Store.(evidence.Watcher); ok {
		var err error
		if grew, err = w.Watch(ctx, s.Scope); err != nil {
			quiet.note("serve.follow-failed", err.Error()) // it looks by itself then
		}
	}
	told := ""
	for {
		away, err := s.followGrown(ctx, &quiet, &p)
		if ctx.Err() == nil {
			told = tell(&quiet, told, away, err)
		}
		wait := followTime
		if away != nil || err != nil {
			wait = retryTime
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case _, open := <-grew:
			if !open {
				grew = nil
			}
		case <-time.After(wait):
		}
	}
}

// tell notes how following goes, when that is not what was told before.
func tell(e *env, before string, away, err error) string {
	switch {
	case err != nil && before != err.Error():
		e.note("serve.follow-failed", err.Error())
	case err != nil:
	case away != nil && before != indexAway:
		e.note("serve.index-away", away.Error())
	case away == nil && before != "":
		e.note("serve.follow-back")
	}
	switch {
	case err != nil:
		return err.Error()
	case away != nil: // its words differ from one connection to the next
		return indexAway
	}
	return ""
}

// indexAway stands for what is told of an index that is away.
const indexAway = "index away"
