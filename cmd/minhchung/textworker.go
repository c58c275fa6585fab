package main

import (
	"fmt"
	"log/slog"
	"os"

	"minhchung/evidence/text"
	"minhchung/evidence/text/office"
	"minhchung/evidence/text/pdfium"
)

// textCommand is how the program starts itself as a child that reads text and
// draws pages of hostile files. It is not for people and not in the help.
const textCommand = "text-worker"

// runTextWorker is such a child: see the package text.
func runTextWorker() int {
	err := text.Main(os.Stdin, os.Stdout, text.Engines{
		PDF:    func(cache string) (text.PDFEngine, error) { return pdfium.Open(pdfium.Config{CacheDir: cache}) },
		Office: func() text.OfficeEngine { return office.Reader{} },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // the parent logs it
		return exitUsage
	}
	return exitDone
}

// textPool reads and draws files in children; they start when they are needed.
func (s *session) textPool(log *slog.Logger) (*text.Pool, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return text.New(text.Config{Command: []string{self, textCommand}, CacheDir: s.Cache, FileBytes: s.Config.MaxFileBytes(), Log: log})
}
