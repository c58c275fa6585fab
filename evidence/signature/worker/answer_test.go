package worker

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"minhchung/evidence/signature"
)

// goodAnswer is an answer about a file of 1000 bytes with one signature.
func goodAnswer() answerMessage {
	blob := []byte("der")
	return answerMessage{
		Facts: signature.Facts{
			Reader: "pdf/1", SHA256: signature.HashOf([]byte("file")), Size: 1000, Format: "pdf", Condition: signature.Readable, Pages: 1,
			Revisions:  []signature.Revision{{End: 500}, {End: 1000}},
			Signatures: []signature.SignatureFacts{{Kind: signature.KindSignature, CMS: signature.HashOf(blob)}},
			Blobs:      []signature.Blob{{SHA256: signature.HashOf(blob), DER: blob}},
		},
		Verdict: signature.Verdict{
			Result: signature.ResultIntact,
			Signatures: []signature.SignatureVerdict{{
				Kind: signature.KindSignature, Integrity: signature.IntegrityIntact, Coverage: signature.CoverageExact,
				Changes: signature.ChangesNone, Indication: signature.Indeterminate,
			}},
		},
	}
}

func TestAnswersAreChecked(t *testing.T) {
	tests := []struct {
		name   string
		change func(*answerMessage)
		ok     bool
	}{
		{"good", func(*answerMessage) {}, true},
		{"another file", func(a *answerMessage) { a.Facts.SHA256[0]++ }, false},
		{"another size", func(a *answerMessage) { a.Facts.Size-- }, false},
		{"format", func(a *answerMessage) { a.Facts.Format = "exe" }, false},
		{"condition", func(a *answerMessage) { a.Facts.Condition = "fine" }, false},
		{"no reader", func(a *answerMessage) { a.Facts.Reader = "" }, false},
		{"escape in the problem", func(a *answerMessage) { a.Facts.Problem = "\x1b[2J" }, false},
		{"long problem", func(a *answerMessage) { a.Facts.Problem = strings.Repeat("a", maxSentence+1) }, false},
		{"pages", func(a *answerMessage) { a.Facts.Pages = -1 }, false},
		{"no revision", func(a *answerMessage) { a.Facts.Revisions = nil }, false},
		{"revision behind the end", func(a *answerMessage) { a.Facts.Revisions[1].End = 1001 }, false},
		{"revisions out of order", func(a *answerMessage) { a.Facts.Revisions[0].End = 1000; a.Facts.Revisions[1].End = 500 }, false},
		{"blob with another digest", func(a *answerMessage) { a.Facts.Blobs[0].DER = []byte("other") }, false},
		{"kind of facts", func(a *answerMessage) { a.Facts.Signatures[0].Kind = "seal" }, false},
		{"covered revision", func(a *answerMessage) { a.Facts.Signatures[0].Revision = 2 }, false},
		{"permission", func(a *answerMessage) { a.Facts.Signatures[0].Permission = 4 }, false},
		{"change without what", func(a *answerMessage) {
			a.Facts.Signatures[0].Changes = []signature.Change{{Class: signature.ChangePermitted}}
		}, false},
		{"class of a change", func(a *answerMessage) {
			a.Facts.Signatures[0].Changes = []signature.Change{{What: signature.WhatOther, Class: "harmless"}}
		}, false},
		{"too many changes", func(a *answerMessage) {
			a.Facts.Signatures[0].Changes = make([]signature.Change, maxChanges+1)
		}, false},
		{"result", func(a *answerMessage) { a.Verdict.Result = "" }, false},
		{"signature not judged", func(a *answerMessage) { a.Verdict.Signatures = nil }, false},
		{"intact without signatures", func(a *answerMessage) { a.Facts.Signatures = nil; a.Verdict.Signatures = nil }, false},
		{"intact though damaged", func(a *answerMessage) { a.Facts.Condition = signature.Damaged }, false},
		{"intact though repaired", func(a *answerMessage) { a.Facts.Repaired = true }, false},
		{"intact though broken", func(a *answerMessage) { a.Verdict.Signatures[0].Integrity = signature.IntegrityBroken }, false},
		{"intact though not covered", func(a *answerMessage) { a.Verdict.Signatures[0].Coverage = signature.CoverageInvalid }, false},
		{"intact though changed", func(a *answerMessage) { a.Verdict.Signatures[0].Changes = signature.ChangeForbidden }, false},
		{"kind of a verdict", func(a *answerMessage) { a.Verdict.Signatures[0].Kind = "" }, false},
		{"integrity", func(a *answerMessage) { a.Verdict.Signatures[0].Integrity = "" }, false},
		{"coverage", func(a *answerMessage) { a.Verdict.Signatures[0].Coverage = "" }, false},
		{"changes", func(a *answerMessage) { a.Verdict.Signatures[0].Changes = "few" }, false},
		{"indication", func(a *answerMessage) { a.Verdict.Signatures[0].Indication = "PASSED" }, false},
		{"domain", func(a *answerMessage) { a.Verdict.Signatures[0].TrustDomain = "ours" }, false},
		{"reason", func(a *answerMessage) { a.Verdict.Signatures[0].Reasons = []string{"a\nb"} }, false},
	}
	job := Job{Size: 1000}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := goodAnswer()
			test.change(&a)
			raw, err := encode(&a)
			if err != nil {
				t.Fatal(err)
			}
			_, err = decodeAnswer(raw, signature.HashOf([]byte("file")), job)
			if test.ok != (err == nil) || (err != nil && !errors.Is(err, errAnswer)) {
				t.Errorf("got %v, want accepted: %t", err, test.ok)
			}
		})
	}
}

// FuzzDecodeAnswer: whatever a child says, the parent lives, and an answer it
// takes is about the file that was sent.
func FuzzDecodeAnswer(f *testing.F) {
	answer := goodAnswer()
	good, err := encode(&answer)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{good, good[:len(good)/2], append(good, 0), nil, bytes.Repeat([]byte{0xff}, 10_000)} {
		f.Add(seed)
	}
	sum := signature.HashOf([]byte("file"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := decodeAnswer(raw, sum, Job{Size: 1000})
		if err == nil && (a.Facts.SHA256 != sum || a.Facts.Size != 1000) {
			t.Errorf("took facts about %v with %d bytes", a.Facts.SHA256, a.Facts.Size)
		}
	})
}
