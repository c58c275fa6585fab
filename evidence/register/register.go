// Package register reads registers of outgoing documents (sổ đăng ký văn bản
// đi) as document systems export them, CSV or XLSX, into evidence.Register. A
// fault in structure refuses the whole file with row, column and what to do; a
// fault in content imports as a finding. It also compares a new export with
// the rows kept so far, and finds the row a file belongs to by its name.
package register

import (
	"fmt"
	"io"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// The default limits of Options.
const (
	DefaultMaxBytes   = 50 << 20
	DefaultMaxRows    = 200_000
	DefaultMaxColumns = 200
)

// Options are limits; a zero field is its default.
type Options struct {
	MaxBytes   int64 // of the file, and of one unpacked part of an XLSX file times four
	MaxRows    int   // rows of data, secret ones included
	MaxColumns int
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxRows <= 0 {
		o.MaxRows = DefaultMaxRows
	}
	if o.MaxColumns <= 0 {
		o.MaxColumns = DefaultMaxColumns
	}
	return o
}

// Read is Parse for a stream: it never keeps more than the size limit.
func Read(name string, r io.Reader, period evidence.Period, opt Options) (evidence.Register, error) {
	limit := opt.withDefaults().MaxBytes
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return evidence.Register{}, fmt.Errorf("reading register %s: %w", name, err)
	}
	return Parse(name, data, period, opt)
}

// Parse reads a register. The format is told by the content and not by the
// name. A fault in structure is an *Error; content faults are Findings. Rows
// of secret documents leave nothing behind but their count. Parse is pure.
func Parse(name string, data []byte, period evidence.Period, opt Options) (evidence.Register, error) {
	opt = opt.withDefaults()
	reg := evidence.Register{
		SHA256: signature.HashOf(data), Size: int64(len(data)), Name: name,
		Rows: []evidence.Row{}, Findings: []evidence.Finding{},
	}
	t, err := open(data, opt)
	if err == nil {
		err = fill(&reg, t, period, opt)
	}
	if err != nil {
		if e, ok := err.(*Error); ok {
			e.File = name
		}
		return evidence.Register{}, err
	}
	return reg, nil
}
