package signature_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
	st "minhchung/evidence/signature/signaturetest"
)

// BenchmarkJudge measures one signature, RSA-2048 throughout, of a file of
// 188 kB, beside what cannot be avoided: floor A is SHA-256 of the file and
// one RSA verification, floor B is A and two verifications of certificates.
// Judge also verifies the CRL and, with a time stamp, what belongs to it.
func BenchmarkJudge(b *testing.B) {
	root := st.RootWithKey("Gốc", st.RSAKey(2048))
	ca := root.IssueKey("CA", st.RSAKey(2048), st.AsCA)
	signer := ca.IssueKey("Nguyễn Văn Thử", st.RSAKey(2048))
	tsa := root.IssueKey("TSA", st.RSAKey(2048), st.AsTSA)
	s := newSetup(b)
	s.content = make([]byte, 188_000)
	s.msg.Signer, s.msg.Content = signer, s.content
	s.material = signature.Material{
		Anchors:       []signature.Anchor{{Domain: signature.DomainTest, DER: root.DER}},
		Intermediates: [][]byte{ca.DER},
		CRLs:          [][]byte{ca.CRL(epoch.Add(-day), epoch.Add(day))},
	}
	plain := s.file()
	s.stamp(tsa, epoch, nil)
	stamped := s.file()
	judger := signature.NewJudger(s.material, s.policy)

	key := signer.Key.Public().(*rsa.PublicKey)
	sum := sha256.Sum256(s.content)
	sig, err := signer.Key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	floor := func(b *testing.B, verifications int) {
		for b.Loop() {
			sum := sha256.Sum256(s.content)
			for range verifications {
				if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	judged := func(b *testing.B, f signature.Facts, judge func(signature.Facts) signature.Verdict) {
		b.ReportAllocs()
		for b.Loop() {
			cms.Sum("SHA-256", s.content)
			if v := judge(f); v.Signatures[0].Indication != signature.TotalPassed {
				b.Fatalf("got %+v", v)
			}
		}
	}
	prepared := func(f signature.Facts) signature.Verdict { return judger.Judge(f, nil, s.at) }
	b.Run("floor-A", func(b *testing.B) { floor(b, 1) })
	b.Run("floor-B", func(b *testing.B) { floor(b, 3) })
	b.Run("judger", func(b *testing.B) { judged(b, plain, prepared) })
	b.Run("judger-stamped", func(b *testing.B) { judged(b, stamped, prepared) })
	// A CA with 50,000 revoked certificates.
	many := make([]x509.RevocationListEntry, 50_000)
	for i := range many {
		many[i] = x509.RevocationListEntry{SerialNumber: big.NewInt(1<<40 + int64(i)), RevocationTime: epoch.Add(-day), ReasonCode: 5}
	}
	large := s.material
	large.CRLs = [][]byte{ca.CRL(epoch.Add(-day), epoch.Add(day), many...)}
	busy := signature.NewJudger(large, s.policy)
	b.Run("judger-large-CRL", func(b *testing.B) {
		judged(b, plain, func(f signature.Facts) signature.Verdict { return busy.Judge(f, nil, s.at) })
	})
	b.Run("judge", func(b *testing.B) {
		judged(b, plain, func(f signature.Facts) signature.Verdict {
			return signature.Judge(f, s.material, s.policy, nil, s.at)
		})
	})
}
