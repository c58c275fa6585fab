package signature_test

import (
	"encoding/json"
	"reflect"
	"sync"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
	st "minhchung/evidence/signature/signaturetest"
)

// TestJudgeIsPure: the same arguments give the same verdict, from Judge, from
// one Judger again and again, and from many goroutines at once.
func TestJudgeIsPure(t *testing.T) {
	s := newSetup(t)
	s.stamp(s.w.tsa, epoch, nil)
	good := s.file()
	s.msg.Signer = s.w.attackerCA.Issue("Nguyễn Văn Thử")
	s.msg.Certificates = [][]byte{s.msg.Signer.DER, s.w.attackerCA.DER}
	bad := s.file()
	s.msg.Signer, s.msg.Certificates = s.w.other, nil
	gone := s.file()
	s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(-day), epoch.Add(day), st.Revoked(s.w.other, epoch.Add(-day), 5))}
	judger := signature.NewJudger(s.material, s.policy)
	var wg sync.WaitGroup
	for i, f := range []signature.Facts{good, bad, gone} {
		want := signature.Judge(f, s.material, s.policy, nil, s.at)
		if got := want.Signatures[0].RevokedAt != nil; got != (i == 2) {
			t.Errorf("file %d: revoked %v", i, got)
		}
		for range 4 {
			wg.Go(func() {
				for range 10 {
					if got := judger.Judge(f, nil, s.at); !reflect.DeepEqual(got, want) {
						t.Errorf("got %+v, want %+v", got, want)
					}
				}
			})
		}
	}
	wg.Wait()
}

// TestVerdictJSON: no null lists, and the verdict comes back as it was.
func TestVerdictJSON(t *testing.T) {
	for _, f := range []signature.Facts{{Condition: signature.Readable}, newSetup(t).file()} {
		v := signature.Judge(f, signature.Material{}, signature.Policy{}, nil, epoch)
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back signature.Verdict
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(v, back) {
			t.Errorf("got %+v, want %+v", back, v)
		}
		for _, sv := range v.Signatures {
			if sv.Reasons == nil || sv.ChangeList == nil {
				t.Errorf("a list is null: %s", data)
			}
		}
	}
}

// TestFingerprint: one for one signature wherever it appears, another for
// another document or signer, none for a broken one.
func TestFingerprint(t *testing.T) {
	print := func(change func(s *setup)) signature.Hash {
		s := newSetup(t)
		change(s)
		return s.judge().Signatures[0].Fingerprint
	}
	base := print(func(*setup) {})
	if base.IsZero() || print(func(*setup) {}) != base {
		t.Errorf("signing the same twice by the same key gives two fingerprints, or none")
	}
	if print(func(s *setup) { s.msg.Signer = s.w.other }) == base {
		t.Errorf("another signer, the same fingerprint")
	}
	if print(func(s *setup) { s.content = []byte("khác"); s.msg.Content = s.content }) == base {
		t.Errorf("another document, the same fingerprint")
	}
	if !print(func(s *setup) { s.msg.BadSignature = true }).IsZero() {
		t.Errorf("a broken signature has a fingerprint")
	}
}

// TestManySignatures: the work on one file is bounded; what lies behind the
// bound is unknown, never intact.
func TestManySignatures(t *testing.T) {
	s := newSetup(t)
	s.msg.Signer, s.msg.Certificates = s.w.rsa, nil
	f := s.file()
	for len(f.Signatures) < 2000 {
		f.Signatures = append(f.Signatures, f.Signatures[0])
	}
	v := signature.Judge(f, s.material, s.policy, nil, s.at)
	if v.Result != signature.ResultUnknown || v.Signatures[0].Integrity != signature.IntegrityIntact {
		t.Errorf("got %s, first %s; want unknown, first intact", v.Result, v.Signatures[0].Integrity)
	}
}

func FuzzJudge(f *testing.F) {
	s := newSetup(f)
	add := func(change func(m *st.Message)) {
		m := s.msg
		change(&m)
		der, _ := m.Sign()
		f.Add(der, s.w.signer.DER, s.material.CRLs[0], uint8(0))
	}
	add(func(*st.Message) {})
	add(func(m *st.Message) { m.Indefinite, m.ESSv1 = true, true })
	add(func(m *st.Message) {
		m.Stamp = func(sig []byte) [][]byte { return [][]byte{st.Token(s.w.tsa, sig, epoch, nil)} }
	})
	f.Add(st.Token(s.w.tsa, s.content, epoch, nil), s.w.tsa.DER, s.material.CRLs[0], uint8(2))
	formats := []string{"adbe.pkcs7.detached", "ETSI.CAdES.detached", "ETSI.RFC3161", "adbe.pkcs7.sha1", "adbe.x509.rsa_sha1"}
	judger := signature.NewJudger(s.material, s.policy)
	f.Fuzz(func(t *testing.T, der, cert, answer []byte, format uint8) {
		s := *s
		s.subFilter = formats[int(format)%len(formats)]
		s.facts = func(f *signature.Facts) {
			h := addBlob(f, cert)
			f.Signatures[0].Certificate = h
			f.Validation.Certificates = []signature.Hash{h}
			f.Validation.CRLs = []signature.Hash{addBlob(f, answer)}
			f.Validation.OCSPs = f.Validation.CRLs
		}
		facts := s.fileWith(der)
		v := judger.Judge(facts, nil, s.at)
		sv := v.Signatures[0]
		if (v.Result == signature.ResultIntact) != (sv.Integrity == signature.IntegrityIntact) {
			t.Errorf("result %s with integrity %s", v.Result, sv.Integrity)
		}
		// Nothing passes with bytes that were not signed.
		for name := range facts.Signatures[0].Digests {
			facts.Signatures[0].Digests[name] = make([]byte, cms.NewHash(name).Size())
		}
		if v := judger.Judge(facts, nil, s.at); v.Result == signature.ResultIntact {
			t.Errorf("intact with other bytes")
		}
	})
}
