package signature_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
	st "minhchung/evidence/signature/signaturetest"
	"minhchung/evidence/signature/trust"
)

const day = st.Day

// epoch is when most test signatures are made; see signaturetest.Epoch.
var epoch = st.Epoch

// world is the test PKI: an anchored hierarchy with a signer and a TSA, and
// an attacker's with the same names.
type world struct {
	root, ca, signer, other, rsa *st.Authority
	tsaRoot, tsa, responder      *st.Authority
	attackerRoot, attackerCA     *st.Authority // the names of root and ca, keys of their own
	short                        *st.Authority // its certificate expires at epoch+100 d
}

var theWorld = sync.OnceValue(func() *world {
	w := new(world)
	w.root = st.Root("Gốc thử nghiệm", st.Valid(epoch.Add(-3000*day), epoch.Add(3000*day)))
	w.ca = w.root.Issue("CA thử nghiệm", st.AsCA, st.Valid(epoch.Add(-2000*day), epoch.Add(3000*day)))
	w.signer = w.ca.Issue("Nguyễn Văn Thử")
	w.other = w.ca.Issue("Trần Thị Mẫu")
	w.rsa = w.ca.IssueKey("Lê Văn Kiểm", st.RSAKey(2048))
	w.short = w.ca.Issue("Phạm Văn Hạn", st.Valid(epoch.Add(-100*day), epoch.Add(100*day)))
	w.responder = w.ca.Issue("OCSP thử nghiệm", st.AsResponder)
	w.tsaRoot = st.Root("Gốc dấu thời gian", st.Valid(epoch.Add(-3000*day), epoch.Add(3000*day)))
	w.tsa = w.tsaRoot.Issue("TSA thử nghiệm", st.AsTSA)
	w.attackerRoot = st.Root("Gốc thử nghiệm")
	w.attackerCA = w.attackerRoot.Issue("CA thử nghiệm", st.AsCA)
	return w
})

// setup is one signature and what it is judged with. Its defaults are a sound
// signature that passes.
type setup struct {
	w         *world
	msg       st.Message
	subFilter string
	content   []byte // the bytes of the file that are signed
	material  signature.Material
	policy    signature.Policy
	proofs    []signature.Proof
	at        time.Time
	claimedM  *time.Time
	facts     func(*signature.Facts) // a last change
}

func newSetup(t testing.TB) *setup {
	w := theWorld()
	policy, _, err := trust.Policy("")
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("%PDF-1.7 công văn thử nghiệm")
	return &setup{
		w: w, content: content, subFilter: "ETSI.CAdES.detached", policy: policy, at: epoch.Add(time.Hour),
		msg: st.Message{Signer: w.signer, Content: content, SigningTime: epoch},
		material: signature.Material{
			Anchors: []signature.Anchor{
				{Domain: signature.DomainOfficialDuty, DER: w.root.DER},
				{Domain: signature.DomainPublic, DER: w.tsaRoot.DER}},
			Intermediates: [][]byte{w.ca.DER},
			CRLs:          [][]byte{w.ca.CRL(epoch.Add(-day), epoch.Add(300*day))},
		},
	}
}

// later judges d after the epoch, with a CRL that reaches there; entries are
// on it.
func (s *setup) later(d time.Duration, entries ...x509.RevocationListEntry) {
	s.at = epoch.Add(d)
	s.material.CRLs = [][]byte{s.w.ca.CRLWith(s.at.Add(-time.Hour), s.at.Add(day), nil, entries...)}
}

// stamp puts a time stamp of tsa over the signature into the message.
func (s *setup) stamp(tsa *st.Authority, gen time.Time, change func(*st.Message)) {
	s.msg.Stamp = func(sig []byte) [][]byte { return [][]byte{st.Token(tsa, sig, gen, change)} }
}

// file builds the facts that a reader would find.
func (s *setup) file() signature.Facts {
	der, _ := s.msg.Sign()
	return s.fileWith(der)
}

func (s *setup) fileWith(der []byte) signature.Facts {
	blob := signature.Blob{SHA256: signature.HashOf(der), DER: der}
	sig := signature.SignatureFacts{Kind: signature.KindSignature, Field: "Ký1", SubFilter: s.subFilter,
		CMS: blob.SHA256, Digests: map[string][]byte{}, ClaimedTime: s.claimedM,
		ByteRange: []int64{0, 1, 2, 3}}
	for _, name := range cms.Digests(der) {
		sig.Digests[name] = cms.Sum(name, s.content)
	}
	f := signature.Facts{Reader: "test/1", Format: "pdf", Condition: signature.Readable, Pages: 1,
		Revisions:  []signature.Revision{{End: int64(len(s.content))}},
		Signatures: []signature.SignatureFacts{sig}, Blobs: []signature.Blob{blob}}
	if s.facts != nil {
		s.facts(&f)
	}
	return f
}

// addBlob gives the facts another object, and its hash.
func addBlob(f *signature.Facts, der []byte) signature.Hash {
	b := signature.Blob{SHA256: signature.HashOf(der), DER: der}
	f.Blobs = append(f.Blobs, b)
	return b.SHA256
}

// addStamp appends a document time stamp in a revision of its own.
func addStamp(f *signature.Facts, w *world, gen time.Time, crls ...[]byte) {
	covered := []byte("everything up to revision " + strings.Repeat("i", len(f.Revisions)))
	der := st.Token(w.tsa, covered, gen, func(m *st.Message) { m.CRLs = crls })
	f.Revisions = append(f.Revisions, signature.Revision{End: 1000 + int64(len(f.Revisions))})
	f.Signatures = append(f.Signatures, signature.SignatureFacts{Kind: signature.KindTimestamp,
		SubFilter: "ETSI.RFC3161", Revision: len(f.Revisions) - 1, CMS: addBlob(f, der),
		Digests: map[string][]byte{"SHA-256": cms.Sum("SHA-256", covered)}})
}

func (s *setup) judge() signature.Verdict {
	return signature.Judge(s.file(), s.material, s.policy, s.proofs, s.at)
}

// want is what a row of a table expects of the first signature: "IND",
// "IND/SUB", then the reasons.
func check(t *testing.T, v signature.Verdict, result signature.Result, status string, reasons ...string) {
	t.Helper()
	sv := v.Signatures[0]
	got := string(sv.Indication)
	if sv.Subindication != "" {
		got += "/" + string(sv.Subindication)
	}
	if v.Result != result {
		t.Errorf("result: got %s (%s), want %s", v.Result, v.Reason, result)
	}
	if got != status {
		t.Errorf("status: got %s %v (%s), want %s", got, sv.Reasons, sv.Problem, status)
	}
	if !slices.Equal(sv.Reasons, reasons) && len(sv.Reasons)+len(reasons) > 0 {
		t.Errorf("reasons: got %v, want %v", sv.Reasons, reasons)
	}
	if (sv.Signer != nil) != (sv.Integrity == signature.IntegrityIntact) {
		t.Errorf("signer: got %v with integrity %s", sv.Signer, sv.Integrity)
	}
}

func ext(critical bool, id []int, value ...byte) pkix.Extension {
	return pkix.Extension{Id: id, Critical: critical, Value: value}
}
