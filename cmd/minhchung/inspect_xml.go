package main

import (
	"bytes"
	"errors"
	"io/fs"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/etsi"
	"minhchung/evidence/signature/trust"
)

// writeXML writes the report of --xml. It is written before the verdict is
// shown, so that a report that could not be written is no surprise behind it.
func (in *inspection) writeXML(r inspected) error {
	if in.xml == "" {
		return nil
	}
	_, policy, err := trust.Policy("")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := etsi.Write(&b, r.facts, r.verdict, signature.HashOf(policy)); err != nil {
		if errors.Is(err, etsi.ErrNoSignature) {
			in.note("inspect.xml-none", in.xml)
			return nil
		}
		return err
	}
	err = writeNew(in.path(in.xml), b.Bytes(), 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage("sign.exists", in.xml)
	}
	if err != nil {
		return fail(exitBackend, err, "cli.cannot-write", in.xml)
	}
	return nil
}
