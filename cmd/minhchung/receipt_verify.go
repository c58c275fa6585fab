package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"unicode/utf8"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// maxReceiptFile bounds what verify reads.
const maxReceiptFile = 4 * ledger.MaxReceiptBytes

// verifyReceipt checks a receipt without any store. The key decides: it has
// to come from somewhere else than the receipt.
func verifyReceipt(e *env, args []string, key string) error {
	switch {
	case len(args) != 1:
		return usage("cli.missing-flag", "receipt verify", "FILE")
	case key == "":
		return usage("cli.missing-flag", "receipt verify", "--key")
	}
	path := args[0]
	public, err := ledger.ParsePublic(key)
	if err != nil {
		return fail(exitUsage, err, "receipt.bad-key")
	}
	r, err := readReceipt(e, path)
	if err != nil {
		return err
	}
	if err := r.verify(public); err != nil {
		return fail(exitLedger, err, "receipt.invalid", path)
	}
	if e.JSON {
		return e.emit(map[string]any{
			"file": path, "valid": true, "receipts": len(r.Receipts), "anchored": r.Anchored,
			"unit": r.Unit, "period": r.Period, "row": r.Row, "states": list(r.States),
		})
	}
	e.say("receipt.valid", path, len(r.Receipts))
	e.say("receipt.head", r.Row, string(r.Unit), string(r.Period))
	printStates(e, r.States)
	return nil
}

func readReceipt(e *env, path string) (r rowReceipt, err error) {
	info, err := os.Stat(e.path(path))
	if err != nil {
		return r, fileError(path, err)
	}
	if !info.Mode().IsRegular() {
		return r, usage("cli.not-a-file", path)
	}
	if info.Size() > maxReceiptFile {
		return r, usage("cli.file-too-large", path, info.Size(), int64(maxReceiptFile))
	}
	b, err := os.ReadFile(e.path(path))
	if err != nil {
		return r, fileError(path, err)
	}
	if r, err = parseReceipt(b); err != nil {
		return r, fail(exitLedger, err, "receipt.unparsable", path)
	}
	return r, nil
}

// parseReceipt is as strict as ledger.ParseReceipt: two readers must not
// understand a receipt differently.
func parseReceipt(b []byte) (r rowReceipt, err error) {
	const depth = 5 // file, list, receipt, anchor, proof
	if !utf8.Valid(b) {
		return r, errors.New("the receipt is not valid UTF-8")
	}
	if err := ledger.CheckKeys(b, depth); err != nil {
		return r, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, err
	}
	if len(r.Receipts) == 0 {
		return r, errors.New("the receipt proves no entry")
	}
	return r, nil
}

// verify checks each proof, and then that what stands beside the proofs is
// what the proven leaves say: that part is read by people.
func (r rowReceipt) verify(public ledger.PublicKey) error {
	if r.PublicKey != public.String() {
		return fmt.Errorf("it names the public key %s", r.PublicKey)
	}
	proven := provenRow{seen: map[string]bool{}}
	anchored := true
	for _, receipt := range r.Receipts {
		if err := receipt.Verify(public); err != nil {
			return err
		}
		if !strings.HasSuffix(receipt.Origin, "/"+string(r.Unit)+"/"+string(r.Period)) || receipt.Checkpoint != r.Receipts[0].Checkpoint {
			return fmt.Errorf("entry %d is of another book or checkpoint (%s)", receipt.Index, receipt.Origin)
		}
		leaf, err := ledger.ParseLeaf([]byte(receipt.Leaf))
		if err != nil {
			return err
		}
		event, err := evidence.DecodeEvent(leaf, []byte(receipt.Opening))
		if err != nil {
			return err
		}
		if err := proven.add(event); err != nil {
			return fmt.Errorf("entry %d: %w", receipt.Index, err)
		}
		anchored = anchored && receipt.Anchor != nil
	}
	return proven.agrees(r, anchored)
}

// provenRow collects what the leaves of a receipt say.
type provenRow struct {
	row       string
	matched   signature.Hash
	documents []signature.Hash // of the leaves "document", "facts" and "verdict"
	states    []evidence.RowState
	seen      map[string]bool
}

func (p *provenRow) add(event evidence.Event) error {
	kind := fmt.Sprintf("%T", event)
	switch v := event.(type) {
	case evidence.RowAdded:
		kind, p.row = "row", v.Row.ID
	case evidence.RowCorrected:
		kind, p.row = "row", v.Row.ID
	case evidence.RowWithdrawn:
		kind, p.row = "row", v.Row.ID
	case evidence.RowExcluded:
		kind, p.row = "row", v.Row.ID
	case evidence.Matched:
		if p.matched = v.Match.Document; v.Match.Row != p.row {
			return fmt.Errorf("the match is of row %s", v.Match.Row)
		}
	case evidence.DocumentReceived:
		p.documents = append(p.documents, v.SHA256)
	case evidence.FactsRead:
		p.documents = append(p.documents, v.Facts.SHA256)
	case evidence.VerdictReached:
		p.documents = append(p.documents, v.Document)
	case evidence.StateChanged:
		kind += v.State.Rule
		p.states = append(p.states, v.State)
	default:
		return fmt.Errorf("%T has no place in a receipt", event)
	}
	if p.seen[kind] {
		return fmt.Errorf("a second %s", kind)
	}
	p.seen[kind] = true
	return nil
}

// agrees compares the words of the receipt with what is proven.
func (p *provenRow) agrees(r rowReceipt, anchored bool) error {
	wantDocuments := 0
	if !p.matched.IsZero() {
		wantDocuments = 3
	}
	for _, sha := range p.documents {
		if sha != p.matched {
			return fmt.Errorf("the proven entries are of another document, %s", sha)
		}
	}
	switch {
	case p.row != r.Row:
		return fmt.Errorf("it names row %s, its entries prove %q", r.Row, p.row)
	case len(p.documents) != wantDocuments:
		return fmt.Errorf("it has %d of the %d entries of its document", len(p.documents), wantDocuments)
	case anchored != r.Anchored:
		return errors.New("what it says about anchors is not so")
	case len(p.states) != len(r.States):
		return fmt.Errorf("it names %d states, its entries prove %d", len(r.States), len(p.states))
	}
	for _, s := range r.States {
		if !containsState(p.states, s) || s.Row != r.Row {
			return fmt.Errorf("it says %s %s under rule %s, which its entries do not prove", s.State, s.Code, s.Rule)
		}
	}
	return nil
}

func containsState(states []evidence.RowState, want evidence.RowState) bool {
	for _, s := range states {
		if reflect.DeepEqual(s, want) {
			return true
		}
	}
	return false
}
