package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress is a bar on a terminal and nothing elsewhere. Its methods are safe
// for concurrent use.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(e *env, key string, total int) progress {
	if !e.Terminal || e.JSON || total == 0 {
		return progress{}
	}
	return progress{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(e.Stderr),
		progressbar.OptionSetDescription(e.Lang.Text(key)),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

func (p progress) step() {
	if p.bar != nil {
		_ = p.bar.Add(1) // a bar that cannot be drawn must not stop the work
	}
}

func (p progress) set(done int) {
	if p.bar != nil {
		_ = p.bar.Set(done)
	}
}

func (p progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
