package worker

import (
	"time"

	"minhchung/evidence/signature"
)

func readPDF(data []byte) signature.Facts {
	return signature.Facts{Reader: readerName, SHA256: signature.HashOf(data), Size: int64(len(data)),
		Format: "pdf", Condition: signature.Unsupported, Problem: "the PDF reader is not linked yet"}
}

func judge(f signature.Facts, _ signature.Material, p signature.Policy, _ []signature.Proof, at time.Time) signature.Verdict {
	return signature.Verdict{Result: signature.ResultUnreadable, Reason: f.Problem, Signatures: []signature.SignatureVerdict{}, Policy: p.ID, At: at}
}
