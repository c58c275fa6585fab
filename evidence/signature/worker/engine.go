package worker

import (
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
)

// judgment judges the facts of one file; see signature.Judger.
type judgment interface {
	Judge(signature.Facts, []signature.Proof, time.Time) signature.Verdict
	Questions(signature.Facts, []signature.Proof, time.Time) []signature.Question
}

var _ judgment = (*signature.Judger)(nil)

// prepare makes material and policy ready for the many files that follow:
// parsing them and checking the CRLs costs more than judging one file.
func prepare(m signature.Material, p signature.Policy) judgment { return signature.NewJudger(m, p) }

// readPDF has the reader's own budgets beside the limits of the process.
func readPDF(data []byte) signature.Facts { return pdf.Read(data, syntax.Limits{}) }
