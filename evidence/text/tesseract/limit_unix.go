//go:build unix && !linux

package tesseract

import (
	"os/exec"
	"time"
)

// contain has nothing to add: the context ends the program.
func contain(*exec.Cmd) {}

// limit sets nothing: only the wall clock bounds the program here.
func limit(int, time.Duration) {}

func systemEnvironment() []string { return []string{"PATH=/usr/bin:/bin"} }
