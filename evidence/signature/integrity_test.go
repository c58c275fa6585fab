package signature_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"testing"
	"time"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

const (
	intact, broken, altered, unknown = signature.ResultIntact, signature.ResultBroken, signature.ResultAltered, signature.ResultUnknown

	passed  = "TOTAL-PASSED"
	format  = "TOTAL-FAILED/FORMAT_FAILURE"
	hash    = "TOTAL-FAILED/HASH_FAILURE"
	crypt   = "TOTAL-FAILED/SIG_CRYPTO_FAILURE"
	noCert  = "INDETERMINATE/NO_SIGNING_CERTIFICATE_FOUND"
	noChain = "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND"
)

// row is one case of a table: change turns a sound signature into the case.
type row struct {
	name    string
	change  func(s *setup)
	result  signature.Result
	status  string
	reasons []string
}

func runRows(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := newSetup(t)
			r.change(s)
			check(t, s.judge(), r.result, r.status, r.reasons...)
		})
	}
}

func TestIntegrity(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(nil)
	attacker := func(s *setup) *st.Authority { return s.w.attackerCA.Issue("Nguyễn Văn Thử") }
	runRows(t, []row{
		{"sound", func(s *setup) {}, intact, passed, nil},
		{"sound, pkcs7.detached", func(s *setup) { s.subFilter = "adbe.pkcs7.detached" }, intact, passed, nil},
		{"RSA", func(s *setup) { s.msg.Signer = s.w.rsa }, intact, passed, nil},
		{"RSA, sha256WithRSA", func(s *setup) { s.msg.Signer, s.msg.SignatureOID = s.w.rsa, "1.2.840.113549.1.1.11" }, intact, passed, nil},
		{"RSA-PSS", func(s *setup) { s.msg.Signer, s.msg.PSS = s.w.rsa, true }, intact, passed, nil},
		{"SHA-512", func(s *setup) { s.msg.Hash = crypto.SHA512 }, intact, passed, nil},
		{"SHA3-256", func(s *setup) { s.msg.Hash = crypto.SHA3_256 }, intact, passed, nil},
		{"Ed25519", func(s *setup) {
			s.msg.Signer, s.msg.Hash = s.w.ca.IssueKey("Ed", ed), crypto.SHA512
		}, intact, passed, nil},
		{"by key identifier", func(s *setup) { s.msg.ByKeyID = true }, intact, passed, nil},
		{"BER, indefinite lengths", func(s *setup) { s.msg.Indefinite = true }, intact, passed, nil},
		{"ESS version 1", func(s *setup) { s.msg.ESSv1 = true }, intact, passed, nil},
		{"no ESS", func(s *setup) { s.msg.NoESS = true }, intact, passed, nil},
		{"no signed attributes", func(s *setup) { s.msg.NoAttrs = true }, intact, passed, nil},
		{"attributes unsorted, signed as encoded", func(s *setup) { s.msg.Unsorted = true }, intact, passed, []string{"unsorted-attributes"}},
		{"attributes unsorted, signed in order", func(s *setup) { s.msg.Unsorted, s.msg.SignSorted = true, true }, intact, passed, []string{"unsorted-attributes"}},

		{"content changed", func(s *setup) { s.content = []byte("%PDF-1.7 khác") }, broken, hash, []string{"digest"}},
		{"content changed, no attributes", func(s *setup) { s.content, s.msg.NoAttrs = []byte("khác"), true }, broken, crypt, []string{"digest"}},
		{"wrong message-digest", func(s *setup) { s.msg.WrongDigest = true }, broken, hash, []string{"digest"}},
		{"bad signature value", func(s *setup) { s.msg.BadSignature = true }, broken, crypt, []string{"digest"}},
		{"no message-digest", func(s *setup) { s.msg.NoDigest = true }, broken, format, []string{"malformed"}},
		{"message-digest twice", func(s *setup) { s.msg.TwiceDigest = true }, broken, format, []string{"malformed"}},
		{"another content-type", func(s *setup) { s.msg.WrongType = true }, broken, format, []string{"malformed"}},
		{"no attributes, content not id-data", func(s *setup) {
			s.msg.NoAttrs, s.msg.ContentType = true, "1.2.840.113549.1.9.16.1.1"
		}, broken, format, []string{"malformed"}},
		{"two SignerInfos", func(s *setup) { s.msg.TwoSigners = true }, broken, format, []string{"malformed"}},
		{"eContent in a detached signature", func(s *setup) { s.msg.Embed = true }, broken, format, []string{"malformed"}},
		{"empty eContent in a detached signature", func(s *setup) { s.msg.EmbedOther = []byte{} }, broken, format, []string{"malformed"}},
		{"eContent of the signer, other bytes in the file", func(s *setup) {
			s.msg.Embed, s.content = true, []byte("%PDF-1.7 khác")
		}, broken, format, []string{"malformed"}},
		{"sid of nobody here", func(s *setup) { s.msg.SID = attacker(s) }, broken, noCert, []string{"malformed"}},
		{"sid of another certificate here", func(s *setup) {
			s.msg.SID, s.msg.Certificates = s.w.other, [][]byte{s.w.signer.DER, s.w.other.DER}
		}, broken, crypt, []string{"digest"}},
		{"ESS of another certificate", func(s *setup) { s.msg.ESS = s.w.other }, broken, noCert, []string{"malformed"}},
		{"victim's certificate first", func(s *setup) {
			s.msg.Signer = st.SelfSigned("Kẻ Giả Mạo")
			s.msg.Certificates = [][]byte{s.w.signer.DER, s.msg.Signer.DER}
		}, intact, noChain, []string{"untrusted"}},
		{"victim's certificate first and as sid", func(s *setup) {
			s.msg.Signer, s.msg.SID = st.SelfSigned("Kẻ Giả Mạo"), s.w.signer
			s.msg.Certificates = [][]byte{s.w.signer.DER, s.msg.Signer.DER}
		}, broken, crypt, []string{"digest"}},
		{"attacker's certificate with the victim's issuer and serial number", func(s *setup) {
			s.msg.Signer = s.w.attackerCA.Issue("Nguyễn Văn Thử", func(c *x509.Certificate) {
				c.SerialNumber = s.w.signer.Cert.SerialNumber
			})
			s.msg.Certificates = [][]byte{s.w.signer.DER, s.msg.Signer.DER}
		}, intact, "INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE", []string{"untrusted"}},
		{"digest and signature algorithm disagree", func(s *setup) {
			s.msg.Signer, s.msg.SignatureOID = s.w.rsa, "1.2.840.113549.1.1.5"
		}, broken, format, []string{"malformed"}},
		{"RSA algorithm, ECDSA key", func(s *setup) { s.msg.SignatureOID = "1.2.840.113549.1.1.11" }, broken, format, []string{"malformed"}},
		{"unknown digest algorithm", func(s *setup) { s.msg.DigestOID = "1.2.3.4.5" }, unknown, "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", []string{"unsupported"}},
		{"MD5", func(s *setup) { s.msg.DigestOID = "1.2.840.113549.2.5" }, unknown, "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", []string{"unsupported"}},
		{"unknown signature algorithm", func(s *setup) { s.msg.SignatureOID = "1.2.3.4.5" }, unknown, "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", []string{"unsupported"}},
		{"unknown format", func(s *setup) { s.subFilter = "PBAD.PAdES" }, unknown, "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", []string{"unsupported"}},
	})
}

func TestIntegrityOfOlderFormats(t *testing.T) {
	t.Run("adbe.pkcs7.sha1", func(t *testing.T) {
		for _, r := range []struct {
			name   string
			file   string
			result signature.Result
			status string
		}{
			{"sound", "tệp", intact, "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE"},
			{"changed", "khác", broken, hash},
		} {
			s := newSetup(t)
			s.subFilter, s.content = "adbe.pkcs7.sha1", []byte(r.file)
			s.msg.Content, s.msg.Embed, s.msg.Hash = sha1Of("tệp"), true, crypto.SHA1
			v := s.judge()
			if v.Result != r.result {
				t.Errorf("%s: got %s (%s), want %s", r.name, v.Result, v.Reason, r.result)
			}
			if got := string(v.Signatures[0].Indication) + "/" + string(v.Signatures[0].Subindication); got != r.status {
				t.Errorf("%s: got %s, want %s", r.name, got, r.status)
			}
		}
	})
	t.Run("adbe.x509.rsa_sha1", func(t *testing.T) {
		for _, file := range []string{"tệp", "khác"} {
			s := newSetup(t)
			s.subFilter, s.content = "adbe.x509.rsa_sha1", []byte(file)
			sum := crypto.SHA256.New()
			sum.Write([]byte("tệp"))
			sig, err := s.w.rsa.Key.Sign(nil, sum.Sum(nil), crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			s.facts = func(f *signature.Facts) { f.Signatures[0].Certificate = addBlob(f, s.w.rsa.DER) }
			f := s.fileWith(append([]byte{4, 0x82, 1, 0}, sig...))
			v := signature.Judge(f, s.material, s.policy, nil, s.at)
			want, status := intact, passed
			if file != "tệp" {
				want, status = broken, crypt
			}
			if status == passed {
				check(t, v, want, status)
			} else {
				check(t, v, want, status, "digest")
			}
		}
	})
}

func sha1Of(s string) []byte {
	h := crypto.SHA1.New()
	h.Write([]byte(s))
	return h.Sum(nil)
}

// TestResult covers what does not come from the CMS: coverage, changes, the
// file's condition, and which finding wins.
func TestResult(t *testing.T) {
	change := func(class signature.ChangeClass) func(*setup) {
		return func(s *setup) {
			s.facts = func(f *signature.Facts) {
				f.Signatures[0].Changes = []signature.Change{{What: signature.WhatPageContent, Class: class, Page: 2}}
			}
		}
	}
	facts := func(g func(f *signature.Facts)) func(*setup) { return func(s *setup) { s.facts = g } }
	runRows(t, []row{
		{"permitted change", change(signature.ChangePermitted), intact, passed, nil},
		{"annotated", change(signature.ChangeAnnotated), intact, passed, nil},
		{"unknown change", change(signature.ChangeUnknown), altered, "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", []string{"change-unclear"}},
		{"change of an unheard-of class", change("harmless"), altered, "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", []string{"change-unclear"}},
		{"forbidden change", change(signature.ChangeForbidden), altered, format, []string{"altered"}},
		{"coverage", facts(func(f *signature.Facts) { f.Signatures[0].CoverageProblem = "bytes after the range" }), altered, format, []string{"coverage"}},
		{"no digests", facts(func(f *signature.Facts) { f.Signatures[0].Digests = nil }), broken, "INDETERMINATE/SIGNED_DATA_NOT_FOUND", []string{"malformed"}},
		{"contents not BER", facts(func(f *signature.Facts) { f.Signatures[0].ContentsProblem = "Contents is missing" }), broken, format, []string{"malformed"}},
		{"CMS blob missing", facts(func(f *signature.Facts) { f.Blobs = nil }), broken, format, []string{"malformed"}},
		{"repaired", facts(func(f *signature.Facts) { f.Repaired = true }), altered, passed, nil},
		{"broken beats altered", func(s *setup) {
			change(signature.ChangeForbidden)(s)
			s.content = []byte("khác")
		}, broken, hash, []string{"digest", "altered"}},
		{"broken beats unknown", facts(func(f *signature.Facts) {
			f.Signatures = append(f.Signatures, f.Signatures[0], f.Signatures[0])
			f.Signatures[1].SubFilter, f.Signatures[2].ContentsProblem = "x", "missing"
		}), broken, passed, nil},
		{"unknown beside a sound one", facts(func(f *signature.Facts) {
			f.Signatures = append(f.Signatures, f.Signatures[0])
			f.Signatures[1].SubFilter = "x"
		}), unknown, passed, nil},
	})
	for condition, want := range map[signature.Condition]signature.Result{
		signature.Encrypted: signature.ResultEncrypted, signature.Damaged: signature.ResultUnreadable,
		signature.OverLimit: signature.ResultUnreadable, signature.Unsupported: signature.ResultUnknown,
		signature.Readable: signature.ResultUnsigned,
	} {
		v := signature.Judge(signature.Facts{Condition: condition}, signature.Material{}, signature.Policy{}, nil, time.Time{})
		if v.Result != want {
			t.Errorf("%s: got %s, want %s", condition, v.Result, want)
		}
	}
}
