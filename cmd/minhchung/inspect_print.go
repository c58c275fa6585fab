package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"minhchung/cmd/minhchung/message"
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
		lines = append(lines, in.signatureLines(i+1, s)...)
	}
	lines = append(lines, "  "+in.Lang.Text("inspect.next", in.nextStep(v)), "")
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
	return ""
}

// signatureLines show at least what Circular 15/2025/TT-BKHCN art. 6 asks for:
// signer, issuing CA, time, integrity, validity at that time, validity period
// of the certificate, and a warning when revocation could not be checked.
func (in *inspection) signatureLines(number int, s signature.SignatureVerdict) []string {
	title := "inspect.signature"
	if s.Kind == signature.KindTimestamp {
		title = "inspect.timestamp"
	}
	lines := []string{"  " + in.Lang.Text(title, number, in.signerText(s))}
	add := func(key string, args ...any) { lines = append(lines, "    "+in.Lang.Text(key, args...)) }
	if s.Signer != nil {
		add("inspect.issuer", s.Signer.Issuer, in.Lang.Date(s.Signer.NotBefore.In(vietnam)), in.Lang.Date(s.Signer.NotAfter.In(vietnam)))
	}
	add("inspect.time", in.timeText(s))
	add("inspect.integrity", in.word("integrity", string(s.Integrity)), in.word("coverage", string(s.Coverage)))
	add("inspect.verdict", in.word("indication", string(s.Indication)), verdictCode(s))
	if s.TrustDomain != "" {
		add("inspect.domain", in.word("domain", string(s.TrustDomain)))
	}
	for _, code := range s.Reasons {
		what, _ := signature.Sentence(code, string(in.Lang))
		add("inspect.reason", what)
	}
	if s.Problem != "" {
		add("inspect.detail", s.Problem)
	}
	add("inspect.changes", in.word("changes", string(s.Changes)))
	return append(lines, in.changeLines(s.ChangeList)...)
}

// word is the catalogue's word for one value of an enumeration.
func (in *inspection) word(enumeration, value string) string {
	return in.Lang.Text("inspect." + enumeration + "-" + value)
}

// mostChanges is how many changes of a signature are listed for people; all of
// them are in --json.
const mostChanges = 8

func (in *inspection) changeLines(changes []signature.Change) []string {
	var lines []string
	for _, c := range changes[:min(len(changes), mostChanges)] {
		what := c.What // a code newer than the catalogue
		if key := "inspect.what-" + c.What; message.Has(key) {
			what = in.word("what", c.What)
		}
		if c.Page > 0 {
			what += " " + in.Lang.Text("inspect.page", c.Page)
		}
		lines = append(lines, "      - "+what+" "+in.word("class", string(c.Class)))
	}
	if more := len(changes) - mostChanges; more > 0 {
		lines = append(lines, "      "+in.Lang.Text("inspect.more-changes", in.Lang.Int(int64(more))))
	}
	return lines
}

func (in *inspection) signerText(s signature.SignatureVerdict) string {
	if s.Signer == nil {
		return in.Lang.Text("inspect.no-signer")
	}
	name := firstOf(s.Signer.Name, s.Signer.Subject)
	if s.Signer.Role != "" {
		name += " (" + in.Lang.Text("role."+string(s.Signer.Role)) + ")"
	}
	return name
}

// timeText never shows a claimed time as if it were proven.
func (in *inspection) timeText(s signature.SignatureVerdict) string {
	at := func(t time.Time) string { return in.Lang.Time(t.In(vietnam)) }
	switch {
	case s.ProvenTime != nil && s.ClaimedTime != nil:
		return in.Lang.Text("inspect.time-both", at(*s.ProvenTime), at(*s.ClaimedTime))
	case s.ProvenTime != nil:
		return in.Lang.Text("inspect.time-proven", at(*s.ProvenTime))
	case s.ClaimedTime != nil:
		return in.Lang.Text("inspect.time-claimed", at(*s.ClaimedTime))
	}
	return in.Lang.Text("inspect.time-none")
}

func verdictCode(s signature.SignatureVerdict) string {
	if s.Subindication == "" {
		return string(s.Indication)
	}
	return string(s.Indication) + ", " + string(s.Subindication)
}

// nextStep is one piece of advice for the whole file: by its result, and for
// an intact file by what keeps its signatures from passing, failures first.
func (in *inspection) nextStep(v signature.Verdict) string {
	if v.Result != signature.ResultIntact {
		return in.word("next", string(v.Result))
	}
	for _, worst := range []signature.Indication{signature.TotalFailed, signature.Indeterminate} {
		for _, s := range v.Signatures {
			if s.Indication != worst {
				continue
			}
			for _, code := range append(slices.Clone(s.Reasons), string(s.Subindication), string(worst)) {
				if _, next := signature.Sentence(code, string(in.Lang)); next != "" {
					return next
				}
			}
		}
	}
	return in.word("next", string(signature.ResultIntact))
}

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
