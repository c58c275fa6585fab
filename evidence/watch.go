package evidence

import "context"

// Watcher is a Store that tells which books have grown, so that followers need
// not ask all the time. A Store without it is polled.
type Watcher interface {
	// Watch sends the books in scope that grew, also those that other
	// processes wrote, and first every book there is. A book that grows twice
	// before it is received is sent once. The channel is closed when ctx ends;
	// while the database is away nothing is sent, and what was missed is sent
	// afterwards.
	Watch(ctx context.Context, scope Scope) (<-chan BookID, error)
}
