package worker

import "minhchung/evidence/signature"

// The fields of request and answer, in the order in which they travel. A test
// fails when a type gains a field that is not carried.

func (r *request) fields(c *coder) {
	list(c, &r.Proofs, func(c *coder, p *signature.Proof) {
		c.time(&p.At)
		str(c, &p.Source)
	})
	c.time(&r.At)
	c.bool(&r.Ask)
}

func (a *answerMessage) fields(c *coder) {
	facts(c, &a.Facts)
	verdict(c, &a.Verdict)
	list(c, &a.Questions, func(c *coder, q *signature.Question) {
		str(c, &q.URL)
		c.bytes(&q.OCSP)
	})
}

func facts(c *coder, f *signature.Facts) {
	str(c, &f.Reader)
	c.hash(&f.SHA256)
	c.number(&f.Size)
	str(c, &f.Format)
	str(c, &f.Condition)
	str(c, &f.Problem)
	c.bool(&f.Repaired)
	c.int(&f.Pages)
	c.bool(&f.ImageOnly)
	list(c, &f.Revisions, func(c *coder, r *signature.Revision) { c.number(&r.End) })
	list(c, &f.Signatures, signatureFacts)
	list(c, &f.Blobs, func(c *coder, b *signature.Blob) {
		c.hash(&b.SHA256)
		c.bytes(&b.DER)
	})
	list(c, &f.Validation.Certificates, (*coder).hash)
	list(c, &f.Validation.CRLs, (*coder).hash)
	list(c, &f.Validation.OCSPs, (*coder).hash)
}

func signatureFacts(c *coder, s *signature.SignatureFacts) {
	str(c, &s.Kind)
	str(c, &s.Field)
	str(c, &s.SubFilter)
	c.int(&s.Revision)
	list(c, &s.ByteRange, (*coder).number)
	str(c, &s.CoverageProblem)
	c.digests(&s.Digests)
	c.hash(&s.CMS)
	c.hash(&s.Certificate)
	str(c, &s.ContentsProblem)
	maybe(c, &s.ClaimedTime, (*coder).time)
	str(c, &s.Reason)
	str(c, &s.Name)
	c.int(&s.Permission)
	list(c, &s.Changes, change)
}

func change(c *coder, v *signature.Change) {
	c.int(&v.Revision)
	str(c, &v.Object)
	c.int(&v.Page)
	str(c, &v.What)
	str(c, &v.Class)
	str(c, &v.Rule)
	str(c, &v.Detail)
}

func verdict(c *coder, v *signature.Verdict) {
	str(c, &v.Result)
	str(c, &v.Reason)
	list(c, &v.Signatures, signatureVerdict)
	str(c, &v.Policy)
	c.bool(&v.RosterKnown)
	c.time(&v.At)
}

func signatureVerdict(c *coder, s *signature.SignatureVerdict) {
	str(c, &s.Kind)
	str(c, &s.SubFilter)
	str(c, &s.Field)
	str(c, &s.Integrity)
	str(c, &s.Problem)
	str(c, &s.Coverage)
	str(c, &s.Changes)
	list(c, &s.ChangeList, change)
	str(c, &s.Indication)
	str(c, &s.Subindication)
	maybe(c, &s.Signer, signer)
	str(c, &s.TrustDomain)
	maybe(c, &s.ClaimedTime, (*coder).time)
	maybe(c, &s.ProvenTime, (*coder).time)
	str(c, &s.ProvenBy)
	maybe(c, &s.RevokedAt, (*coder).time)
	str(c, &s.Revocation)
	c.bool(&s.OnRoster)
	c.hash(&s.Fingerprint)
	str(c, &s.SignaturePolicy)
	str(c, &s.MessageDigest)
	list(c, &s.Reasons, func(c *coder, r *string) { str(c, r) })
}

func signer(c *coder, s *signature.SignerInfo) {
	str(c, &s.Subject)
	str(c, &s.Issuer)
	str(c, &s.Serial)
	str(c, &s.Role)
	str(c, &s.Name)
	c.hash(&s.Certificate)
	c.hash(&s.Key)
	c.time(&s.NotBefore)
	c.time(&s.NotAfter)
	list(c, &s.Policies, func(c *coder, p *string) { str(c, p) })
}

// encode writes the fields of a request or an answer.
func encode(m interface{ fields(*coder) }) ([]byte, error) { return appendTo(nil, m) }

// appendTo is encode into a buffer that is there.
func appendTo(buf []byte, m interface{ fields(*coder) }) ([]byte, error) {
	c := &coder{writing: true, buf: buf}
	m.fields(c)
	return c.buf, c.end()
}

// decode reads what encode wrote, and nothing else.
func decode(raw []byte, m interface{ fields(*coder) }) error {
	c := &coder{buf: raw}
	m.fields(c)
	return c.end()
}
