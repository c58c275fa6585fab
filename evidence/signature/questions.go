package signature

import (
	"slices"
	"time"

	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pki"
)

// Question asks an issuer about revocation: what a verdict lacks and a network
// may have. The answer, if it is one, belongs into Material; Judge then says
// what it is worth, so that a verdict stays a pure function.
type Question struct {
	// URL is what a certificate names, as written: its OCSP responder (RFC
	// 5280 4.2.2.1) or a CRL distribution point (4.2.1.13). It was written by
	// whoever made the certificate, which may be an attacker.
	URL string `json:"url"`
	// OCSP is the request to post (RFC 6960 4.1); nil asks for the CRL at URL.
	OCSP []byte `json:"ocsp,omitempty"`
}

// MaxQuestions bounds the questions of one file.
const MaxQuestions = 32

// Questions returns what to ask about the signers and time-stamping
// authorities of a file so that Judge with the same arguments knows more:
// those certificates on paths to our anchors about which nothing usable is
// known. It is pure and safe for concurrent use, like Judge. A certificate
// without a path gets no question: a stranger's file makes nobody call.
func (j *Judger) Questions(facts Facts, proofs []Proof, at time.Time) []Question {
	q := questions{session: newSession(j, &facts, proofs, at)}
	if facts.Condition != Readable {
		return nil
	}
	for i := len(facts.Signatures) - 1; i >= 0; i-- {
		if isStamp(facts.Signatures[i]) {
			q.documentStamp(facts.Signatures[i])
		}
	}
	for _, f := range facts.Signatures {
		q.signature(f)
	}
	return q.list
}

type questions struct {
	*session
	list []Question
}

func (q *questions) signature(f SignatureFacts) {
	p := q.check(f)
	if p.integrity != IntegrityIntact {
		return
	}
	if isStamp(f) {
		q.about(&p, p.info.Time)
		return
	}
	c := clock{at: q.at, claimed: f.ClaimedTime, proven: q.existence(f.Revision)}
	var noted findings
	q.attached(&noted, &p, &c)
	q.about(&p, c.reference())
	if p.cms == nil {
		return
	}
	sig := p.cms.Signer.Signature
	for _, der := range p.cms.Signer.Timestamps {
		t, _, path := q.token(der, &p, func(hash string) []byte { return cms.Sum(hash, sig) }, c.proven)
		if t.integrity == IntegrityIntact && path != nil {
			q.about(&t, t.info.Time)
		}
	}
}

// about asks for every certificate of every path that nobody vouches for.
func (q *questions) about(p *proof, ref time.Time) {
	a := q.answersFor(p.cms)
	if p.enclosing != nil {
		a = q.answersFor(p.cms, p.enclosing.cms)
	}
	for _, path := range q.paths(p.signer, p.bag).found {
		anchor := path[len(path)-1]
		for i, c := range path[:len(path)-1] {
			since := time.Time{}
			if grace := time.Duration(q.policy.GraceSeconds) * time.Second; i == 0 && grace > 0 {
				since = ref.Add(grace)
			}
			st := q.status(c, path[i+1], anchor, a, p.bag, ref, since)
			if st.revoked == nil && !st.good {
				q.ask(c, path[i+1])
			}
		}
	}
}

func (q *questions) ask(c, issuer *authority) {
	for _, url := range c.OCSPAddresses {
		q.add(Question{url, pki.OCSPRequest(c.Certificate, issuer.Certificate)})
	}
	for _, url := range c.CRLAddresses() {
		q.add(Question{URL: url})
	}
}

func (q *questions) add(one Question) {
	known := slices.ContainsFunc(q.list, func(other Question) bool {
		return other.URL == one.URL && string(other.OCSP) == string(one.OCSP)
	})
	if !known && len(q.list) < MaxQuestions {
		q.list = append(q.list, one)
	}
}
