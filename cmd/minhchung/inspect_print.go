package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence/signature"
)

// show prints one file: a line of JSON, or a block of plain words that says
// what was found, who signed when, what changed afterwards and what to do.
func (in *inspection) show(t target, r inspected) error {
	if in.JSON {
		return in.emit(newInspectJSON(t.name, r.facts, r.verdict))
	}
	v := r.verdict
	lines := []string{
		printable(t.name),
		"  " + in.Lang.Text("inspect.result", in.word("result", string(v.Result))),
	}
	if reason := in.fileReason(r); reason != "" {
		lines = append(lines, "  "+reason)
	}
	for i, s := range v.Signatures {
		coverage := ""
		if i < len(r.facts.Signatures) {
			coverage = r.facts.Signatures[i].CoverageProblem
		}
		lines = append(lines, in.signatureLines(i+1, s, coverage)...)
	}
	lines = append(lines, "  "+in.Lang.Text("inspect.next", report.NextStep(in.Lang, v)), "")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	_, err := fmt.Fprintln(in.Stdout, strings.Join(lines, "\n"))
	return err
}

// fileReason says why a file as a whole could not be judged. Reasons of single
// signatures stand with them.
func (in *inspection) fileReason(r inspected) string {
	switch r.verdict.Result {
	case signature.ResultUnreadable, signature.ResultUnknown:
		key := "inspect.reason"
		if r.facts.Condition == signature.OverLimit {
			key = "inspect.over-limit"
		}
		return in.Lang.Text(key, problemText(in.Lang, firstOf(r.facts.Problem, r.verdict.Reason)))
	case signature.ResultUnsigned:
		if r.facts.ImageOnly {
			return in.Lang.Text("inspect.scan")
		}
	}
	if r.facts.Problem != "" && r.facts.Condition == signature.Readable { // what the reader had to work around
		return in.Lang.Text("inspect.detail", report.Sentence(in.Lang, r.facts.Problem))
	}
	return ""
}

// signatureLines show at least what Circular 15/2025/TT-BKHCN art. 6 asks for:
// signer, issuing CA, time, integrity, validity at that time, validity period
// of the certificate, and a warning when revocation could not be checked.
func (in *inspection) signatureLines(number int, s signature.SignatureVerdict, coverage string) []string {
	title := "inspect.signature"
	if s.Kind == signature.KindTimestamp {
		title = "inspect.timestamp"
	}
	lines := []string{"  " + in.Lang.Text(title, number, report.Signer(in.Lang, s))}
	add := func(key string, args ...any) { lines = append(lines, "    "+in.Lang.Text(key, args...)) }
	if s.Signer != nil {
		add("inspect.issuer", s.Signer.Issuer, in.Lang.Date(s.Signer.NotBefore.In(report.Vietnam)), in.Lang.Date(s.Signer.NotAfter.In(report.Vietnam)))
	}
	if s.Signer != nil && len(s.Signer.Policies) > 0 {
		add("inspect.policies", strings.Join(s.Signer.Policies, ", "))
	}
	if s.SignaturePolicy != "" {
		add("inspect.signature-policy", s.SignaturePolicy)
	}
	add("inspect.time", report.SigningTime(in.Lang, s))
	add("inspect.integrity", in.word("integrity", string(s.Integrity)), in.word("coverage", string(s.Coverage)))
	add("inspect.verdict", in.word("indication", string(s.Indication)), report.Codes(s))
	if s.TrustDomain != "" {
		add("inspect.domain", in.word("domain", string(s.TrustDomain)))
	}
	for _, code := range s.Reasons {
		what, _ := signature.Sentence(code, string(in.Lang))
		add("inspect.reason", what)
	}
	if coverage != "" {
		add("inspect.detail", report.Sentence(in.Lang, coverage)+" [ISO 32000-2 12.8.1]")
	}
	if s.Problem != "" {
		add("inspect.detail", report.Sentence(in.Lang, s.Problem))
	}
	add("inspect.changes", in.word("changes", string(s.Changes)))
	return append(lines, in.changeLines(s.ChangeList)...)
}

// word is the catalogue's word for one value of an enumeration.
func (in *inspection) word(enumeration, value string) string {
	return report.Word(in.Lang, enumeration, value)
}

// mostChanges is how many changes of a signature are listed for people; all of
// them are in --json.
const mostChanges = 8

func (in *inspection) changeLines(changes []signature.Change) []string {
	var lines []string
	if len(changes) > mostChanges {
		// What is forbidden must not stand behind what is not listed.
		changes = slices.Clone(changes)
		slices.SortStableFunc(changes, func(a, b signature.Change) int { return graver[b.Class] - graver[a.Class] })
	}
	for _, c := range changes[:min(len(changes), mostChanges)] {
		lines = append(lines, "      - "+report.Change(in.Lang, c))
	}
	if more := len(changes) - mostChanges; more > 0 {
		lines = append(lines, "      "+in.Lang.Text("inspect.more-changes", in.Lang.Int(int64(more))))
	}
	return lines
}

// graver orders the classes of changes.
var graver = map[signature.ChangeClass]int{signature.ChangeForbidden: 3, signature.ChangeUnknown: 2, signature.ChangeAnnotated: 1}

// resultOrder is from best to worst.
var resultOrder = []signature.Result{
	signature.ResultIntact, signature.ResultAltered, signature.ResultBroken, signature.ResultUnsigned,
	signature.ResultEncrypted, signature.ResultUnreadable, signature.ResultUnknown,
}

// summary counts the results of several files in one line.
func (in *inspection) summary(counts map[signature.Result]int) {
	var parts []string
	total := 0
	for _, r := range resultOrder {
		if n := counts[r]; n > 0 {
			total += n
			parts = append(parts, in.Lang.Int(int64(n))+" "+in.word("short", string(r)))
		}
	}
	if total > 1 && !in.JSON {
		in.say("inspect.summary", in.Lang.Int(int64(total)), strings.Join(parts, ", "))
	}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// printable makes text from a file or a file name safe for a terminal: control
// characters and those that reorder text (Unicode TR 36, 2.5) become visible
// replacements.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}
