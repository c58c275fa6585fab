package main

import (
	"fmt"
	"os"

	"minhchung/evidence/signature/worker"
)

// workerCommand is how the program starts itself as a child that reads hostile
// files. It is not for people and not in the help.
const workerCommand = "worker"

// runWorker is such a child: see the package worker.
func runWorker() int {
	if err := worker.Main(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err) // the parent logs it
		return exitUsage
	}
	return exitDone
}
