package conformance

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
)

// testCase is one generated file and the verdict it must get.
type testCase struct {
	family, name string
	make         func(s *setup) *file
	result       signature.Result
	changes      signature.ChangeClass // of the first signature
	what         string                // of its worst change
	status       string                // of the first signature, "INDICATION/SUB"
	reasons      []string
	signatures   int // zero: one
}

const (
	intact    = signature.ResultIntact
	altered   = signature.ResultAltered
	broken    = signature.ResultBroken
	none      = signature.ChangesNone
	permitted = signature.ChangePermitted
	annotated = signature.ChangeAnnotated
	forbidden = signature.ChangeForbidden
	unclear   = signature.ChangeUnknown

	passed = "TOTAL-PASSED"
	failed = "TOTAL-FAILED/"
	doubt  = "INDETERMINATE/"
)

// made is a generated file with what it is judged with.
type made struct {
	testCase
	*setup
	data []byte
}

// generated builds every case once; the files are the same for all tests of
// one run, so that tests can be compared.
var generated = sync.OnceValue(func() []made {
	var all []made
	for _, c := range slices.Concat(honestCases(), attackCases(), forgeryCases(), trustCases()) {
		s := newSetup(ignore{})
		f := c.make(s)
		all = append(all, made{c, s, f.Bytes()})
	}
	return all
})

// ignore lets newSetup run outside a test; it fails only when the embedded
// policy is broken.
type ignore struct{ testing.TB }

func (ignore) Helper()           {}
func (ignore) Fatal(args ...any) { panic(args) }

func (m made) judge() (signature.Facts, signature.Verdict) {
	facts := pdf.Read(m.data, syntax.Limits{})
	return facts, signature.Judge(facts, m.material, m.policy, m.proofs, m.at)
}

func statusOf(v signature.SignatureVerdict) string {
	if v.Subindication == "" {
		return string(v.Indication)
	}
	return string(v.Indication) + "/" + string(v.Subindication)
}

// TestGenerated judges every generated file.
func TestGenerated(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range generated() {
		name := m.family + "/" + m.name
		if seen[name] {
			t.Errorf("%s: two cases of one name", name)
		}
		seen[name] = true
		t.Run(name, m.check)
	}
	t.Logf("%d files", len(seen))
}

func (m made) check(t *testing.T) {
	facts, v := m.judge()
	defer func() {
		if t.Failed() {
			t.Logf("%s %s repaired %v %q\n%s", v.Result, v.Reason, facts.Repaired, facts.Problem, list(v))
		}
	}()
	if v.Result != m.result {
		t.Errorf("result: got %s (%s), want %s", v.Result, v.Reason, m.result)
	}
	if v.Result != intact && v.Reason == "" {
		t.Error("the result has no sentence")
	}
	if want := max(m.signatures, 1); len(v.Signatures) != want && m.signatures >= 0 {
		t.Fatalf("got %d signatures, want %d", len(v.Signatures), want)
	}
	if m.status == "" || len(v.Signatures) == 0 {
		return
	}
	first := v.Signatures[0]
	if got := statusOf(first); got != m.status {
		t.Errorf("status: got %s, want %s", got, m.status)
	}
	if !slices.Equal(first.Reasons, m.reasons) && len(first.Reasons)+len(m.reasons) > 0 {
		t.Errorf("reasons: got %v, want %v", first.Reasons, m.reasons)
	}
	if m.changes != "" && first.Changes != m.changes {
		t.Errorf("changes: got %s, want %s", first.Changes, m.changes)
	}
	if m.what != "" && !slices.ContainsFunc(first.ChangeList, func(c signature.Change) bool { return c.What == m.what && c.Class == first.Changes }) {
		t.Errorf("got no %s change that is %s", first.Changes, m.what)
	}
	for _, c := range first.ChangeList {
		if c.Rule == "" || c.What == "" || c.Detail == "" {
			t.Errorf("a change explains nothing: %+v", c)
		}
	}
}

// list prints a verdict for people who look for a fault.
func list(v signature.Verdict) string {
	var out strings.Builder
	for _, s := range v.Signatures {
		out.WriteString("\t" + s.Field + " " + string(s.Integrity) + " " + string(s.Coverage) + " " + string(s.Changes) + " " +
			statusOf(s) + " " + strings.Join(s.Reasons, ",") + " " + s.Problem + "\n")
		for _, c := range s.ChangeList {
			out.WriteString("\t\t" + string(c.Class) + " " + c.What + " " + c.Object + " [" + c.Rule + "] " + c.Detail + "\n")
		}
	}
	return out.String()
}
