package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/sync/errgroup"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

// TextReader reads the text of stored documents: text.Pool is one. It is safe
// for concurrent use.
type TextReader interface {
	// Extract returns what can be read of the file; what is wrong with it is
	// in Extraction.Problem. An error means that nobody could look.
	Extract(ctx context.Context, file text.File) (text.Extraction, error)
	// Version returns name and version of the reader, and of what reads
	// pictures of pages, "" when nothing does.
	Version() (reader, ocr string)
}

// damagedReader marks the text of a file whose stored bytes could not be had.
// It is no reader's version, so the file is read again the next time.
const damagedReader = "unreadable"

// textGroup is how many texts are kept in one transaction.
const textGroup = 32

// ReadTexts reads the documents whose text was never read, or by an older
// reader, or whose pictures can be read now, and keeps each as it comes: a
// second run goes on where the first one stopped. step, when set, is called
// after each document with how many are to be read in all, never concurrently.
// It returns how many were read.
func (in *Intake) ReadTexts(ctx context.Context, reader TextReader, step func(total int)) (int, error) {
	stale, err := in.staleTexts(ctx, reader)
	if err != nil || len(stale) == 0 {
		return 0, err
	}
	k := textKeeper{in: in, reader: reader}
	work, workCtx := errgroup.WithContext(ctx)
	work.SetLimit(max(1, in.Workers/2))
	for _, d := range stale {
		if workCtx.Err() != nil {
			break
		}
		work.Go(func() error {
			if err := k.read(workCtx, d); err != nil {
				return err
			}
			k.stepped(step, len(stale))
			return nil
		})
	}
	err = work.Wait()
	if err == nil {
		err = ctx.Err()
	}
	// What was read is kept although another document ended the work.
	if kerr := k.flush(context.WithoutCancel(ctx)); err == nil {
		err = kerr
	}
	if err != nil {
		return k.count, fmt.Errorf("reading the texts of book %s: %w", in.Book, err)
	}
	return k.count, nil
}

// staleTexts lists the documents to be read, in the order they were received.
func (in *Intake) staleTexts(ctx context.Context, reader TextReader) (stale []staleText, err error) {
	version, ocr := reader.Version()
	err = in.Store.View(ctx, in.Scope, in.Book, func(r Reader) error {
		texts, err := r.Texts(ctx, 0)
		if err != nil {
			return err
		}
		fresh, damaged := map[signature.Hash]bool{}, map[signature.Hash]bool{}
		for _, t := range texts {
			damaged[t.Document] = t.Reader == damagedReader
			// Pictures that one OCR read are not read again because it is gone.
			fresh[t.Document] = t.Reader == version && (t.OCR == "" || ocr == "" || t.OCR == ocr)
		}
		docs, err := r.Documents(ctx)
		for _, d := range docs {
			if !fresh[d.SHA256] {
				stale = append(stale, staleText{d, damaged[d.SHA256]})
			}
		}
		return err
	})
	return stale, err
}

// staleText is a document to be read.
type staleText struct {
	Document
	damaged bool // its bytes could not be had the last time
}

// textKeeper collects texts and keeps them in groups.
type textKeeper struct {
	in     *Intake
	reader TextReader

	mu      sync.Mutex
	waiting []DocumentText // guarded by mu
	count   int            // guarded by mu
}

func (k *textKeeper) read(ctx context.Context, d staleText) error {
	t, err := k.textOf(ctx, d.Document)
	if err != nil {
		return fmt.Errorf("document %s: %w", d.SHA256, err)
	}
	if d.damaged && t.Reader == damagedReader {
		return nil // as it was
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting = append(k.waiting, t)
	k.count++
	if len(k.waiting) < textGroup {
		return nil
	}
	return k.keep(ctx)
}

func (k *textKeeper) stepped(step func(int), total int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if step != nil {
		step(total)
	}
}

func (k *textKeeper) flush(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.waiting) == 0 {
		return nil
	}
	return k.keep(ctx)
}

// keep is called with mu held.
func (k *textKeeper) keep(ctx context.Context) error {
	err := k.in.Store.Keep(ctx, k.in.Scope, k.in.Book, Kept{Texts: k.waiting})
	if err == nil {
		k.waiting = nil
	}
	return err
}

// textOf reads one document. Stored bytes that are damaged or not there are
// check's business: here the document has no text, and is tried again the next
// time.
func (k *textKeeper) textOf(ctx context.Context, d Document) (DocumentText, error) {
	version, ocr := k.reader.Version()
	key := object.Key{Unit: string(k.in.Book.Unit), SHA256: d.SHA256}
	e, err := k.reader.Extract(ctx, text.File{Size: d.Size, Open: func(ctx context.Context) (io.ReadCloser, error) { return k.in.Objects.Get(ctx, key) }})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// A file over the limits is hashed and not kept: there is nothing to
		// read, today or later.
		e = text.Extraction{Extractor: version, Source: text.SourceNone, Problem: "the file itself is not kept"}
	case errors.Is(err, object.ErrCorrupt):
		version = damagedReader
		e = text.Extraction{Extractor: version, Source: text.SourceNone, Problem: "the stored file is damaged"}
	case err != nil:
		return DocumentText{}, err
	}
	content, err := json.Marshal(e)
	return DocumentText{Document: d.SHA256, Reader: version, OCR: ocrOf(e, ocr), Content: content}, err
}

// ocrOf says what read the pages that are pictures.
func ocrOf(e text.Extraction, ocr string) string {
	for _, p := range e.Pages {
		switch {
		case p.OCR:
			return ocr
		case p.NeedsOCR && ocr == "":
			return OCRAwaited
		case p.NeedsOCR:
			return ocr // it looked, and could not read
		}
	}
	return ""
}
