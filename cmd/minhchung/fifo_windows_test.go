package main

import "github.com/rogpeppe/go-internal/testscript"

func scriptFIFO(ts *testscript.TestScript, neg bool, args []string) {
	ts.Fatalf("named pipes have no path in the file system on Windows")
}
