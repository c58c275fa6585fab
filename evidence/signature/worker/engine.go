package worker

import (
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
)

// judge judges in the child what was read there, and in the parent the files
// that no child could read.
var judge = signature.Judge

// readPDF has the reader's own budgets beside the limits of the process.
func readPDF(data []byte) signature.Facts { return pdf.Read(data, syntax.Limits{}) }
