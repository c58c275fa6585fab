// Package tesseract reads the text of page images with the program tesseract
// of the system (Debian: tesseract-ocr, tesseract-ocr-vie), where it is
// installed. It is given only pictures that our own encoder wrote, on its
// standard input, and reads and writes no other file than its model.
package tesseract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"minhchung/evidence/text"
)

// Bounds of one call.
const (
	textBytes    = 1 << 20
	defaultTime  = 60 * time.Second
	probeTime    = 10 * time.Second
	memoryBytes  = 2 << 30
	stderrBytes  = 4 << 10
	lookLanguage = "vie"
)

// Config names the program. Zero fields mean the defaults named beside them.
type Config struct {
	// Program is tesseract's name or path; default "tesseract".
	Program string
	// DataDir holds the models (TESSDATA_PREFIX); default the system's.
	DataDir string
	// Timeout bounds one page; default 60 s.
	Timeout time.Duration
}

// OCR reads pictures, each in a process of its own. It is safe for concurrent
// use; whoever calls it decides how many run.
type OCR struct {
	cfg     Config
	program string // absolute
	version string
}

var _ text.OCR = (*OCR)(nil)

// ErrMissing is returned by Open when the program or its Vietnamese model is
// not installed: scans then wait for OCR.
var ErrMissing = errors.New("tesseract with its Vietnamese model is not installed")

var versionLine = regexp.MustCompile(`(?m)^tesseract v?([0-9][0-9A-Za-z.-]{0,40})`)

// Open looks for the program and its model "vie".
func Open(ctx context.Context, cfg Config) (*OCR, error) {
	if cfg.Program == "" {
		cfg.Program = "tesseract"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTime
	}
	program, err := exec.LookPath(cfg.Program)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	o := &OCR{cfg: cfg, program: program}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	about, err := o.run(ctx, nil, "--version")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	version := versionLine.FindStringSubmatch(about)
	if version == nil {
		return nil, fmt.Errorf("%w: %q does not say its version", ErrMissing, cfg.Program)
	}
	o.version = "tesseract/" + version[1]
	models, err := o.run(ctx, nil, "--list-langs")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	for line := range strings.Lines(models) {
		if strings.TrimSpace(line) == lookLanguage {
			return o, nil
		}
	}
	return nil, fmt.Errorf("%w: no model %q", ErrMissing, lookLanguage)
}

// Version returns name and version, "tesseract/5.3.0".
func (o *OCR) Version() string { return o.version }

// Read returns the text of a PNG. A page that takes longer than the timeout
// has none; errors are the context's and a program that cannot be started.
func (o *OCR) Read(ctx context.Context, picture []byte, dpi int) (string, error) {
	limited, cancel := context.WithTimeout(ctx, o.cfg.Timeout)
	defer cancel()
	out, err := o.run(limited, picture, "stdin", "stdout", "-l", lookLanguage, "--dpi", strconv.Itoa(dpi))
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) || limited.Err() != nil {
		return out, nil // it looked, and this is what it saw
	}
	return out, err
}

func (o *OCR) run(ctx context.Context, input []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, o.program, args...)
	cmd.Env = o.environment()
	cmd.Dir = os.TempDir()
	cmd.Stdin = bytes.NewReader(input)
	out, notes := &limitedBuffer{limit: textBytes}, &limitedBuffer{limit: stderrBytes}
	cmd.Stdout, cmd.Stderr = out, notes
	cmd.WaitDelay = time.Second
	contain(cmd)
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("starting tesseract: %w", err)
	}
	limit(cmd.Process.Pid, o.cfg.Timeout)
	err := cmd.Wait()
	if err != nil {
		err = fmt.Errorf("tesseract: %w (%q)", err, strings.TrimSpace(notes.String()))
	}
	return out.String(), err
}

// environment is what the program needs and no more. One thread for each
// page: pages are what is read side by side.
func (o *OCR) environment() []string {
	env := append(systemEnvironment(), "OMP_THREAD_LIMIT=1", "LC_ALL=C.UTF-8")
	if o.cfg.DataDir != "" {
		env = append(env, "TESSDATA_PREFIX="+o.cfg.DataDir)
	}
	return env
}

// limitedBuffer keeps the first bytes and drops the rest.
type limitedBuffer struct {
	bytes.Buffer
	limit int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:max(0, min(len(p), b.limit-b.Len()))])
	return len(p), nil
}
