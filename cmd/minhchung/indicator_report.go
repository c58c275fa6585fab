package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"minhchung/cmd/minhchung/paper"
	"minhchung/evidence/count"
	"minhchung/evidence/signature"
)

// paperFlags say where the indicator goes as a PDF, and who signs it.
type paperFlags struct {
	out string
	key keyFlags
}

// check finds flags that do not go together, before anything is read.
func (p paperFlags) check(e *env, diff string) error {
	for _, flag := range [][2]string{{"--p12", p.key.p12}, {"--password-file", p.key.passwordFile}, {"--tsa", p.key.tsa}} {
		if flag[1] != "" && (p.out == "" || p.key.p12 == "") {
			return usage("indicator.key-alone", flag[0])
		}
	}
	if p.out == "" {
		return nil
	}
	if diff != "" {
		return usage("indicator.report-diff")
	}
	if _, err := os.Lstat(e.path(p.out)); err == nil {
		return usage("sign.exists", p.out)
	}
	return nil
}

// write prints the report, has it signed when a key is given, and puts it in
// place: whole or not at all.
func (p paperFlags) write(ctx context.Context, e *env, s *session, r *printout, rule *count.Rule) error {
	printer, err := paper.NewPrinter()
	if err != nil {
		return err
	}
	doc, err := r.Paper(printer, e.Lang, rule, s.Public, time.Now())
	if err != nil {
		return err
	}
	var last *signature.SignatureVerdict
	if p.key.p12 != "" {
		if doc, last, err = p.sign(ctx, e, doc); err != nil {
			return err
		}
	}
	err = writeNew(e.path(p.out), doc, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return usage("sign.exists", p.out)
	case err != nil:
		return fail(exitBackend, err, "cli.cannot-write", p.out)
	case last != nil:
		e.note("indicator.report-signed", p.out, firstOf(last.Signer.Name, last.Signer.Subject), signedAt(e, *last))
	default:
		e.note("indicator.report-done", p.out)
	}
	return nil
}

func (p paperFlags) sign(ctx context.Context, e *env, doc []byte) ([]byte, *signature.SignatureVerdict, error) {
	signer, err := p.key.signer(e)
	if err != nil {
		return nil, nil, err
	}
	defer signer.close()
	signed, _, verdict, err := signer.sign(ctx, e, p.out, doc)
	if err != nil {
		return nil, nil, err
	}
	return signed, &verdict.Signatures[0], nil
}
