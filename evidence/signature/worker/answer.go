package worker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"minhchung/evidence/signature"
)

// errAnswer marks an answer that cannot be true: it is dropped as a whole.
var errAnswer = errors.New("the worker's answer is not valid")

// Bounds of an answer's lists and strings. They are far above what the
// readers' own budgets let through.
const (
	maxSignatures = 10_000
	maxChanges    = 1_000_000 // of all signatures together
	maxRevisions  = 1_000_000
	maxBlobs      = 100_000
	maxSentence   = 4 << 10
)

// decodeAnswer takes an answer only when it is about the file that was sent
// and says nothing that the vocabulary does not have. The child may have been
// taken over by the file: whatever it says must at least be sayable.
func decodeAnswer(raw []byte, sum signature.Hash, job Job) (answerMessage, error) {
	var a answerMessage
	err := decode(raw, &a)
	if err == nil {
		err = cmp.Or(checkFacts(a.Facts, sum, job.Size), checkVerdict(a.Verdict, a.Facts), checkQuestions(a.Questions))
	}
	if err != nil {
		return answerMessage{}, fmt.Errorf("%w: %w", errAnswer, err)
	}
	return a, nil
}

// maxRequest bounds an OCSP request; ours have about 80 bytes.
const maxRequest = 1 << 10

func checkQuestions(list []signature.Question) error {
	if len(list) > signature.MaxQuestions {
		return errors.New("too many questions")
	}
	for i, q := range list {
		if !sentence(q.URL) || len(q.OCSP) > maxRequest {
			return fmt.Errorf("question %d is out of range", i)
		}
	}
	return nil
}

func checkFacts(f signature.Facts, sum signature.Hash, size int64) error {
	switch {
	case f.SHA256 != sum || f.Size != size:
		return errors.New("facts about another file")
	case !slices.Contains(formats, f.Format):
		return fmt.Errorf("unknown format %q", f.Format)
	case !slices.Contains(conditions, f.Condition):
		return fmt.Errorf("unknown condition %q", f.Condition)
	case f.Reader == "" || !sentence(f.Reader) || !sentence(f.Problem):
		return errors.New("reader or problem is not a line of text")
	case f.Pages < 0:
		return fmt.Errorf("%d pages", f.Pages)
	case f.Condition == signature.Readable && len(f.Revisions) == 0:
		return errors.New("a readable file without a revision")
	case len(f.Signatures) > maxSignatures || len(f.Revisions) > maxRevisions || len(f.Blobs) > maxBlobs:
		return errors.New("a list is too long")
	}
	for i, r := range f.Revisions {
		if r.End < 0 || r.End > size || (i > 0 && r.End < f.Revisions[i-1].End) {
			return fmt.Errorf("revision %d ends at %d of %d", i, r.End, size)
		}
	}
	return cmp.Or(checkBlobs(f.Blobs), checkSignatureFacts(f))
}

func checkBlobs(blobs []signature.Blob) error {
	for i, b := range blobs {
		if signature.HashOf(b.DER) != b.SHA256 {
			return fmt.Errorf("blob %d does not have its digest", i)
		}
	}
	return nil
}

func checkSignatureFacts(f signature.Facts) error {
	changes := 0
	for i, s := range f.Signatures {
		switch {
		case !slices.Contains(kinds, s.Kind):
			return fmt.Errorf("signature %d: unknown kind %q", i, s.Kind)
		case s.Revision < -1 || s.Revision >= len(f.Revisions):
			return fmt.Errorf("signature %d: revision %d", i, s.Revision)
		case s.Permission < 0 || s.Permission > 3:
			return fmt.Errorf("signature %d: permission %d", i, s.Permission)
		}
		if changes += len(s.Changes); changes > maxChanges {
			return errors.New("too many changes")
		}
		if err := checkChanges(s.Changes); err != nil {
			return fmt.Errorf("signature %d: %w", i, err)
		}
	}
	return nil
}

func checkChanges(changes []signature.Change) error {
	for i, c := range changes {
		if !slices.Contains(changeClasses, c.Class) {
			return fmt.Errorf("change %d: unknown class %q", i, c.Class)
		}
		if c.Page < 0 || c.Revision < 0 || c.What == "" || !sentence(c.What) || !sentence(c.Detail) {
			return fmt.Errorf("change %d is out of range", i)
		}
	}
	return nil
}

// checkVerdict also refuses a verdict better than the facts allow: a file
// that could not be read, or a signature nobody judged, is never intact.
func checkVerdict(v signature.Verdict, f signature.Facts) error {
	switch {
	case !slices.Contains(results, v.Result):
		return fmt.Errorf("unknown result %q", v.Result)
	case !sentence(v.Reason):
		return errors.New("the reason is not a line of text")
	case len(v.Signatures) > maxSignatures:
		return errors.New("a list is too long")
	case len(v.Signatures) < len(f.Signatures):
		return fmt.Errorf("%d signatures judged of %d found", len(v.Signatures), len(f.Signatures))
	case v.Result == signature.ResultIntact && (f.Condition != signature.Readable || f.Repaired || len(f.Signatures) == 0):
		return errors.New("intact beyond the facts")
	}
	for i, s := range v.Signatures {
		if err := checkSignatureVerdict(s); err != nil {
			return fmt.Errorf("verdict %d: %w", i, err)
		}
		if v.Result == signature.ResultIntact && (s.Integrity != signature.IntegrityIntact || s.Coverage != signature.CoverageExact ||
			s.Changes == signature.ChangeForbidden || s.Changes == signature.ChangeUnknown) {
			return fmt.Errorf("verdict %d: intact beyond its signatures", i)
		}
	}
	return nil
}

func checkSignatureVerdict(s signature.SignatureVerdict) error {
	switch {
	case !slices.Contains(kinds, s.Kind):
		return fmt.Errorf("unknown kind %q", s.Kind)
	case !slices.Contains(integrities, s.Integrity):
		return fmt.Errorf("unknown integrity %q", s.Integrity)
	case !slices.Contains(coverages, s.Coverage):
		return fmt.Errorf("unknown coverage %q", s.Coverage)
	case s.Changes != signature.ChangesNone && !slices.Contains(changeClasses, s.Changes):
		return fmt.Errorf("unknown class of changes %q", s.Changes)
	case !slices.Contains(indications, s.Indication):
		return fmt.Errorf("unknown indication %q", s.Indication)
	case !slices.Contains(domains, s.TrustDomain):
		return fmt.Errorf("unknown trust domain %q", s.TrustDomain)
	case !sentence(s.Problem) || slices.ContainsFunc(s.Reasons, func(r string) bool { return !sentence(r) }):
		return errors.New("the problem or a reason is not a line of text")
	}
	return checkChanges(s.ChangeList)
}

// sentence reports whether s can be shown: bounded, without control
// characters.
func sentence(s string) bool {
	return len(s) <= maxSentence && !strings.ContainsFunc(s, unicode.IsControl)
}

// The vocabulary.
var (
	formats       = []string{"pdf", "cms", "xml", "office", "asic", "unknown"}
	conditions    = []signature.Condition{signature.Readable, signature.Damaged, signature.OverLimit, signature.Encrypted, signature.Unsupported}
	kinds         = []signature.Kind{signature.KindSignature, signature.KindTimestamp}
	changeClasses = []signature.ChangeClass{signature.ChangePermitted, signature.ChangeAnnotated, signature.ChangeUnknown, signature.ChangeForbidden}
	integrities   = []signature.Integrity{signature.IntegrityIntact, signature.IntegrityBroken, signature.IntegrityUnknown}
	coverages     = []signature.Coverage{signature.CoverageExact, signature.CoverageInvalid}
	indications   = []signature.Indication{signature.TotalPassed, signature.Indeterminate, signature.TotalFailed}
	domains       = []signature.Domain{"", signature.DomainOfficialDuty, signature.DomainPublic, signature.DomainTest}
	results       = []signature.Result{
		signature.ResultIntact, signature.ResultAltered, signature.ResultBroken, signature.ResultUnsigned,
		signature.ResultEncrypted, signature.ResultUnreadable, signature.ResultUnknown,
	}
)
