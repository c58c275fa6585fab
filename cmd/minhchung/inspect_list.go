package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// target is one file to inspect, or something in its place that is not.
type target struct {
	name    string // as people see it: the argument, and the way below it
	full    string
	skipped string // catalogue key of why it is not looked at
	err     error  // why it cannot be looked at
}

// listTargets expands folders in name order. What a person named must exist
// and be a file or folder; what lies in a folder and is no regular file is
// listed as skipped. A symbolic link is followed only where it was named:
// inside a folder it could lead anywhere.
func listTargets(e *env, args []string) ([]target, error) {
	var all []target
	for _, arg := range args {
		full := e.path(arg)
		info, err := os.Stat(full)
		switch {
		case err != nil:
			return nil, fileError(arg, err)
		case info.IsDir():
			all = append(all, walkTargets(arg, full)...)
		case info.Mode().IsRegular():
			all = append(all, target{name: arg, full: full})
		default:
			return nil, usage("cli.not-a-file", arg)
		}
	}
	return all, nil
}

func walkTargets(arg, full string) []target {
	var all []target
	root := full
	if resolved, err := filepath.EvalSymlinks(full); err == nil {
		root = resolved // WalkDir does not enter a link, not even its root
	}
	// The function never fails, so neither does the walk.
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		t := target{name: arg, full: path}
		if rel, relErr := filepath.Rel(root, path); relErr == nil {
			t.name = filepath.Join(arg, rel)
		}
		switch {
		case err != nil:
			t.err = fileError(t.name, err)
		case d.IsDir():
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			t.skipped = "inspect.skip-link"
		case !d.Type().IsRegular():
			t.skipped = "inspect.skip-special"
		}
		all = append(all, t)
		return nil
	})
	return all
}

// openRegular opens a regular file. A FIFO or device that was put in its place
// is opened without blocking, seen and refused.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
