package main

import "os"

// children are the commands with which the program starts itself as a child
// that reads hostile files.
var children = map[string]func() int{workerCommand: runWorker, textCommand: runTextWorker, layoutCommand: runLayout}

// asChild does the work of a child; is says whether the process was started as
// one.
func asChild() (code int, is bool) {
	if len(os.Args) != 2 {
		return 0, false
	}
	run, is := children[os.Args[1]]
	if !is {
		return 0, false
	}
	return run(), true
}

// executable is the program that children run: this one. Tests may give them
// the same program compiled in another way.
var executable = os.Executable

// childCommand starts a child of the kind, one of children.
func childCommand(kind string) ([]string, error) {
	self, err := executable()
	if err != nil {
		return nil, err
	}
	return []string{self, kind}, nil
}
