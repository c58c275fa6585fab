package worker

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights that Landlock knows, by the version that brought them (kernel
// documentation, userspace-api/landlock). Nothing of them is granted.
const (
	landlockFS1 = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // execute … make_sym
	landlockFS2 = unix.LANDLOCK_ACCESS_FS_REFER
	landlockFS3 = unix.LANDLOCK_ACCESS_FS_TRUNCATE
	landlockFS5 = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV

	landlockNet4   = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	landlockScope6 = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
)

// landlockRuleset returns the ruleset that denies everything the kernel's
// version can deny, and the size of the structure that version knows.
func landlockRuleset(version uintptr) (attr unix.LandlockRulesetAttr, size uintptr) {
	attr.Handled_access_fs, size = landlockFS1, 8
	if version >= 2 {
		attr.Handled_access_fs |= landlockFS2
	}
	if version >= 3 {
		attr.Handled_access_fs |= landlockFS3
	}
	if version >= 4 {
		attr.Handled_access_net, size = landlockNet4, 16
	}
	if version >= 5 {
		attr.Handled_access_fs |= landlockFS5
	}
	if version >= 6 {
		attr.Scoped, size = landlockScope6, 24
	}
	return attr, size
}

// lockIn takes the file system, TCP and other processes away from the child
// for good: pipes that are open stay open, and it needs nothing else. It is a
// second wall, not a condition: false means that the kernel has no Landlock
// (before 5.13, or switched off).
//
// In a program built with cgo other threads cannot be reached. Then the
// calling goroutine, which reads the files, is bound to its thread for good
// and that thread is locked in.
func lockIn() bool {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < 1 {
		return false
	}
	attr, size := landlockRuleset(version)
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return false
	}
	defer unix.Close(int(ruleset))
	_, _, errno = syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0)
	if errno != syscall.ENOTSUP {
		return errno == 0
	}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return false
	}
	_, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0)
	return errno == 0
}
