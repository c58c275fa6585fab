package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// ReadVerdict returns the newest verdict on a document and the document.
func ReadVerdict(ctx context.Context, r Reader, sha signature.Hash) (signature.Verdict, Document, error) {
	doc, err := r.Document(ctx, sha)
	if err != nil {
		return signature.Verdict{}, doc, err
	}
	var event VerdictReached
	err = readOpening(ctx, r, doc.VerdictEntry, &event)
	return event.Verdict, doc, err
}

// ReadFacts returns the newest facts about a document, without blobs.
func ReadFacts(ctx context.Context, r Reader, doc Document) (signature.Facts, error) {
	var event FactsRead
	err := readOpening(ctx, r, doc.FactsEntry, &event)
	return event.Facts, err
}

// EventAt returns what a committed entry states, and its leaf. The types of a
// newer version are ErrLeafType.
func EventAt(ctx context.Context, r Reader, index int64) (Event, ledger.Leaf, error) {
	entry, err := r.Entry(ctx, index)
	if err != nil {
		return nil, ledger.Leaf{}, err
	}
	leaf, err := ledger.ParseLeaf(entry.Leaf)
	if err != nil {
		return nil, ledger.Leaf{}, err
	}
	event, err := DecodeEvent(leaf, entry.Opening)
	return event, leaf, err
}

func readOpening(ctx context.Context, r Reader, index int64, v any) error {
	entry, err := r.Entry(ctx, index)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(entry.Opening, v); err != nil {
		return fmt.Errorf("opening of entry %d: %w", index, err)
	}
	return nil
}

// leafTime returns when an entry was committed.
func leafTime(ctx context.Context, r Reader, index int64) (time.Time, error) {
	entry, err := r.Entry(ctx, index)
	if err != nil {
		return time.Time{}, err
	}
	var leaf struct{ At time.Time }
	err = json.Unmarshal(entry.Leaf, &leaf)
	return leaf.At, err
}

// mustJSON encodes a value of our own types, which always can be.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encoding %T: %v", v, err))
	}
	return b
}

// materialBlobs returns the DER of a material by hash.
func materialBlobs(m signature.Material) []signature.Blob {
	var blobs []signature.Blob
	add := func(der []byte) { blobs = append(blobs, signature.Blob{SHA256: signature.HashOf(der), DER: der}) }
	for _, a := range m.Anchors {
		add(a.DER)
	}
	for _, list := range [][][]byte{m.Intermediates, m.CRLs, m.OCSPs} {
		for _, der := range list {
			add(der)
		}
	}
	return blobs
}
