package pki_test

import (
	"testing"
	"time"

	"minhchung/evidence/signature/pki"
	st "minhchung/evidence/signature/signaturetest"
)

func TestDelegatedResponder(t *testing.T) {
	ca := st.Root("CA")
	who, responder := ca.Issue("A"), ca.Issue("OCSP", st.AsResponder)
	o, err := pki.ParseOCSP(st.OCSP(ca, responder, who, st.Epoch, st.Epoch.Add(st.Day), time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Certificates) != 1 {
		t.Fatalf("got %d certificates, want the responder's", len(o.Certificates))
	}
	r, c := parse(t, o.Certificates[0]), parse(t, ca.DER)
	if !o.Names(r) {
		t.Errorf("the answer does not name its responder")
	}
	if !r.MayAnswer(c) {
		t.Errorf("the responder may not answer for its issuer")
	}
	if _, err := o.CheckSignatureBy(r); err != nil {
		t.Errorf("signature: %v", err)
	}
	if got := o.Find(parse(t, who.DER), c); got == nil || !got.Good {
		t.Errorf("got %v, want good", got)
	}
	if got := o.Find(parse(t, responder.DER), c); got != nil {
		t.Errorf("got an answer about another certificate")
	}
}
