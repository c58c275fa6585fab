package signature

import (
	"fmt"
	"sync"
	"time"

	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pki"
)

// Judge reaches a Verdict on a file from what the file says (facts), what the
// verifier brings (material, policy) and proofs of existence of the whole
// file, as of the validation time at. It is pure: the same arguments give the
// same Verdict, whenever and wherever it runs.
func Judge(facts Facts, material Material, policy Policy, proofs []Proof, at time.Time) Verdict {
	return NewJudger(material, policy).Judge(facts, proofs, at)
}

// Judger is Material and a Policy made ready for many files: certificates
// and answers are parsed once, and signatures among them are verified once.
// It gives the very verdicts of Judge and may be used concurrently.
type Judger struct {
	policy    Policy
	roster    []Signer
	anchors   []*authority
	others    []*authority // intermediates
	byName    map[string][]*authority
	crls      []*crlAnswer
	ocsps     []*ocspAnswer
	skew      time.Duration
	freshness time.Duration
	links     sync.Map // [2]Hash of kept certificates → link
	shelf     shelf
}

// NewJudger prepares material and policy. Items that cannot be parsed are of
// no use to any verdict and are left out.
func NewJudger(material Material, policy Policy) *Judger {
	j := &Judger{
		policy: policy, roster: material.Roster,
		byName:    make(map[string][]*authority),
		skew:      time.Duration(policy.ClockSkewSeconds) * time.Second,
		freshness: time.Duration(policy.FreshnessSeconds) * time.Second,
	}
	for _, a := range material.Anchors {
		if c, err := pki.ParseCertificate(a.DER); err == nil {
			a := &authority{Certificate: c, anchor: true, domain: a.Domain, ours: true, kept: true}
			a.name()
			j.add(a)
		}
	}
	for _, der := range material.Intermediates {
		if c, err := pki.ParseCertificate(der); err == nil {
			a := &authority{Certificate: c, ours: true, kept: true}
			a.name()
			j.add(a)
		}
	}
	for _, der := range material.CRLs {
		if c := parseCRL(der); c != nil {
			j.crls = append(j.crls, c)
		}
	}
	for _, der := range material.OCSPs {
		if o := j.parseOCSP(der); o != nil {
			j.ocsps = append(j.ocsps, o)
		}
	}
	return j
}

func (j *Judger) add(a *authority) {
	if a.anchor {
		j.anchors = append(j.anchors, a)
	} else {
		j.others = append(j.others, a)
	}
	j.byName[a.subjectKey] = append(j.byName[a.subjectKey], a)
}

// maxVerifications bounds the public-key operations spent on one file; an
// honest file with ten signatures, time stamps and answers needs about 100.
const maxVerifications = 1500

// session is the judgement of one file.
type session struct {
	*Judger
	facts  *Facts
	proofs []Proof
	at     time.Time
	blobs  map[Hash][]byte
	dss    []*authority
	crls   []*crlAnswer  // of the DSS
	ocsps  []*ocspAnswer // of the DSS
	budget int
	known  map[[2]Hash]link // links verified for this file
	stamps []stamp          // valid document time stamps
}

// Judge is the function Judge with the Judger's material and policy.
func (j *Judger) Judge(facts Facts, proofs []Proof, at time.Time) Verdict {
	s := newSession(j, &facts, proofs, at)
	v := Verdict{
		Policy: j.policy.ID, At: at, RosterKnown: len(j.roster) > 0,
		Signatures: make([]SignatureVerdict, len(facts.Signatures)),
	}
	// Document time stamps come first, the newest before the others: each
	// proves what it covers, earlier time stamps included (EN 319 142-2 5,
	// archive chains).
	for i := len(facts.Signatures) - 1; i >= 0; i-- {
		if isStamp(facts.Signatures[i]) {
			v.Signatures[i] = s.documentStamp(facts.Signatures[i])
		}
	}
	for i, f := range facts.Signatures {
		if !isStamp(f) {
			v.Signatures[i] = s.signature(f)
		}
	}
	v.Result, v.Reason = result(facts, v.Signatures)
	return v
}

func newSession(j *Judger, facts *Facts, proofs []Proof, at time.Time) *session {
	s := &session{Judger: j, facts: facts, at: at, budget: maxVerifications,
		blobs: make(map[Hash][]byte, len(facts.Blobs)), known: make(map[[2]Hash]link)}
	for _, b := range facts.Blobs {
		s.blobs[b.SHA256] = b.DER
	}
	for _, p := range proofs {
		// A proof from after the validation time proves nothing at it.
		if !p.At.After(at) {
			s.proofs = append(s.proofs, p)
		}
	}
	for _, h := range facts.Validation.Certificates {
		if len(s.dss) == maxStoreItems {
			break
		}
		if c, err := j.certificate(s.blobs[h]); err == nil {
			s.dss = append(s.dss, c)
		}
	}
	for i, h := range facts.Validation.CRLs {
		if c := parseCRL(s.blobs[h]); c != nil && i < maxStoreItems {
			s.crls = append(s.crls, c)
		}
	}
	for i, h := range facts.Validation.OCSPs {
		if o := j.parseOCSP(s.blobs[h]); o != nil && i < maxStoreItems {
			s.ocsps = append(s.ocsps, o)
		}
	}
	return s
}

// maxStoreItems bounds what is used of each kind from a document security
// store.
const maxStoreItems = 128

// isStamp tells document time stamps from signatures by the SubFilter, which
// says how Contents is to be read (ISO 32000-2 12.8.5).
func isStamp(f SignatureFacts) bool { return f.SubFilter == subFilterTimestamp }

// spend takes one public-key operation from the budget.
func (s *session) spend() bool {
	s.budget--
	return s.budget >= 0
}

// result derives the answer for the whole file from its parts. It does not
// look at trust, expiry or the age of algorithms. When signatures disagree
// the gravest established finding wins: a signature that fails, then a
// forbidden change, and only then "unknown", because an algorithm we lack
// makes neither of them better.
func result(facts Facts, list []SignatureVerdict) (Result, string) {
	switch facts.Condition {
	case Readable:
	case Encrypted:
		return ResultEncrypted, "the file is encrypted and does not open with the empty password"
	case Unsupported:
		return ResultUnknown, orElse(facts.Problem, "the format of the file is not supported")
	default:
		return ResultUnreadable, orElse(facts.Problem, "the file cannot be read")
	}
	if len(list) == 0 {
		return ResultUnsigned, "the file has no signature"
	}
	return worst(facts, list)
}

func worst(facts Facts, list []SignatureVerdict) (Result, string) {
	for i, v := range list {
		if v.Integrity == IntegrityBroken {
			return ResultBroken, fmt.Sprintf("signature %d: %s", i+1, v.Problem)
		}
	}
	for i, v := range list {
		if v.Integrity != IntegrityIntact {
			continue
		}
		if v.Coverage != CoverageExact {
			return ResultAltered, fmt.Sprintf("signature %d: %s", i+1, facts.Signatures[i].CoverageProblem)
		}
		if v.Changes == ChangeForbidden || v.Changes == ChangeUnknown {
			return ResultAltered, fmt.Sprintf("signature %d: %s", i+1, describe(v))
		}
	}
	for i, v := range list {
		if v.Integrity != IntegrityIntact {
			return ResultUnknown, fmt.Sprintf("signature %d: %s", i+1, v.Problem)
		}
	}
	if facts.Repaired {
		return ResultAltered, "the cross-reference data of the file is damaged: what it shows was found by searching"
	}
	return ResultIntact, ""
}

// telling orders changes of one class by how much they tell a person: what
// the pages say comes before the means by which they say it.
var telling = map[string]int{
	WhatPageAdded: 1, WhatPageContent: 2, WhatFormFill: 3, WhatAppearance: 4, WhatAnnotation: 5, WhatField: 6,
	WhatSignature: 7, WhatResource: 8, WhatCatalog: 9, WhatTrailing: 10, WhatValidation: 11, WhatMetadata: 12, WhatOther: 13,
}

// describe names the worst change after a signature, of several the first one
// of the most telling kind.
func describe(v SignatureVerdict) string {
	var best *Change
	for i := range v.ChangeList {
		c := &v.ChangeList[i]
		if c.Class == v.Changes && (best == nil || telling[c.What] < telling[best.What]) {
			best = c
		}
	}
	if best == nil {
		return "changed after signing"
	}
	s := fmt.Sprintf("changed after signing (%s): %s", best.Class, best.What)
	if best.Page > 0 {
		s += fmt.Sprintf(" on page %d", best.Page)
	}
	if best.Detail != "" {
		s += ": " + best.Detail
	}
	return s
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// gravity orders change classes from harmless to harmful.
var gravity = map[ChangeClass]int{ChangesNone: 0, ChangePermitted: 1, ChangeAnnotated: 2, ChangeUnknown: 3, ChangeForbidden: 4}

// worstChange returns the gravest class; one that we do not know is unknown.
func worstChange(list []Change) ChangeClass {
	worst := ChangesNone
	for _, c := range list {
		class := c.Class
		if _, ok := gravity[class]; !ok {
			class = ChangeUnknown
		}
		if gravity[class] > gravity[worst] {
			worst = class
		}
	}
	return worst
}

// used is what a signature rests on, for the algorithm table.
type used = cms.Used
