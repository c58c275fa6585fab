package etsi

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
)

// reporter writes about one file.
type reporter struct {
	facts   signature.Facts
	verdict signature.Verdict
	policy  signature.Hash
	objects *objects
}

// signature reports on the i-th signature (TS 119 102-2 4.2).
func (r *reporter) signature(i int) signatureReport {
	f, v := r.facts.Signatures[i], r.verdict.Signatures[i]
	sd := r.objects.cms[f.CMS]
	out := signatureReport{
		Identifier:  identify(i, sd),
		Constraints: r.constraints(v),
		Time:        r.time(v),
		Document:    r.document(f, v),
		Attributes:  attributesOf(f, v, sd),
		Status:      r.status(f, v),
	}
	out.Process.ID = urnProcess
	if v.Signer != nil {
		out.Signer = &signer{r.objects.certificate(v.Signer.Certificate), v.Signer.Subject}
	}
	return out
}

// identify names the signature by what was signed and the signature value
// (4.2.3). What was signed are the signed attributes as encoded.
func identify(i int, sd *cms.SignedData) *identifier {
	id := &identifier{ID: fmt.Sprintf("S-%d", i+1)}
	if sd == nil {
		return id
	}
	if name := sd.Signer.DigestAlgorithm.DigestName(); methods[name] != "" && sd.Signer.SignedAttrs != nil {
		id.Digest = digestOf(name, cms.Sum(name, sd.Signer.SignedAttrs))
	}
	id.Value = base64.StdEncoding.EncodeToString(sd.Signer.Signature)
	return id
}

// time is the validation time and the best signature time (4.2.7): the
// earliest proven one, else the validation time.
func (r *reporter) time(v signature.SignatureVerdict) *timeInfo {
	t := &timeInfo{stamp(r.verdict.At), poe{stamp(r.verdict.At), urnPOE + "validation"}}
	if v.ProvenTime != nil {
		t.Best.Time = stamp(*v.ProvenTime)
		if v.ProvenBy != "timestamp" {
			t.Best.Type = urnPOE + "provided" // by the ledger or an exchange receipt
		}
	}
	return t
}

// document is what the signature covers (4.2.8): the digest of its ranges in
// the hash function of the CMS, and the file they are part of.
func (r *reporter) document(f signature.SignatureFacts, v signature.SignatureVerdict) *document {
	d := &document{}
	if signed, err := hex.DecodeString(v.MessageDigest); err == nil {
		for name, sum := range f.Digests {
			if string(sum) == string(signed) {
				d.Digest = digestOf(name, sum)
			}
		}
	}
	if r.objects.ids[idDocument] {
		d.Representation = &reference{idDocument}
	}
	if d.Digest == nil && d.Representation == nil {
		return nil
	}
	return d
}

// attributesOf lists the attributes of dictionary and CMS (annex A). The
// dictionary stands inside the signed bytes, so that all of it is signed.
func attributesOf(f signature.SignatureFacts, v signature.SignatureVerdict, sd *cms.SignedData) *attributes {
	a := &attributes{ByteRange: strings.Trim(fmt.Sprint(f.ByteRange), "[]")}
	a.SubFilter.Signed, a.SubFilter.Text = true, f.SubFilter
	if v.ClaimedTime != nil {
		a.SigningTime = &struct {
			Signed bool   `xml:"Signed,attr"`
			Time   string `xml:"vr:Time"`
		}{true, stamp(*v.ClaimedTime)}
	}
	if f.Reason != "" {
		a.Reason = &struct {
			Signed bool   `xml:"Signed,attr"`
			Text   string `xml:"vr:ReasonElement"`
		}{true, f.Reason}
	}
	if f.Name != "" {
		a.Name = &struct {
			Signed bool   `xml:"Signed,attr"`
			Text   string `xml:"vr:NameElement"`
		}{true, f.Name}
	}
	if sd != nil {
		a.fromCMS(sd)
	}
	return a
}

func (a *attributes) fromCMS(sd *cms.SignedData) {
	s := sd.Signer
	if sum := s.Attributes.MessageDigest; sum != nil {
		a.MessageDigest = &struct {
			Signed bool   `xml:"Signed,attr"`
			Digest string `xml:"vr:Digest"`
		}{true, base64.StdEncoding.EncodeToString(sum)}
	}
	for _, ess := range s.Attributes.SigningCertificate {
		if d := digestOf(ess.Hash.DigestName(), ess.Sum); d != nil {
			a.SigningCertificate = &struct {
				Signed bool   `xml:"Signed,attr"`
				Digest digest `xml:"vr:CertID"`
			}{true, *d}
		}
	}
	for _, der := range s.Timestamps {
		token, err := cms.Parse(der)
		if err != nil {
			continue // a finding of the verdict
		}
		if info, err := cms.ParseTSTInfo(token.Content); err == nil {
			a.TimeStamps = append(a.TimeStamps, stampAttribute{reference{idTimestamp + signature.HashOf(der).String()}, stamp(info.Time)})
		}
	}
}

// status is the conclusion (4.2.12) with what it rests on.
func (r *reporter) status(f signature.SignatureFacts, v signature.SignatureVerdict) status {
	s := conclusion(v.Indication, v.Subindication)
	d := &statusData{}
	if v.Signer != nil {
		ref := r.objects.certificate(v.Signer.Certificate)
		d.Chain = &chain{ref}
		if v.RevokedAt != nil {
			d.Revocation = &revocation{ref, stamp(*v.RevokedAt)}
		}
	}
	more := func(kind, text string) {
		if text == "" {
			return
		}
		x := reportData{Type: urnData + kind}
		x.Value.Type, x.Value.Text = "xs:string", text
		d.More = append(d.More, x)
	}
	more("integrity", string(v.Integrity))
	more("coverage", string(v.Coverage))
	more("changes", string(v.Changes))
	more("trust-domain", string(v.TrustDomain))
	more("revocation", v.Revocation)
	more("problem", v.Problem)
	more("coverage-problem", f.CoverageProblem)
	for _, code := range v.Reasons {
		what, _ := signature.Sentence(code, "en")
		more("reason", code+": "+what)
	}
	for _, c := range v.ChangeList {
		more("change", strings.Join(strings.Fields(fmt.Sprintf("%s %s revision %d object %s page %d %s %s", c.Class, c.What, c.Revision, c.Object, c.Page, c.Rule, c.Detail)), " "))
	}
	s.Data = d
	return s
}

func conclusion(main signature.Indication, sub signature.Subindication) status {
	s := status{Main: urnMain + strings.ToLower(string(main))}
	if sub != "" {
		s.Sub = urnSub + string(sub)
	}
	return s
}
