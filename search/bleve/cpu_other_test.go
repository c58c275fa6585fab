//go:build !unix

package bleve

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
