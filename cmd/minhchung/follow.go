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
// leaves undone is done by the next call.
func (s *session) follow(ctx context.Context, e *env, in *evidence.Intake) error {
	return s.Follow(func() error {
		if err := s.readTexts(ctx, e, in); err != nil {
			return err
		}
		if err := in.Anchor(ctx); err != nil {
			return err
		}
		f, err := s.follower()
		if err != nil {
			return err
		}
		return f.Catch(ctx, in.Book)
	})
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
func (s *session) follower() (*search.Follower, error) {
	index, err := s.Index()
	if err != nil {
		return nil, err
	}
	return &search.Follower{Store: s.Store, Scope: evidence.Scope{All: true, Actor: s.Scope.Actor}, Index: index, Rule: defaultRule}, nil
}

// followAll brings every book up to date.
func (s *session) followAll(ctx context.Context, e *env) error {
	return s.followGrown(ctx, e, map[evidence.BookID]int64{})
}

// followGrown brings up to date the books that grew since seen, and remembers
// how large they are now.
func (s *session) followGrown(ctx context.Context, e *env, seen map[evidence.BookID]int64) error {
	heads, err := s.heads(ctx)
	if err != nil {
		return err
	}
	for book, size := range heads {
		if seen[book] == size {
			continue
		}
		in, err := s.intake(ctx, book)
		if err != nil {
			return err
		}
		if err := s.follow(ctx, e, in); err != nil {
			return fmt.Errorf("book %s: %w", book, err)
		}
		seen[book] = size // what the follower itself wrote is looked at once more
	}
	return nil
}

// followTime is how often serve looks for work that nobody announced.
const followTime = 30 * time.Second

// followWhile follows all books until ctx ends, at once when woken or when the
// store tells that another process wrote. A failure is noted and tried again:
// uploads go on meanwhile.
func (s *session) followWhile(ctx context.Context, e *env, wake <-chan struct{}) {
	quiet := *e
	quiet.Terminal = false // no bars between the notes of a server
	seen := map[evidence.BookID]int64{}
	var grew <-chan evidence.BookID // nil: nobody tells
	if w, ok := s.Store.(evidence.Watcher); ok {
		var err error
		if grew, err = w.Watch(ctx, s.Scope); err != nil {
			quiet.note("serve.follow-failed", err.Error()) // it looks by itself then
		}
	}
	for {
		if err := s.followGrown(ctx, &quiet, seen); err != nil && ctx.Err() == nil {
			quiet.note("serve.follow-failed", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case _, open := <-grew:
			if !open {
				grew = nil
			}
		case <-time.After(followTime):
		}
	}
}
