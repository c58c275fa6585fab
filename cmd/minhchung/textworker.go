package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"minhchung/evidence/text"
	"minhchung/evidence/text/office"
	"minhchung/evidence/text/pdfium"
	"minhchung/evidence/text/tesseract"
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
// Scans are read by the system's tesseract where it is installed.
func (s *session) textPool(ctx context.Context, log *slog.Logger) (*text.Pool, error) {
	command, err := childCommand(textCommand)
	if err != nil {
		return nil, err
	}
	cfg := text.Config{
		Command: command, Engines: pdfium.Version + " " + office.Version,
		CacheDir: s.Cache, FileBytes: s.Config.MaxFileBytes(), Log: log,
	}
	ocr, err := tesseract.Open(ctx, tesseract.Config{})
	switch {
	case err == nil:
		cfg.OCR = ocr
	case !errors.Is(err, tesseract.ErrMissing):
		return nil, fmt.Errorf("looking for OCR: %w", err)
	}
	return text.New(cfg)
}
