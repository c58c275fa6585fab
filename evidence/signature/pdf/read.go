package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pdf/syntax"
)

// Reader is the name and version of this reader. A change of what it finds in
// a file is a new version.
const Reader = "pdf/3"

// Read returns the facts of a PDF file. It never fails and never panics: a
// file that is not a PDF, is broken, too large for the limits or encrypted
// with a password says so in its Condition. data must not be changed while
// Read runs; it may be called concurrently.
func Read(data []byte, limits syntax.Limits) (facts signature.Facts) {
	d := digester{data: data}
	base := signature.Facts{Reader: Reader, Size: int64(len(data)), Format: "pdf", Condition: signature.Readable}
	defer func() {
		// The last resort: a fault of ours must not end the process that
		// reads thousands of files, nor be taken for a sound file.
		if p := recover(); p != nil {
			facts = base
			facts.SHA256 = signature.HashOf(data)
			facts.Condition = signature.Damaged
			facts.Problem = fmt.Sprintf("the reader stopped on this file: %.200v", p)
		}
	}()
	file, err := syntax.Open(data, limits)
	if err != nil {
		facts = base
		facts.SHA256 = signature.HashOf(data)
		facts.Condition, facts.Problem = condition(err)
		return facts
	}
	r := reader{file: file, facts: base, digester: &d}
	r.read()
	return r.facts
}

// condition maps an error of the object reader to what it says of the file.
func condition(err error) (signature.Condition, string) {
	switch {
	case errors.Is(err, syntax.ErrOverLimit):
		return signature.OverLimit, clean(err.Error())
	case errors.Is(err, syntax.ErrEncrypted):
		return signature.Encrypted, clean(err.Error())
	}
	return signature.Damaged, clean(err.Error())
}

// reader puts the facts of one file together.
type reader struct {
	file     *syntax.File
	facts    signature.Facts
	digester *digester
	blobs    blobs
	// encryptedPadding is set when the zeros behind a signature are encrypted.
	encryptedPadding bool
	pending          []pending
	chain            []signature.Hash // certificates of adbe.x509.rsa_sha1 behind the first
}

// pending is a signature whose digests are still to be computed.
type pending struct {
	field *sigField
	facts signature.SignatureFacts
	jobs  map[string]*job
}

func (r *reader) read() {
	for _, v := range r.file.Revisions() {
		r.facts.Revisions = append(r.facts.Revisions, signature.Revision{End: v.End})
	}
	c := collect(r.file)
	usageRights := c.orphans()
	for _, s := range c.fields {
		r.pending = append(r.pending, r.signature(s))
	}
	store := dss(r.file, &r.blobs)
	r.facts.Validation = store.data
	r.facts.Validation.Certificates = append(r.facts.Validation.Certificates, r.chain...)
	r.facts.SHA256 = r.digester.run()
	var complete bool
	r.facts.Pages, r.facts.ImageOnly, complete = surveyPages(r.file.Last())
	history := newHistory(r.file)
	for _, p := range r.pending {
		for name, j := range p.jobs {
			if j.sum != nil {
				p.facts.Digests[name] = j.sum
			}
		}
		p.facts.Changes = history.after(p.field)
		r.facts.Signatures = append(r.facts.Signatures, p.facts)
	}
	slices.SortStableFunc(r.facts.Signatures, func(a, b signature.SignatureFacts) int {
		return int(uint(a.Revision)>>1) - int(uint(b.Revision)>>1) // -1 is last
	})
	r.facts.Blobs = r.blobs.list
	r.conclude(c, store, complete, usageRights)
}

// conclude sets the condition and the problem.
func (r *reader) conclude(c *collector, store *store, complete bool, usageRights int) {
	r.facts.Repaired = r.file.Repaired
	switch {
	case r.file.Exhausted():
		r.facts.Condition, r.facts.Problem = signature.OverLimit, "the file needs more work than the reader's limits allow"
	case r.digester.over:
		r.facts.Condition, r.facts.Problem = signature.OverLimit, "the signatures cover more bytes in different ways than the reader's limits allow"
	case c.overflow:
		r.facts.Condition, r.facts.Problem = signature.OverLimit, "the form has more fields or levels than the reader's limits allow"
	case len(r.facts.Signatures) == 0 && cutOff(r.file):
		// Not "unsigned": the part that is missing may hold the signatures.
		r.facts.Condition, r.facts.Problem = signature.Damaged, "the end of the file is missing"
	case r.file.Repaired:
		r.facts.Problem = clean("readers may disagree on this file: " + r.file.Faults()[0])
	case !complete:
		r.facts.Problem = "the page tree is broken"
	case store.full || r.blobs.full:
		r.facts.Problem = "the file carries more validation data than is read"
	case r.encryptedPadding:
		r.facts.Problem = "the zeros behind a signature were encrypted, which ISO 32000-2 7.6.2 exempts"
	case usageRights > 0:
		r.facts.Problem = "a usage rights signature is no signature of the document and is left out"
	}
}

// objectHeader begins an indirect object (ISO 32000-2 7.3.10).
var objectHeader = regexp.MustCompile(`(^|\s)[0-9]{1,10}[ \t\r\n]+[0-9]{1,5}[ \t\r\n]+obj`)

// cutOff reports whether the file ends within a revision: no end-of-file
// marker follows its last objects (ISO 32000-2 7.5.5). Copies that broke off
// look like this; the bytes that are left may well be a file of their own.
func cutOff(f *syntax.File) bool {
	return f.Last().EOF < 0 || objectHeader.Match(f.Trailing())
}

// signature reads one signature dictionary.
func (r *reader) signature(s *sigField) pending {
	f := signature.SignatureFacts{Kind: signature.KindSignature, Field: s.Name, Revision: -1,
		Digests: map[string][]byte{}}
	if s.Value == nil {
		f.CoverageProblem = "the signature has no ByteRange"
		f.ContentsProblem = "the value of the signature field is not a dictionary that can be read"
		return pending{field: s, facts: f}
	}
	v := r.file.Revisions()[s.Seen]
	value := func(key syntax.Name) syntax.Object {
		o, err := v.Resolve(s.Value.Get(key))
		if err != nil {
			return syntax.Null{}
		}
		return o
	}
	f.SubFilter = name(value("SubFilter"))
	if f.SubFilter == "ETSI.RFC3161" || value("Type") == syntax.Name("DocTimeStamp") {
		f.Kind = signature.KindTimestamp
	}
	f.Reason, f.Name = text(value("Reason")), text(value("Name"))
	if t, ok := date(text(value("M"))); ok {
		f.ClaimedTime = &t
	}
	s.transforms(v)
	f.Permission = s.Permission
	f.ByteRange, f.CoverageProblem = byteRange(s.Value)
	if f.CoverageProblem == "" {
		f.Revision, f.CoverageProblem = coverage(r.file, s, f.ByteRange)
	}
	if s.Field == nil {
		f.Revision, f.CoverageProblem = -1, "the signature is outside the form"
	}
	s.Revision = f.Revision
	der := r.contents(&f, value("Contents"))
	if f.SubFilter == "adbe.x509.rsa_sha1" {
		f.Certificate = r.certificate(v, value("Cert"))
	}
	return pending{field: s, facts: f, jobs: r.jobs(&f, der)}
}

// contents splits the CMS from its padding.
func (r *reader) contents(f *signature.SignatureFacts, o syntax.Object) []byte {
	s, ok := o.(syntax.String)
	if !ok {
		f.ContentsProblem = "the signature has no Contents"
		return nil
	}
	contents := s.Bytes()
	if onlyZeros(contents) {
		f.ContentsProblem = "the Contents are empty"
		return nil
	}
	der, rest, err := cms.Trim(contents)
	if err != nil {
		f.ContentsProblem = clean("the Contents hold no signature: " + err.Error())
		return nil
	}
	if s.Hex && !s.UniformHex() {
		f.ContentsProblem = "the Contents are not pairs of hexadecimal digits of one letter case"
	}
	switch {
	case onlyZeros(rest):
	case s.ZerosEncrypted(len(contents) - len(rest)):
		r.encryptedPadding = true
	default:
		f.ContentsProblem = "the signature in Contents is followed by something other than zeros"
	}
	if f.CMS = r.blobs.add(der); f.CMS.IsZero() {
		f.ContentsProblem = "the signature is larger than the reader's limits allow"
	}
	return der
}

// onlyZeros reports whether b is padding, of which signatures have many
// kilobytes.
func onlyZeros(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}

var zeros [64]byte

// certificate returns the signer's certificate of adbe.x509.rsa_sha1
// (ISO 32000-2 table 255, Cert): the first when there is a chain.
func (r *reader) certificate(v *syntax.Revision, o syntax.Object) signature.Hash {
	list, ok := o.(syntax.Array)
	if !ok {
		list = syntax.Array{o}
	}
	var first signature.Hash
	for i, item := range list {
		if i == maxChain {
			break
		}
		item, err := v.Resolve(item)
		s, ok := item.(syntax.String)
		if !ok || err != nil {
			continue
		}
		for k, der := range chain(s.Bytes()) {
			h := r.blobs.add(der)
			if i+k == 0 {
				first = h
			} else if !h.IsZero() {
				r.chain = append(r.chain, h)
			}
		}
	}
	return first
}

const maxChain = 32

// chain cuts a string into its certificates. There should be one, and a chain
// in an array; one producer writes its chain one behind the other. What is
// anything else is left whole.
func chain(data []byte) [][]byte {
	var out [][]byte
	for rest := data; len(rest) > 0; {
		der, behind, err := cms.Trim(rest)
		if err != nil || len(out) == maxChain {
			return [][]byte{data}
		}
		out, rest = append(out, der), behind
	}
	return out
}

// jobs asks for the digests that the CMS needs.
func (r *reader) jobs(f *signature.SignatureFacts, der []byte) map[string]*job {
	pieces, ok := segments(f.ByteRange, int64(len(r.file.Data())))
	if !ok || der == nil {
		return nil
	}
	names := cms.Digests(der)
	if f.SubFilter == "adbe.pkcs7.sha1" { // the eContent is this digest (12.8.3.3.2)
		names = append(names, "SHA-1")
	}
	jobs := map[string]*job{}
	for _, n := range names[:min(len(names), maxAlgorithms)] {
		if j := r.digester.add(n, pieces); j != nil {
			jobs[n] = j
		}
	}
	return jobs
}
