package s3

import (
	"math/rand/v2"
	"sync"
	"time"
)

// threshold is how many failures in a row open the breaker.
const threshold = 5

// breaker keeps a server that is down from being asked by everybody: after
// some failures in a row nothing is asked for a while, then one call tries.
type breaker struct {
	pause time.Duration
	now   func() time.Time

	mu       sync.Mutex
	failures int       // guarded by mu: in a row
	until    time.Time // guarded by mu: nothing is asked before it
}

func newBreaker(pause time.Duration) *breaker { return &breaker{pause: pause, now: time.Now} }

// enter reports whether a call may ask. When the pause is over, it lets one
// call through and starts the next pause, which that call's success ends.
func (b *breaker) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < threshold {
		return true
	}
	if b.now().Before(b.until) {
		return false
	}
	b.rest()
	return true
}

// report says how a call ended: whether the server failed.
func (b *breaker) report(failed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !failed {
		b.failures = 0
		return
	}
	if b.failures++; b.failures >= threshold {
		b.rest()
	}
}

// rest starts a pause, of a random length so that several instances do not
// come back together. b.mu is held.
func (b *breaker) rest() { b.until = b.now().Add(b.pause/2 + rand.N(b.pause)) }
