// Package pdfium reads text and page images of PDF files with PDFium, compiled
// to WebAssembly: the C++ engine runs in a sandbox without files, network or
// clock, inside a child process with limits. Nothing else in the program
// imports go-pdfium or wazero.
package pdfium

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	gopdfium "github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"minhchung/evidence/text"
)

// Version changes when the same file can give another text: a new go-pdfium,
// or a new way to ask it.
const Version = "pdfium/1.20.0-1"

// pageBytes is the unit of WebAssembly memory.
const pageBytes = 64 << 10

// Config says where the engine keeps its compiled code, and its bounds.
type Config struct {
	// CacheDir keeps the compiled module in a folder "pdfium": a start takes
	// 0.1 s with it and seconds without. It is machine code: whoever may write
	// here decides what runs. It is made when it is missing, for this user
	// alone, and may be deleted at any time. Empty: no cache.
	CacheDir string
	// MemoryBytes bounds the engine's memory for one file; 0 is 640 MiB.
	MemoryBytes int64
}

// Engine opens documents, one at a time. It is not safe for concurrent use.
type Engine struct {
	pool  gopdfium.Pool
	cache wazero.CompilationCache
}

var _ text.PDFEngine = (*Engine)(nil)

// Open compiles the engine, or loads it from the cache. A cache that cannot be
// used is made again. Afterwards the engine touches no file.
func Open(cfg Config) (*Engine, error) {
	if cfg.MemoryBytes <= 0 {
		cfg.MemoryBytes = 640 << 20
	}
	if cfg.CacheDir == "" {
		return open("", cfg.MemoryBytes)
	}
	dir := filepath.Join(cfg.CacheDir, "pdfium")
	e, err := open(dir, cfg.MemoryBytes)
	if err == nil {
		return e, nil
	}
	if removed := os.RemoveAll(dir); removed != nil {
		return nil, errors.Join(err, removed)
	}
	return open(dir, cfg.MemoryBytes)
}

func open(dir string, memoryBytes int64) (*Engine, error) {
	rc := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(uint32(memoryBytes / pageBytes)).
		WithDebugInfoEnabled(false)
	e := &Engine{}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("the cache of the PDF engine: %w", err)
		}
		cache, err := wazero.NewCompilationCacheWithDir(dir)
		if err != nil {
			return nil, fmt.Errorf("the cache of the PDF engine: %w", err)
		}
		e.cache, rc = cache, rc.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: experimental.WithCompilationWorkers(context.Background(), runtime.GOMAXPROCS(0)),
		MaxIdle: 1, MaxTotal: 1,
		FSConfig:      wazero.NewFSConfig(), // without it the whole disk is mounted
		RuntimeConfig: rc,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the PDF engine: %w", err), e.Close())
	}
	e.pool = pool
	return e, nil
}

// Version returns name and version of the engine.
func (e *Engine) Version() string { return Version }

// Close frees the engine.
func (e *Engine) Close() error {
	var err error
	if e.pool != nil {
		err = e.pool.Close()
	}
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(context.Background()))
	}
	return err
}

// Open gives every document an instance of its own: the memory of a
// WebAssembly module never shrinks, and nothing of one file may be left when
// the next is read.
func (e *Engine) Open(data []byte) (text.PDF, error) {
	instance, err := e.pool.GetInstance(10 * time.Second)
	if err != nil {
		return nil, fmt.Errorf("starting the PDF engine: %w", err)
	}
	d := &document{pdf: instance}
	opened, err := instance.OpenDocument(&requests.OpenDocument{File: &data})
	if err != nil {
		instance.Close()
		if errors.Is(err, pdfiumerrors.ErrPassword) || errors.Is(err, pdfiumerrors.ErrSecurity) {
			return nil, text.ErrEncrypted
		}
		return nil, fmt.Errorf("opening: %w", err)
	}
	d.ref = opened.Document
	count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: d.ref})
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("counting pages: %w", err)
	}
	d.pages = max(count.PageCount, 0)
	return d, nil
}

type document struct {
	pdf   gopdfium.Pdfium
	ref   references.FPDF_DOCUMENT
	pages int
}

// Pages returns the number of pages the file claims.
func (d *document) Pages() int { return d.pages }

// Close ends the instance, and with it all that the document had.
func (d *document) Close() error { return d.pdf.Close() }

// Page loads a page, counted from 0.
func (d *document) Page(index int) (text.PDFPage, error) {
	loaded, err := d.pdf.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d.ref, Index: index})
	if err != nil {
		return nil, fmt.Errorf("loading a page: %w", err)
	}
	p := &page{doc: d, index: index, ref: loaded.Page}
	size, err := d.pdf.GetPageSize(&requests.GetPageSize{Page: p.request()})
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("measuring a page: %w", err)
	}
	p.width, p.height = size.Width, size.Height
	return p, nil
}
