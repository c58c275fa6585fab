package tesseract

import (
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// contain shows no window; the context ends the program.
func contain(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true} }

// limit sets nothing: only the wall clock bounds the program here.
func limit(int, time.Duration) {}

// systemEnvironment holds what Windows needs to start a program at all.
func systemEnvironment() []string {
	root, err := windows.GetSystemWindowsDirectory()
	if err != nil {
		return []string{}
	}
	return []string{"SYSTEMROOT=" + root}
}
