package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence/signature"
)

// signCommand is `sign FILE… --p12 KEY.p12 [--password-file F] [--out
// FILE|DIR] [--reason TEXT] [--tsa URL]`: a further signature for each file,
// in a revision of its own behind the bytes that are there. Inputs and
// existing files are never written to. It ends with 0 when every file was
// signed, 2 when one must not be signed, 5 when the time-stamping authority
// or the disk fails.
func signCommand() *command {
	var key keyFlags
	var out, reason string
	return &command{
		name: "sign",
		flags: func(set *pflag.FlagSet) {
			key.bind(set)
			set.StringVar(&out, "out", "", "")
			set.StringVar(&reason, "reason", "", "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) == 0 {
				return usage("sign.nothing")
			}
			if key.p12 == "" {
				return usage("cli.missing-flag", "--p12")
			}
			jobs, err := signJobs(e, args, out)
			if err != nil {
				return err
			}
			s, err := key.signer(e)
			if err != nil {
				return err
			}
			defer s.close()
			s.reason = reason
			return s.signAll(ctx, e, jobs)
		},
	}
}

// signJob is one file and where its signed copy goes, both as people typed
// them and as they are opened.
type signJob struct{ name, full, out, fullOut string }

// signedSuffix stands before the extension of a signed copy.
const signedSuffix = ".signed"

// signJobs finds a place for each signed copy. An existing --out folder takes
// them all; a file that is there already refuses the whole run before anybody
// types a password.
func signJobs(e *env, args []string, out string) ([]signJob, error) {
	info, err := os.Stat(e.path(out))
	toDir := out != "" && err == nil && info.IsDir()
	if out != "" && !toDir && (len(args) > 1 || strings.HasSuffix(out, string(filepath.Separator))) {
		return nil, usage("cli.not-a-folder", out)
	}
	var jobs []signJob
	taken := map[string]bool{}
	for _, name := range args {
		ext := filepath.Ext(name)
		j := signJob{name: name, full: e.path(name), out: strings.TrimSuffix(name, ext) + signedSuffix + ext}
		switch {
		case toDir:
			j.out = filepath.Join(out, filepath.Base(name))
		case out != "":
			j.out = out
		}
		j.fullOut = e.path(j.out)
		if err := signable(j); err != nil {
			return nil, err
		}
		if _, err := os.Lstat(j.fullOut); err == nil || taken[j.fullOut] {
			return nil, usage("sign.exists", j.out)
		}
		taken[j.fullOut] = true
		jobs = append(jobs, j)
	}
	return jobs, nil
}

func signable(j signJob) error {
	info, err := os.Stat(j.full)
	switch {
	case err != nil:
		return fileError(j.name, err)
	case !info.Mode().IsRegular():
		return usage("cli.not-a-file", j.name)
	case info.Size() > maxFileBytes:
		return usage("cli.file-too-large", j.name, info.Size(), int64(maxFileBytes))
	}
	return nil
}

// signAll signs one file after the other. A file that cannot be signed does
// not stop the others, a failing back end does.
func (s *signer) signAll(ctx context.Context, e *env, jobs []signJob) error {
	var failed error
	for _, j := range jobs {
		err := s.signFile(ctx, e, j)
		if err == nil {
			continue
		}
		code, text := explain(e.Lang, err)
		if len(jobs) == 1 || code != exitUsage || ctx.Err() != nil {
			return err
		}
		fmt.Fprintln(e.Stderr, printable(text))
		failed = silent(code)
	}
	return failed
}

// signedJSON is the line that `sign --json` prints for a file.
type signedJSON struct {
	File        string        `json:"file"`
	Out         string        `json:"out"`
	SHA256      string        `json:"sha256"` // of the signed copy
	Field       string        `json:"field"`
	Signatures  int           `json:"signatures"` // how many there are now
	Signer      inspectSigner `json:"signer"`
	ClaimedTime *string       `json:"claimedTime"`
	Timestamp   bool          `json:"timestamp"`
}

func (s *signer) signFile(ctx context.Context, e *env, j signJob) error {
	data, mode, err := readRegular(j)
	if err != nil {
		return err
	}
	signed, facts, verdict, err := s.sign(ctx, e, j.name, data)
	if err != nil {
		return err
	}
	if err := writeNew(j.fullOut, signed, mode); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return usage("sign.exists", j.out)
		}
		return fail(exitBackend, err, "cli.cannot-write", j.out)
	}
	last := verdict.Signatures[len(verdict.Signatures)-1]
	if e.JSON {
		return e.emit(signedJSON{
			File: j.name, Out: j.out, SHA256: facts.SHA256.String(), Field: last.Field, Signatures: len(verdict.Signatures),
			Signer:      inspectSigner{last.Signer.Subject, last.Signer.Issuer, last.Signer.Serial, nil},
			ClaimedTime: knownTime(last.ClaimedTime), Timestamp: s.tsa != "",
		})
	}
	e.say("sign.done", j.name, j.out, firstOf(last.Signer.Name, last.Signer.Subject), signedAt(e, last), e.Lang.Int(int64(len(verdict.Signatures))))
	return nil
}

func signedAt(e *env, v signature.SignatureVerdict) string {
	if v.ClaimedTime == nil {
		return e.Lang.Text("inspect.time-none")
	}
	return e.Lang.Time(v.ClaimedTime.In(report.Vietnam))
}

// readRegular returns the bytes of the file and its permissions.
func readRegular(j signJob) ([]byte, fs.FileMode, error) {
	f, err := openRegular(j.full)
	if err != nil {
		return nil, 0, fileError(j.name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fileError(j.name, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, 0, fileError(j.name, err)
	}
	if len(b) > maxFileBytes { // it grew since it was listed
		return nil, 0, usage("cli.file-too-large", j.name, int64(len(b)), int64(maxFileBytes))
	}
	return b, info.Mode().Perm(), nil
}

// signingTime is what our signatures claim.
func signingTime() time.Time { return time.Now().In(report.Vietnam).Truncate(time.Second) }
