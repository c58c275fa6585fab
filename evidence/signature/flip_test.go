package signature_test

import (
	"bytes"
	"testing"

	"minhchung/evidence/signature"
)

// TestEveryBitFlip turns every bit of a message over, one at a time. What is
// still intact then must be the very same signature by the same key over the
// same bytes: the flip was in a place that nothing signed covers, such as the
// list of digest algorithms.
func TestEveryBitFlip(t *testing.T) {
	s := newSetup(t)
	s.stamp(s.w.tsa, epoch, nil)
	der, _ := s.msg.Sign()
	judger := signature.NewJudger(s.material, s.policy)
	base := judger.Judge(s.fileWith(der), nil, s.at).Signatures[0]
	if base.Indication != signature.TotalPassed || base.ProvenTime == nil {
		t.Fatalf("got %+v, want a signature that passes with a time stamp", base)
	}
	intact, step := 0, 1
	if testing.Short() {
		step = 7
	}
	for i := 0; i < len(der)*8; i += step {
		b := bytes.Clone(der)
		b[i/8] ^= 1 << (i % 8)
		f := s.fileWith(b)
		f.Signatures[0].Digests["SHA-256"] = s.fileWith(der).Signatures[0].Digests["SHA-256"]
		got := judger.Judge(f, nil, s.at).Signatures[0]
		if got.Integrity != signature.IntegrityIntact {
			continue
		}
		intact++
		if got.Fingerprint != base.Fingerprint || got.Signer.Certificate != base.Signer.Certificate {
			t.Errorf("bit %d: another signature is intact", i)
		}
		if got.ProvenTime != nil && !got.ProvenTime.Equal(*base.ProvenTime) {
			t.Errorf("bit %d: another time is proven, %v", i, got.ProvenTime)
		}
	}
	t.Logf("%d of %d flips leave the signature itself as it was", intact, len(der)*8)
}
