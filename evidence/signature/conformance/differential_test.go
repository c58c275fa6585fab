package conformance

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
)

// compared is one file with what must be known to compare answers.
type compared struct {
	name, class string
	data        []byte
	ours        signature.Verdict
	facts       signature.Facts
	honest      bool // must be accepted
	hostile     bool // must not be accepted
}

// oracle is another verifier. Its answer is accepted, rejected, none (no
// signature), error, panic, died or hang. Loosely: every signature is sound;
// strictly: and it also says that nothing was added.
type oracle struct {
	name   string
	verify func(path string, data []byte) (loose, strict string)
}

// pdfsigVerdict reads what pdfsig (poppler) prints. It does not know document
// time stamps, so these are left out of account.
func pdfsigVerdict(path string, _ []byte) (loose, strict string) {
	out, hang := tool("pdfsig", "-nocert", path)
	if hang {
		return "hang", "hang"
	}
	blocks := strings.Split(out, "Signature #")[1:]
	total := len(blocks) > 0 && strings.Contains(blocks[len(blocks)-1], "- Total document signed")
	blocks = slices.DeleteFunc(blocks, func(b string) bool {
		return strings.Contains(b, "Signature has not yet been verified.") || !strings.Contains(b, "Signature Validation:")
	})
	switch {
	case len(blocks) == 0 && strings.Contains(out, "does not contain any signatures"):
		return "none", "none"
	case len(blocks) == 0:
		return "error", "error"
	case slices.ContainsFunc(blocks, func(b string) bool { return !strings.Contains(b, "Signature Validation: Signature is Valid.") }):
		return "rejected", "rejected"
	case total:
		return "accepted", "accepted"
	}
	return "accepted", "rejected"
}

// mutoolVerdict reads what mutool sign -v (MuPDF) prints.
func mutoolVerdict(path string, _ []byte) (loose, strict string) {
	out, hang := tool("mutool", "sign", "-v", path)
	n := strings.Count(out, "Verifying signature") - strings.Count(out, "Signature is not signed.") // empty fields
	unchanged, edited := strings.Count(out, "The document is unchanged since signing."), strings.Count(out, "The signature is valid but there have been edits since signing.")
	switch {
	case hang:
		return "hang", "hang"
	case n == 0 && strings.Contains(out, "error:"):
		return "error", "error"
	case n == 0:
		return "none", "none"
	case unchanged == n:
		return "accepted", "accepted"
	case unchanged+edited == n:
		return "accepted", "rejected"
	}
	return "rejected", "rejected"
}

// oracles returns the verifiers that are installed.
func oracles(t *testing.T) []oracle {
	var list []oracle
	for name, verify := range map[string]func(string, []byte) (string, string){"pdfsig": pdfsigVerdict, "mutool": mutoolVerdict} {
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("%s is not installed: not compared", name)
			continue
		}
		list = append(list, oracle{name, verify})
	}
	p := new(pdfsignProcess)
	t.Cleanup(p.stop)
	list = append(list, oracle{"pdfsign", func(_ string, data []byte) (string, string) {
		loose, strict, err := p.ask(data)
		if err != nil {
			t.Fatal(err)
		}
		return loose, strict
	}})
	slices.SortFunc(list, func(a, b oracle) int { return strings.Compare(a.name, b.name) })
	return list
}

func comparedFiles(t *testing.T) []compared {
	var list []compared
	for _, m := range generated() {
		facts, v := m.judge()
		list = append(list, compared{name: m.family + "/" + m.name, class: "generated " + m.family, data: m.data, ours: v, facts: facts,
			honest: m.family == "honest" && m.result == intact, hostile: m.result != intact})
	}
	if os.Getenv("MINHCHUNG_CORPUS") == "" {
		t.Log("MINHCHUNG_CORPUS is not set: only generated files are compared")
		return list
	}
	s := newSetup(t)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, f := range corpus(t) {
		facts := pdf.Read(f.data, syntax.Limits{})
		v := signature.Judge(facts, signature.Material{}, s.policy, nil, at)
		list = append(list, compared{name: f.path, class: "corpus", data: f.data, ours: v, facts: facts,
			honest: f.mustAccept(), hostile: f.mustReject() || f.expected == "disallowed-modification" && !f.setByTest()})
	}
	return list
}

// explain sorts a disagreement into a class that deploy/CONFORMANCE.md
// explains; "" is one that nobody has explained yet.
func (c compared) explain(o, answer string) string {
	ours := c.ours.Result == signature.ResultIntact
	reason := c.ours.Reason
	switch {
	case answer == "hang" || answer == "died" || answer == "panic":
		return "the other ends badly on the file"
	case !ours && answer == "accepted":
		return c.whyStricter()
	case ours && (answer == "none" || answer == "error"):
		return o + " finds no signature or cannot read the file"
	case ours && answer == "rejected":
		return c.whyMoreLenient(o)
	}
	return reason
}

// whyStricter says what we found in a file that another verifier accepts.
func (c compared) whyStricter() string {
	for i, v := range c.ours.Signatures {
		switch {
		case c.facts.Signatures[i].ContentsProblem != "":
			return "we refuse: Contents hold more than one message and zeros"
		case v.Integrity == signature.IntegrityBroken:
			return "we refuse: " + class(v.Problem)
		case v.Integrity == signature.IntegrityUnknown:
			return "we say unknown: format or algorithm not supported"
		case v.Coverage != signature.CoverageExact:
			return "we refuse: coverage is not exact"
		case v.Changes == signature.ChangeForbidden:
			return "we refuse: forbidden change after signing"
		case v.Changes == signature.ChangeUnknown:
			return "we refuse: unclear change after signing"
		}
	}
	if c.facts.Repaired {
		return "we refuse: cross-reference data is damaged or ambiguous"
	}
	switch c.ours.Result {
	case signature.ResultUnsigned, signature.ResultUnreadable, signature.ResultEncrypted:
		return "we say " + string(c.ours.Result)
	}
	return ""
}

// class shortens a sentence to its rule.
func class(problem string) string {
	switch {
	case strings.Contains(problem, "content (RFC 5652 5.4"):
		return "a content inside a detached message"
	case strings.Contains(problem, "signed digest is not"), strings.Contains(problem, "time stamp is for other bytes"):
		return "the digest is another"
	}
	return "the message is malformed or its signature false"
}

// traits are what other verifiers are known not to support.
func (c compared) traits() map[string]bool {
	out := map[string]bool{}
	for i, v := range c.ours.Signatures {
		f := c.facts.Signatures[i]
		switch {
		case v.Kind == signature.KindTimestamp:
			out["document time stamps"] = true
		case v.SubFilter == "adbe.pkcs7.sha1" || v.SubFilter == "adbe.x509.rsa_sha1":
			out["the SubFilter "+v.SubFilter] = true
		}
		if f.Permission > 0 && len(f.Changes) > 0 {
			out["permitted changes after a certification"] = true
		}
		if v.Signer != nil && v.ClaimedTime != nil && (v.ClaimedTime.Before(v.Signer.NotBefore) || v.ClaimedTime.After(v.Signer.NotAfter)) {
			out["sound signatures that claim a time outside the certificate"] = true
		}
		if slices.Contains(v.Reasons, signature.ReasonTimestampInvalid) {
			out["sound signatures with a time stamp that proves nothing"] = true
		}
		sd, err := cms.Parse(c.facts.Blob(f.CMS))
		if err != nil {
			continue
		}
		if len(sd.Signer.SubjectKeyID) > 0 {
			out["signers named by key identifier"] = true
		}
		if !sd.Signer.Sorted && sd.Signer.SignedAttrs != nil {
			out["attributes out of order"] = true
		}
		for name := range f.Digests {
			if strings.HasPrefix(name, "SHA3") {
				out["SHA-3"] = true
			}
		}
		switch sd.Signer.SignatureAlgorithm.OID.String() {
		case "1.2.840.113549.1.1.10":
			out["RSASSA-PSS"] = true
		case "1.3.101.112", "1.3.101.113":
			out["EdDSA"] = true
		}
	}
	return out
}

// unsupported says what each verifier lacks, as found in its own code or
// shown by the files of the test.
var unsupported = map[string][]string{
	"pdfsig": {"document time stamps", "the SubFilter adbe.pkcs7.sha1", "the SubFilter adbe.x509.rsa_sha1", "SHA-3", "EdDSA",
		"signers named by key identifier", "attributes out of order"},
	"mutool": {"document time stamps", "the SubFilter adbe.pkcs7.sha1", "the SubFilter adbe.x509.rsa_sha1", "RSASSA-PSS", "EdDSA",
		"signers named by key identifier", "attributes out of order"},
	"pdfsign": {"document time stamps", "the SubFilter adbe.pkcs7.sha1", "the SubFilter adbe.x509.rsa_sha1", "RSASSA-PSS", "EdDSA",
		"signers named by key identifier", "attributes out of order", "SHA-3", "permitted changes after a certification",
		"sound signatures that claim a time outside the certificate", "sound signatures with a time stamp that proves nothing"},
}

// whyMoreLenient says why a file that we call intact is rejected elsewhere.
func (c compared) whyMoreLenient(o string) string {
	if o == "mutool" && strings.Contains(c.name, "widgets") {
		return "mutool takes widgets below a field for signatures of their own"
	}
	has := c.traits()
	for _, trait := range unsupported[o] {
		if has[trait] {
			return o + " does not support " + trait
		}
	}
	return ""
}

// TestDifferential compares with other verifiers, prints what each accepts of
// the honest and the hostile files, and every class of disagreement.
func TestDifferential(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs some hundred times")
	}
	files := comparedFiles(t)
	dir := t.TempDir()
	classes := map[string][]string{}
	for _, o := range oracles(t) {
		var tally tally
		start := time.Now()
		for i, c := range files {
			path := filepath.Join(dir, fmt.Sprintf("%s-%d.pdf", o.name, i))
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			loose, strict := o.verify(path, c.data)
			os.Remove(path)
			tally.add(c, loose, strict)
			ours := c.ours.Result == signature.ResultIntact
			endedBadly := loose == "hang" || loose == "died" || loose == "panic"
			if !endedBadly && ours == (loose == "accepted") {
				continue
			}
			why := c.explain(o.name, loose)
			if why == "" {
				t.Errorf("%s: %s says %s, we say %s %s", c.name, o.name, loose, c.ours.Result, c.ours.Reason)
				continue
			}
			key := o.name + " " + loose + ", we " + string(c.ours.Result) + ": " + why
			classes[key] = append(classes[key], c.name)
		}
		tally.print(o.name, time.Since(start)/time.Duration(len(files)))
	}
	var own tally
	for _, c := range files {
		answer := "rejected"
		if c.ours.Result == signature.ResultIntact {
			answer = "accepted"
		}
		own.add(c, answer, answer)
	}
	own.print("ours", 0)
	for _, key := range slices.Sorted(maps.Keys(classes)) {
		t.Logf("%3d × %s", len(classes[key]), key)
		for _, name := range classes[key] {
			t.Logf("        %s", name)
		}
	}
}

// tally counts what one verifier accepts.
type tally struct {
	honest, hostile [2]int // generated, corpus
	good, goodStrict,
	bad, badStrict [2]int
	ends map[string]int
}

func (n *tally) add(c compared, loose, strict string) {
	k := 0
	if c.class == "corpus" {
		k = 1
	}
	if n.ends == nil {
		n.ends = map[string]int{}
	}
	switch loose {
	case "hang", "died", "panic":
		n.ends[loose]++
	}
	count := func(where *[2]int, answer string) {
		if answer == "accepted" {
			where[k]++
		}
	}
	switch {
	case c.honest:
		n.honest[k]++
		count(&n.good, loose)
		count(&n.goodStrict, strict)
	case c.hostile:
		n.hostile[k]++
		count(&n.bad, loose)
		count(&n.badStrict, strict)
	}
}

func (n *tally) print(name string, each time.Duration) {
	for k, what := range []string{"generated", "corpus"} {
		fmt.Printf("corpus| %-8s %-9s honest accepted %d of %d (strict %d), hostile accepted %d of %d (strict %d)\n", name, what,
			n.good[k], n.honest[k], n.goodStrict[k], n.bad[k], n.hostile[k], n.badStrict[k])
	}
	if each > 0 {
		fmt.Printf("corpus| %-8s %v a file, ended badly: %v\n", name, each.Round(100*time.Microsecond), n.ends)
	}
}
