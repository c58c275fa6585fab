package evidence

import (
	"context"
	"encoding/json"
	"fmt"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

var (
	_ Event = MaterialUsed{}
	_ Event = MaterialNamed{}
	_ Event = PolicyUsed{}
	_ Event = RuleUsed{}
)

// AnchorName is a trust anchor by digest.
type AnchorName struct {
	Domain signature.Domain `json:"domain"`
	SHA256 signature.Hash   `json:"sha256"`
}

// MaterialNamed is MaterialUsed as its leaf keeps it: certificates and
// answers by digest. The blobs of the same book have the DER. A nil list stays
// nil and an empty one empty, so that the rebuilt Material has the same
// canonical bytes and the same hash.
type MaterialNamed struct {
	SHA256        signature.Hash     `json:"sha256"`
	Anchors       []AnchorName       `json:"anchors"`
	Intermediates []signature.Hash   `json:"intermediates"`
	CRLs          []signature.Hash   `json:"crls"`
	OCSPs         []signature.Hash   `json:"ocsps"`
	Roster        []signature.Signer `json:"roster"`
}

// Named returns what the leaf of e keeps.
func (e MaterialUsed) Named() MaterialNamed {
	m := MaterialNamed{SHA256: e.SHA256, Intermediates: hashes(e.Material.Intermediates),
		CRLs: hashes(e.Material.CRLs), OCSPs: hashes(e.Material.OCSPs), Roster: e.Material.Roster}
	if e.Material.Anchors != nil {
		m.Anchors = make([]AnchorName, len(e.Material.Anchors))
	}
	for i, a := range e.Material.Anchors {
		m.Anchors[i] = AnchorName{a.Domain, signature.HashOf(a.DER)}
	}
	return m
}

// Blobs returns the DER that the leaf names, for Tx.PutBlobs in the same
// transaction.
func (e MaterialUsed) Blobs() []signature.Blob {
	return materialBlobs(e.Material)
}

func hashes(ders [][]byte) []signature.Hash {
	if ders == nil {
		return nil
	}
	list := make([]signature.Hash, len(ders))
	for i, der := range ders {
		list[i] = signature.HashOf(der)
	}
	return list
}

// Draft implements Event: a "material" leaf whose code "use" is "snapshot".
func (e MaterialUsed) Draft() (ledger.Draft, error) { return e.Named().Draft() }

// Records implements Event, in table "digest".
func (e MaterialUsed) Records(index int64) []Record { return e.Named().Records(index) }

// Draft implements Event: the same leaf as MaterialUsed.
func (m MaterialNamed) Draft() (ledger.Draft, error) {
	codes := map[string]string{"use": materialSnapshot, "anchors": decimal(len(m.Anchors)),
		"intermediates": decimal(len(m.Intermediates)), "crls": decimal(len(m.CRLs)),
		"ocsps": decimal(len(m.OCSPs)), "signers": decimal(len(m.Roster))}
	return draft(LeafMaterial, m, map[string]string{"sha256": m.SHA256.String()}, codes)
}

// Records implements Event, in table "digest".
func (m MaterialNamed) Records(index int64) []Record {
	return []Record{digestRecord(LeafMaterial, m.SHA256, index)}
}

// digestRecord lets Reader.HasLeaf and LeafOf find a leaf by its "sha256".
func digestRecord(leafType string, sha signature.Hash, index int64) Record {
	return Record{Table: "digest", Key: fmt.Sprintf("%s/%s/%012d", leafType, sha, index),
		Values: map[string]any{"type": leafType, "sha256": sha.String(), "entry": index}}
}

// Hashes returns the digests of all blobs that Rebuild needs.
func (m MaterialNamed) Hashes() []signature.Hash {
	var list []signature.Hash
	for _, a := range m.Anchors {
		list = append(list, a.SHA256)
	}
	list = append(list, m.Intermediates...)
	list = append(list, m.CRLs...)
	return append(list, m.OCSPs...)
}

// Rebuild returns the Material with the DER of blobs, each checked against
// its digest.
func (m MaterialNamed) Rebuild(blobs []signature.Blob) (signature.Material, error) {
	der := make(map[signature.Hash][]byte, len(blobs))
	for _, b := range blobs {
		if signature.HashOf(b.DER) == b.SHA256 {
			der[b.SHA256] = b.DER
		}
	}
	for _, h := range m.Hashes() {
		if _, ok := der[h]; !ok {
			return signature.Material{}, fmt.Errorf("material %s: the blob %s is missing or damaged", m.SHA256, h)
		}
	}
	pick := func(list []signature.Hash) [][]byte {
		if list == nil {
			return nil
		}
		ders := make([][]byte, len(list))
		for i, h := range list {
			ders[i] = der[h]
		}
		return ders
	}
	out := signature.Material{Intermediates: pick(m.Intermediates), CRLs: pick(m.CRLs), OCSPs: pick(m.OCSPs), Roster: m.Roster}
	if m.Anchors != nil {
		out.Anchors = make([]signature.Anchor, len(m.Anchors))
	}
	for i, a := range m.Anchors {
		out.Anchors[i] = signature.Anchor{Domain: a.Domain, DER: der[a.SHA256]}
	}
	return out, nil
}

// ReadMaterial returns the material that verdicts of this book name by sha.
// One that was never used here is fs.ErrNotExist.
func ReadMaterial(ctx context.Context, r Reader, sha signature.Hash) (signature.Material, error) {
	entry, err := r.LeafOf(ctx, LeafMaterial, sha)
	if err != nil {
		return signature.Material{}, fmt.Errorf("material %s: %w", sha, err)
	}
	var m MaterialNamed
	if err := json.Unmarshal(entry.Opening, &m); err != nil {
		return signature.Material{}, fmt.Errorf("material %s: %w", sha, err)
	}
	blobs, err := r.Blobs(ctx, m.Hashes())
	if err != nil {
		return signature.Material{}, fmt.Errorf("material %s: %w", sha, err)
	}
	return m.Rebuild(blobs)
}

func decodeMaterial(leaf ledger.Leaf, opening []byte) (Event, error) {
	if leaf.Codes["use"] == materialTrust {
		return opened(func(v TrustEntry) Event { return TrustChanged{v} })(leaf, opening)
	}
	return opened(func(v MaterialNamed) Event { return v })(leaf, opening)
}

// Draft implements Event: a "policy" leaf. The opening is the policy's own
// bytes, so that anybody can hash them.
func (e PolicyUsed) Draft() (ledger.Draft, error) {
	return canonicalDraft(LeafPolicy, e.SHA256, e.ID, e.Canonical)
}

// Records implements Event, in table "digest".
func (e PolicyUsed) Records(index int64) []Record {
	return []Record{digestRecord(LeafPolicy, e.SHA256, index)}
}

// Draft implements Event: a "rule" leaf. The opening is the rule's own bytes.
func (e RuleUsed) Draft() (ledger.Draft, error) {
	return canonicalDraft(LeafRule, e.SHA256, e.ID, e.Canonical)
}

// Records implements Event, in tables "digest" and "rule"; the newest rule of
// an id is the one in force.
func (e RuleUsed) Records(index int64) []Record {
	return []Record{digestRecord(LeafRule, e.SHA256, index), {Table: "rule", Key: e.ID, Values: map[string]any{
		"sha256": e.SHA256.String(), "entry": index}}}
}

func canonicalDraft(leafType string, sha signature.Hash, id string, canonical []byte) (ledger.Draft, error) {
	if got := signature.HashOf(canonical); got != sha || len(canonical) == 0 {
		return ledger.Draft{}, fmt.Errorf("%s %s: its %d bytes have the digest %s, not %s", leafType, id, len(canonical), got, sha)
	}
	return rawDraft(leafType, canonical, map[string]string{"sha256": sha.String()}, map[string]string{"id": id})
}

func decodePolicy(leaf ledger.Leaf, opening []byte) (Event, error) {
	return PolicyUsed{signature.HashOf(opening), leaf.Codes["id"], opening}, nil
}

func decodeRule(leaf ledger.Leaf, opening []byte) (Event, error) {
	return RuleUsed{signature.HashOf(opening), leaf.Codes["id"], opening}, nil
}
