package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"sync"
	"testing"
	"time"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
	"minhchung/evidence/signature/trust"
)

const day = st.Day

// epoch is when the test signatures claim to be made.
var epoch = st.Epoch

// world is the test PKI, RSA-2048 where nothing else is said: an anchored
// hierarchy, and an attacker's with the same names and keys of its own.
type world struct {
	root, ca, person, organisation, receiver *st.Authority
	p256, p384, p521, ed25519                *st.Authority
	tsaRoot, tsa, responder                  *st.Authority
	short                                    *st.Authority // expires at epoch+100 d
	attackerRoot, attackerCA, attacker       *st.Authority
	selfMade, selfTSA                        *st.Authority
}

var theWorld = sync.OnceValue(func() *world {
	rsa := func() crypto.Signer { return st.RSAKey(2048) }
	ec := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	long := st.Valid(epoch.Add(-2000*day), epoch.Add(3000*day))
	w := new(world)
	w.root = st.RootWithKey("Gốc thử nghiệm", rsa(), long)
	w.ca = w.root.IssueKey("CA thử nghiệm", rsa(), st.AsCA, long)
	w.person = w.ca.IssueKey("Nguyễn Văn Thử", rsa())
	w.organisation = w.ca.IssueKey("UBND xã Thử Nghiệm", rsa())
	w.receiver = w.ca.IssueKey("Văn phòng nhận văn bản", rsa())
	w.p256 = w.ca.IssueKey("Trần Thị P256", ec(elliptic.P256()))
	w.p384 = w.ca.IssueKey("Trần Thị P384", ec(elliptic.P384()))
	w.p521 = w.ca.IssueKey("Trần Thị P521", ec(elliptic.P521()))
	w.ed25519 = w.ca.IssueKey("Trần Thị Ed25519", ed)
	w.responder = w.ca.Issue("OCSP thử nghiệm", st.AsResponder)
	w.short = w.ca.IssueKey("Phạm Văn Hạn", rsa(), st.Valid(epoch.Add(-100*day), epoch.Add(100*day)))
	w.tsaRoot = st.RootWithKey("Gốc dấu thời gian", rsa(), long)
	w.tsa = w.tsaRoot.IssueKey("TSA thử nghiệm", rsa(), st.AsTSA)
	w.attackerRoot = st.Root("Gốc thử nghiệm", long)
	w.attackerCA = w.attackerRoot.Issue("CA thử nghiệm", st.AsCA, long)
	w.attacker = w.attackerCA.IssueKey("Nguyễn Văn Thử", rsa())
	w.selfMade = st.SelfSigned("Nguyễn Văn Thử", func(c *x509.Certificate) { c.SerialNumber = w.person.Cert.SerialNumber })
	w.selfTSA = st.SelfSigned("TSA thử nghiệm", st.AsTSA)
	return w
})

// setup is what one file is judged with; its defaults let a sound signature
// pass.
type setup struct {
	*world
	material signature.Material
	policy   signature.Policy
	proofs   []signature.Proof
	at       time.Time
}

func newSetup(t testing.TB) *setup {
	t.Helper()
	policy, _, err := trust.Policy("")
	if err != nil {
		t.Fatal(err)
	}
	w := theWorld()
	return &setup{world: w, policy: policy, at: epoch.Add(day),
		material: signature.Material{
			Anchors: []signature.Anchor{
				{Domain: signature.DomainOfficialDuty, DER: w.root.DER},
				{Domain: signature.DomainPublic, DER: w.tsaRoot.DER}},
			Intermediates: [][]byte{w.ca.DER},
			CRLs:          [][]byte{goodCRL(w)},
		}}
}

var goodCRL = func() func(*world) []byte {
	var once sync.Once
	var der []byte
	return func(w *world) []byte {
		once.Do(func() { der = w.ca.CRL(epoch.Add(-day), epoch.Add(300*day)) })
		return der
	}
}()

// later judges d after the epoch, with a CRL that reaches there and has the
// entries.
func (s *setup) later(d time.Duration, entries ...x509.RevocationListEntry) {
	s.at = epoch.Add(d)
	s.material.CRLs = [][]byte{s.ca.CRL(s.at.Add(-time.Hour), s.at.Add(day), entries...)}
}

// ocsp replaces the CRL by an answer of by about the person, for the window;
// revoked is zero for good.
func (s *setup) ocsp(issuer, by *st.Authority, from, to, revoked time.Time) {
	s.material.CRLs = nil
	s.material.OCSPs = [][]byte{st.OCSP(issuer, by, s.person, from, to, revoked)}
}

// stamped returns a Stamp of tsa at gen for a message.
func stamped(tsa *st.Authority, gen time.Time, change func(*st.Message)) func([]byte) [][]byte {
	return func(sig []byte) [][]byte { return [][]byte{st.Token(tsa, sig, gen, change)} }
}
