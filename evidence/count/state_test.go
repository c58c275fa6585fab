package count

import (
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

func rule(t testing.TB, id string) *Rule {
	t.Helper()
	r, err := Load(id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(day string) *time.Time {
	t, err := time.ParseInLocation(time.DateOnly, day, vietnam)
	if err != nil {
		panic(err)
	}
	t = t.Add(10 * time.Hour)
	return &t
}

// sig is a sound signature of somebody on the roster: claimed on the row's
// date, certificate valid 2021–2026, revocation known.
func sig(role signature.Role) signature.SignatureVerdict {
	return signature.SignatureVerdict{
		Kind: signature.KindSignature, Integrity: signature.IntegrityIntact, Coverage: signature.CoverageExact,
		Changes: signature.ChangesNone, Indication: signature.TotalPassed, TrustDomain: signature.DomainTest,
		Signer:      &signature.SignerInfo{Role: role, NotBefore: *at("2021-01-01"), NotAfter: *at("2026-01-01")},
		ClaimedTime: at("2022-04-03"), Revocation: "crl", OnRoster: role != "", Reasons: []string{},
	}
}

// with returns the signature with reasons and the indication they lead to.
func with(s signature.SignatureVerdict, in signature.Indication, reasons ...string) signature.SignatureVerdict {
	s.Indication, s.Reasons = in, reasons
	return s
}

func person() signature.SignatureVerdict       { return sig(signature.RolePerson) }
func organisation() signature.SignatureVerdict { return sig(signature.RoleOrganisation) }

// file is a readable file with these signatures, one revision each, that was
// confirmed to be its row's document.
func file(sigs ...signature.SignatureVerdict) evidence.RowEvidence {
	f := &signature.Facts{Condition: signature.Readable, Pages: 1}
	for i := range sigs {
		f.Signatures = append(f.Signatures, signature.SignatureFacts{Revision: i})
	}
	return evidence.RowEvidence{
		Row:       evidence.Row{ID: "32/BC-UBND", Number: "32", Notation: "BC-UBND", Date: "2022-04-03", Kind: evidence.Original},
		Facts:     f,
		Verdict:   &signature.Verdict{Result: signature.ResultIntact, Signatures: sigs, RosterKnown: true},
		Confirmed: true,
	}
}

func original() evidence.RowEvidence { return file(person(), organisation()) }

// edit returns the evidence of an honest original, changed.
func edit(fn func(e *evidence.RowEvidence)) evidence.RowEvidence {
	e := original()
	fn(&e)
	return e
}

func changed(s signature.SignatureVerdict, changes ...signature.Change) signature.SignatureVerdict {
	s.ChangeList = changes
	for _, c := range changes {
		s.Changes = c.Class
	}
	if s.Changes != signature.ChangePermitted && s.Changes != signature.ChangeAnnotated {
		s.Indication = signature.Indeterminate
	}
	return s
}

func change(revision int, class signature.ChangeClass, what string) signature.Change {
	return signature.Change{Revision: revision, Class: class, What: what}
}

func excluded(code string) evidence.RowEvidence {
	return edit(func(e *evidence.RowEvidence) {
		e.Row.Exclusion = &evidence.Exclusion{Code: code, Reason: "x", Approver: "Nguyễn Văn Thử"}
	})
}

func broken(reason string) signature.SignatureVerdict {
	s := with(sig(""), signature.TotalFailed, reason)
	s.Integrity, s.Signer = signature.IntegrityBroken, nil
	return s
}

// evidenceFor has one piece of evidence for every code of the table.
func evidenceFor() map[string]evidence.RowEvidence {
	untrusted := with(sig(""), signature.Indeterminate, signature.ReasonUntrusted)
	far := person()
	far.ClaimedTime = at("2022-08-03")
	later := with(person(), signature.Indeterminate, signature.ReasonTimeUnproven)
	later.RevokedAt = at("2023-07-03")
	uncovered := organisation()
	uncovered.Coverage = signature.CoverageInvalid
	unsupported := sig("")
	unsupported.Integrity, unsupported.Signer, unsupported.Indication = signature.IntegrityUnknown, nil, signature.Indeterminate
	unsupported.Reasons = []string{signature.ReasonUnsupported}
	return map[string]evidence.RowEvidence{
		CodeVoid: excluded(CodeVoid), CodeWithdrawn: excluded(CodeWithdrawn), CodeOutOfScope: excluded(CodeOutOfScope),
		CodeRowWithdrawn: edit(func(e *evidence.RowEvidence) { e.Row.Withdrawn = true }),
		CodeNoFile:       edit(func(e *evidence.RowEvidence) { e.Facts, e.Verdict = nil, nil }),
		CodeUnreadable:   edit(func(e *evidence.RowEvidence) { e.Facts.Condition = signature.Damaged }),
		CodeEncrypted:    edit(func(e *evidence.RowEvidence) { e.Facts.Condition = signature.Encrypted }),
		CodeUnsigned:     file(),
		CodeScan: func() evidence.RowEvidence {
			e := file()
			e.Facts.ImageOnly = true
			return e
		}(),
		CodeDigest:              file(person(), organisation(), broken(signature.ReasonDigest)),
		CodeMalformed:           file(person(), organisation(), broken(signature.ReasonMalformed)),
		CodeCoverage:            file(person(), uncovered),
		CodePageContent:         file(changed(person(), change(1, signature.ChangeForbidden, signature.WhatPageContent)), organisation()),
		CodePageAdded:           file(changed(person(), change(1, signature.ChangeForbidden, signature.WhatPageAdded)), organisation()),
		CodeAltered:             file(person(), changed(organisation(), change(2, signature.ChangeForbidden, signature.WhatResource))),
		CodeChangeUnclear:       file(changed(person(), change(1, signature.ChangeUnknown, signature.WhatOther)), organisation()),
		CodeUnsupported:         file(person(), organisation(), unsupported),
		CodeMissingPerson:       file(organisation()),
		CodeMissingOrganisation: file(person()),
		CodeOrder:               file(organisation(), person()),
		CodeUntrusted:           file(untrusted, organisation()),
		CodeIssuerUnknown:       file(person(), with(organisation(), signature.Indeterminate, signature.ReasonIssuerUnknown)),
		CodeWrongSigner:         file(sig(""), organisation()),
		CodeSignerUnknown: func() evidence.RowEvidence {
			e := file(sig(""), sig(""))
			e.Verdict.RosterKnown = false
			return e
		}(),
		CodeExpired:            file(with(person(), signature.TotalFailed, signature.ReasonExpired), organisation()),
		CodeRevoked:            file(with(person(), signature.TotalFailed, signature.ReasonRevoked), organisation()),
		CodeTimeUnproven:       file(later, organisation()),
		CodeRevocationUnknown:  file(with(far, signature.Indeterminate, signature.ReasonRevocationUnknown), organisation()),
		CodeAlgorithm:          file(with(person(), signature.Indeterminate, signature.ReasonAlgorithm), organisation()),
		CodeDuplicate:          edit(func(e *evidence.RowEvidence) { e.Duplicate = true }),
		CodeContentUnconfirmed: edit(func(e *evidence.RowEvidence) { e.Confirmed = false }),
	}
}

// strict is nd30 with every case of line 13 undetermined.
func strict(t testing.TB) *Rule {
	t.Helper()
	r, err := Parse([]byte(strings.ReplaceAll(string(rule(t, "nd30").Canonical()), ActProvenB, ActUndetermined)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryLineOfTheTable(t *testing.T) {
	cases := evidenceFor()
	// Under the strict rule revocation-unknown stands alone when the time agrees.
	cases[CodeRevocationUnknown] = file(with(person(), signature.Indeterminate, signature.ReasonRevocationUnknown), organisation())
	r := strict(t)
	for _, line := range Table() {
		e, ok := cases[line.Code]
		if !ok {
			t.Errorf("line %d %s: no evidence for it in this test", line.Number, line.Code)
			continue
		}
		got := r.State(e)
		if got.State != line.State || got.Code != line.Code || got.Reasons[0] != line.Code || got.Grade != "" {
			t.Errorf("line %d: got %s %s %v grade %q, want %s %s", line.Number, got.State, got.Code, got.Reasons, got.Grade, line.State, line.Code)
		}
		if got.Rule != "nd30" || got.Row != "32/BC-UBND" {
			t.Errorf("line %d: got rule %s, row %s", line.Number, got.Rule, got.Row)
		}
	}
	if got := r.State(original()); got.State != evidence.Proven || got.Code != "" || len(got.Reasons) != 0 || got.Reasons == nil {
		t.Errorf("line 17: got %+v, want PROVEN without a code", got)
	}
}

// Each row of evidence has the codes of two neighbouring lines; the upper one
// decides and both are kept where the lower one can still be seen.
func TestPrecedenceOfAdjacentLines(t *testing.T) {
	upd := func(e evidence.RowEvidence, fn func(*evidence.RowEvidence)) evidence.RowEvidence { fn(&e); return e }
	damaged := func(e *evidence.RowEvidence) { e.Facts.Condition = signature.Damaged }
	fail := func(s signature.SignatureVerdict, reasons ...string) signature.SignatureVerdict {
		return with(s, signature.TotalFailed, reasons...)
	}
	brokenUncovered := broken(signature.ReasonDigest)
	brokenUncovered.Coverage = signature.CoverageInvalid
	forbidden := change(1, signature.ChangeForbidden, signature.WhatPageContent)
	unknown := change(1, signature.ChangeUnknown, signature.WhatOther)
	uncovered := organisation()
	uncovered.Coverage = signature.CoverageInvalid
	late := fail(person(), signature.ReasonExpired, signature.ReasonTimeUnproven)
	for _, c := range []struct {
		lines string
		e     evidence.RowEvidence
		want  []string
	}{
		{"1 before 2", upd(excluded(CodeVoid), func(e *evidence.RowEvidence) { e.Facts, e.Verdict = nil, nil }), []string{CodeVoid}},
		{"2 before 3", edit(func(e *evidence.RowEvidence) { e.Facts, e.Verdict = nil, nil }), []string{CodeNoFile}},
		{"3 before 4", upd(file(), damaged), []string{CodeUnreadable}},
		{"4 before 5", file(), []string{CodeUnsigned}},
		{"5 before 6", file(person(), organisation(), brokenUncovered), []string{CodeDigest, CodeCoverage}},
		{"6 before 7", file(changed(person(), forbidden), uncovered), []string{CodeCoverage, CodePageContent}},
		{"7 before 8", file(changed(person(), forbidden, unknown), organisation()), []string{CodePageContent, CodeChangeUnclear}},
		{"8 before 9", file(changed(organisation(), unknown), person()), []string{CodeChangeUnclear, CodeOrder}},
		{"9 before 10", file(fail(organisation(), signature.ReasonUntrusted), person()), []string{CodeOrder, CodeUntrusted}},
		{"10 before 11", file(sig(""), with(sig(""), signature.Indeterminate, signature.ReasonIssuerUnknown)), []string{CodeIssuerUnknown, CodeWrongSigner}},
		{"11 before 12", file(fail(sig(""), signature.ReasonExpired), organisation()), []string{CodeWrongSigner, CodeExpired}},
		{"12 before 13", file(late, organisation()), []string{CodeExpired, CodeTimeUnproven}},
		{"13 before 14", file(with(person(), signature.Indeterminate, signature.ReasonRevocationUnknown, signature.ReasonAlgorithm), organisation()), []string{CodeRevocationUnknown, CodeAlgorithm}},
		{"14 before 15", upd(evidenceFor()[CodeAlgorithm], func(e *evidence.RowEvidence) { e.Duplicate = true }), []string{CodeAlgorithm, CodeDuplicate}},
		{"15 before 16", edit(func(e *evidence.RowEvidence) { e.Duplicate, e.Confirmed = true, false }), []string{CodeDuplicate, CodeContentUnconfirmed}},
	} {
		if got := strict(t).State(c.e); !slices.Equal(got.Reasons, c.want) || got.Code != c.want[0] {
			t.Errorf("%s: got %s %v, want %v", c.lines, got.Code, got.Reasons, c.want)
		}
	}
}

// answer runs a rule and says "STATE code" or "PROVEN grade".
func answer(r *Rule, e evidence.RowEvidence) string {
	s := r.State(e)
	if s.State == evidence.Proven {
		return "PROVEN " + s.Grade
	}
	return string(s.State) + " " + s.Code
}

// A rule that does not check content proves the same row.
func TestContentUnchecked(t *testing.T) {
	e := edit(func(e *evidence.RowEvidence) { e.Confirmed = false })
	if got, want := answer(rule(t, "nd30"), e), "UNDETERMINED content-unconfirmed"; got != want {
		t.Errorf("confirmed: got %s, want %s", got, want)
	}
	loose, err := Parse([]byte(strings.Replace(string(rule(t, "nd30").Canonical()), `"confirmed"`, `"unchecked"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := answer(loose, e), answer(rule(t, "nd30"), original()); got != want {
		t.Errorf("unchecked: got %s, want %s", got, want)
	}
}

func TestExpectedSignatures(t *testing.T) {
	copyOf := func(e evidence.RowEvidence) evidence.RowEvidence { e.Row.Kind = evidence.Copy; return e }
	noRoster := func(e evidence.RowEvidence) evidence.RowEvidence {
		v := *e.Verdict
		v.RosterKnown, e.Verdict = false, &v
		return e
	}
	stranger := sig("")
	selfMade := with(sig(""), signature.Indeterminate, signature.ReasonUntrusted)
	forged := with(person(), signature.Indeterminate, signature.ReasonUntrusted) // the name of somebody on the roster
	foreignKey := with(sig(""), signature.Indeterminate, signature.ReasonIssuerUnknown)
	former := person()
	former.OnRoster = false
	stamp := sig("")
	stamp.Kind = signature.KindTimestamp
	for _, c := range []struct {
		name                string
		e                   evidence.RowEvidence
		nd30, organ, anyone string
	}{
		{"person then organisation", original(), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"arrival of a trusted receiver", file(person(), organisation(), stranger), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"arrival of a self-made receiver", file(person(), organisation(), selfMade), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"document time stamp", file(person(), organisation(), stamp), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"copy", copyOf(file(organisation())), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"copy by a person", copyOf(file(person())), "DISPROVEN missing-organisation", "DISPROVEN missing-organisation", "PROVEN B"},
		{"person alone", file(person()), "DISPROVEN missing-organisation", "DISPROVEN missing-organisation", "PROVEN B"},
		{"organisation alone", file(organisation()), "DISPROVEN missing-person", "PROVEN B", "PROVEN B"},
		{"organisation and arrival", file(organisation(), stranger), "DISPROVEN missing-person", "PROVEN B", "PROVEN B"},
		{"wrong person", file(stranger, organisation()), "DISPROVEN wrong-signer", "PROVEN B", "PROVEN B"},
		{"wrong organisation", file(person(), stranger), "DISPROVEN wrong-signer", "DISPROVEN wrong-signer", "PROVEN B"},
		{"self-made person", file(selfMade, organisation()), "DISPROVEN untrusted", "PROVEN B", "PROVEN B"},
		{"forged name", file(forged, organisation()), "DISPROVEN untrusted", "PROVEN B", "PROVEN B"},
		{"forged name beside the real one", file(forged, person(), organisation()), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"issuer not to be had", file(foreignKey, organisation()), "UNDETERMINED issuer-unknown", "PROVEN B", "PROVEN B"},
		{"office left", file(former, organisation()), "DISPROVEN wrong-signer", "PROVEN B", "PROVEN B"},
		{"order", file(organisation(), person()), "DISPROVEN order", "PROVEN B", "PROVEN B"},
		{"organisation again at the end", file(organisation(), person(), organisation()), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"empty roster, two", noRoster(file(stranger, stranger)), "UNDETERMINED signer-unknown", "UNDETERMINED signer-unknown", "UNDETERMINED signer-unknown"},
		{"empty roster, one", noRoster(file(stranger)), "DISPROVEN missing-organisation", "UNDETERMINED signer-unknown", "UNDETERMINED signer-unknown"},
		{"only a document time stamp", file(stamp), "DISPROVEN unsigned", "DISPROVEN unsigned", "DISPROVEN unsigned"},
		{"unknown kind", edit(func(e *evidence.RowEvidence) { e.Row.Kind = "?" }), "PROVEN B", "PROVEN B", "PROVEN B"},
		{"incomplete exclusion", edit(func(e *evidence.RowEvidence) { e.Row.Exclusion = &evidence.Exclusion{Code: "void"} }), "PROVEN B", "PROVEN B", "PROVEN B"},
	} {
		for id, want := range map[string]string{"nd30": c.nd30, "organisation": c.organ, "any": c.anyone} {
			if got := answer(rule(t, id), c.e); got != want {
				t.Errorf("%s under %s: got %s, want %s", c.name, id, got, want)
			}
		}
	}
}

func TestOrderFollowsRevisionsNotClaims(t *testing.T) {
	p, o := person(), organisation()
	p.ClaimedTime, o.ClaimedTime = at("2022-04-05"), at("2022-04-01")
	if got := answer(rule(t, "nd30"), file(p, o)); got != "PROVEN B" {
		t.Errorf("claims reversed: got %s, want PROVEN B", got)
	}
	e := file(p, o)
	e.Facts.Signatures[0].Revision, e.Facts.Signatures[1].Revision = 1, 0
	if got := answer(rule(t, "nd30"), e); got != "DISPROVEN order" {
		t.Errorf("revisions reversed: got %s, want DISPROVEN order", got)
	}
}

func TestChanges(t *testing.T) {
	numbering := func(rev int) signature.Change {
		return change(rev, signature.ChangePermitted, signature.WhatNumbering)
	}
	note := func(rev int) signature.Change {
		return change(rev, signature.ChangeAnnotated, signature.WhatAnnotation)
	}
	bare := organisation()
	bare.Changes = signature.ChangeForbidden
	selfMade := with(sig(""), signature.Indeterminate, signature.ReasonUntrusted)
	for _, c := range []struct {
		name string
		e    evidence.RowEvidence
		want string
	}{
		{"numbered between", file(changed(person(), numbering(1)), organisation()), "PROVEN B"},
		{"annotated between", file(changed(person(), note(1)), organisation()), "PROVEN B"},
		{"annotated behind", file(changed(person(), note(2)), changed(organisation(), note(2))), "DISPROVEN altered"},
		{"arrival stamp drawn and signed", file(changed(person(), numbering(2)), changed(organisation(), numbering(2)), sig("")), "PROVEN B"},
		{"numbered behind for a self-made signer", file(changed(person(), numbering(2)), changed(organisation(), numbering(2)), selfMade), "UNDETERMINED change-unclear"},
		{"class without a list", file(person(), bare), "DISPROVEN altered"},
		{"validation data", file(person(), changed(organisation(), change(2, signature.ChangePermitted, signature.WhatValidation))), "PROVEN B"},
		{"change before the first expected", file(changed(sig(""), change(1, signature.ChangeForbidden, signature.WhatPageContent)), person(), organisation()), "PROVEN B"},
	} {
		if got := answer(rule(t, "nd30"), c.e); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	e := original()
	e.Facts.Repaired = true
	if got := answer(rule(t, "nd30"), e); got != "UNDETERMINED change-unclear" {
		t.Errorf("repaired: got %s, want UNDETERMINED change-unclear", got)
	}
}

func TestTimeAndGrades(t *testing.T) {
	proven := func(s signature.SignatureVerdict, by, day string) signature.SignatureVerdict {
		s.ProvenTime, s.ProvenBy = at(day), by
		return s
	}
	received := func(e evidence.RowEvidence, day string) evidence.RowEvidence { e.Received = *at(day); return e }
	unproven := func(s signature.SignatureVerdict) signature.SignatureVerdict {
		return with(s, signature.Indeterminate, signature.ReasonTimeUnproven)
	}
	revoked := func(s signature.SignatureVerdict, day string) signature.SignatureVerdict {
		s.RevokedAt = at(day)
		return s
	}
	claimed := func(s signature.SignatureVerdict, day string) signature.SignatureVerdict {
		if s.ClaimedTime = nil; day != "" {
			s.ClaimedTime = at(day)
		}
		return s
	}
	noAnswer := with(person(), signature.Indeterminate, signature.ReasonRevocationUnknown)
	noAnswer.Revocation = "none"
	stamped := func() (signature.SignatureVerdict, signature.SignatureVerdict) {
		return proven(person(), "timestamp", "2022-04-03"), proven(organisation(), "timestamp", "2022-04-04")
	}
	p, o := stamped()
	dateless := original()
	dateless.Row.Date = ""
	for _, c := range []struct {
		name string
		e    evidence.RowEvidence
		want string
	}{
		{"both stamped", file(p, o), "PROVEN A"},
		{"both stamped, no claimed time", file(claimed(p, ""), claimed(o, "")), "PROVEN A"},
		{"one stamped", file(p, organisation()), "PROVEN B"},
		{"exchange receipt", file(proven(person(), "exchange", "2022-04-03"), proven(organisation(), "exchange", "2022-04-03")), "PROVEN A"},
		{"a proof no rule knows", file(proven(person(), "witness", "2022-04-03"), organisation()), "PROVEN B"},
		{"stamped, revoked since", file(revoked(p, "2023-01-01"), o), "PROVEN A"},
		{"stamped, revocation not to be had", file(proven(noAnswer, "timestamp", "2022-04-03"), o), "PROVEN B"},
		{"received while valid", received(original(), "2025-01-01"), "PROVEN A"},
		{"received after expiry", received(file(unproven(person()), organisation()), "2026-06-01"), "PROVEN B"},
		{"received after revocation", received(file(unproven(revoked(person(), "2023-01-01")), organisation()), "2024-01-01"), "UNDETERMINED time-unproven"},
		{"received before revocation", received(file(revoked(person(), "2025-06-01"), organisation()), "2024-01-01"), "PROVEN A"},
		{"received while valid under a revoked authority", received(file(with(person(), signature.Indeterminate, signature.ReasonTimeUnproven), organisation()), "2025-01-01"), "PROVEN B"},
		{"ledger proof after expiry", file(proven(person(), "ledger", "2026-06-01"), organisation()), "PROVEN B"},
		{"expired since", file(unproven(person()), organisation()), "PROVEN B"},
		{"expired since, other date", file(unproven(claimed(person(), "2022-08-03")), organisation()), "UNDETERMINED time-unproven"},
		{"claimed 30 days before", file(claimed(person(), "2022-03-04"), organisation()), "PROVEN B"},
		{"claimed 31 days before", file(claimed(person(), "2022-03-03"), organisation()), "UNDETERMINED time-unproven"},
		{"claimed 30 days after", file(claimed(person(), "2022-05-03"), organisation()), "PROVEN B"},
		{"claimed 31 days after", file(claimed(person(), "2022-05-04"), organisation()), "UNDETERMINED time-unproven"},
		{"no claimed time", file(person(), claimed(organisation(), "")), "UNDETERMINED time-unproven"},
		{"no date in the row", dateless, "UNDETERMINED time-unproven"},
		{"claimed behind its time stamp", file(with(p, signature.Indeterminate, signature.ReasonTimeOrder), o), "UNDETERMINED time-unproven"},
		{"altered by the reason alone", file(with(p, signature.TotalFailed, signature.ReasonAltered), o), "DISPROVEN altered"},
		{"unclear by the reason alone", file(with(p, signature.Indeterminate, signature.ReasonChangeUnclear), o), "UNDETERMINED change-unclear"},
		{"unsupported chain", file(with(p, signature.Indeterminate, signature.ReasonUnsupported), o), "UNDETERMINED unsupported"},
		{"wrong key usage", file(with(p, signature.Indeterminate, signature.ReasonKeyUsage), o), "DISPROVEN untrusted"},
		{"failed without a known reason", file(with(person(), signature.TotalFailed), organisation()), "UNDETERMINED unsupported"},
		{"signature nobody judged", edit(func(e *evidence.RowEvidence) {
			e.Facts.Signatures = append(e.Facts.Signatures, signature.SignatureFacts{})
		}), "UNDETERMINED unsupported"},
	} {
		if got := answer(rule(t, "nd30"), c.e); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if got := rule(t, "nd30").State(file(unproven(person()), organisation())); !slices.Equal(got.Reasons, []string{CodeTimeUnproven}) {
		t.Errorf("expired since: got notes %v, want why it is not of grade A", got.Reasons)
	}
}

func TestManySignaturesStayFast(t *testing.T) {
	var sigs []signature.SignatureVerdict
	for range 2_000 {
		sigs = append(sigs, person(), organisation(), sig(""))
	}
	if got := answer(rule(t, "nd30"), file(sigs...)); got != "PROVEN B" {
		t.Errorf("got %s, want PROVEN B", got)
	}
}
