package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// documentJSON is the answer of POST /api/v1/documents.
type documentJSON struct {
	Unit   evidence.UnitID `json:"unit"`
	Period evidence.Period `json:"period"`
	Name   string          `json:"name"`
	SHA256 signature.Hash  `json:"sha256"`
	Size   int64           `json:"size"`
	// Known is true when the unit had these bytes already.
	Known bool      `json:"known"`
	Match matchJSON `json:"match"`
	// Sentence is the verdict's result in the visitor's language; Next is
	// what to do about it.
	Sentence string              `json:"sentence"`
	Next     string              `json:"next"`
	Verdict  signature.Verdict   `json:"verdict"`
	States   []evidence.RowState `json:"states"`
	Receipt  report.Receipt      `json:"receipt"`
}

// matchJSON says which rows the document belongs to.
type matchJSON struct {
	Rows      []string `json:"rows"`
	By        string   `json:"by"`        // "file-column", "name", "" without a row
	Ambiguous bool     `json:"ambiguous"` // several rows or files fit: nothing was matched
	// Replaced are the documents that these rows had before this request.
	Replaced []replacedJSON `json:"replaced"`
}

type replacedJSON struct {
	Row    string         `json:"row"`
	SHA256 signature.Hash `json:"sha256"`
	Name   string         `json:"name"`
}

// postDocument takes one file: the body of the request, named by
// Content-Disposition (RFC 6266), or the part "file" of a multipart form. The
// query names unit and period. With an Idempotency-Key a repeated request gets
// the first one's answer.
func (s *server) postDocument(w http.ResponseWriter, r *http.Request, who visitor) error {
	query := r.URL.Query()
	k, err := s.findBook(r.Context(), who, query.Get("unit"), query.Get("period"))
	if err != nil {
		return err
	}
	key, err := s.answers.key(r.Header.Values("Idempotency-Key"), who.ID, string(k.Unit), r.Method+" "+r.URL.Path)
	if err != nil {
		return err
	}
	free, err := s.answers.hold(key)
	if err != nil {
		return err
	}
	defer free()
	if err := s.limit(w, r); err != nil {
		return err
	}
	f, err := s.receiveOne(r)
	defer f.remove()
	if err != nil {
		return err
	}
	request := fingerprint(k.String(), f.name, f.sha.String())
	if old, found, err := s.answers.find(key, request); err != nil || found {
		if err != nil {
			return err
		}
		w.Header().Set("Idempotency-Replayed", "true")
		sendJSON(w, old.Status, old.Body)
		return nil
	}
	list, err := s.accept(r.Context(), who, k, []spooled{f})
	if err != nil {
		return err
	}
	receipt, err := s.prove(r.Context(), who, k, list[0])
	if err != nil {
		return err
	}
	answer := answer{Request: request, Status: http.StatusCreated}
	if list[0].known {
		answer.Status = http.StatusOK
	}
	if answer.Body, err = json.Marshal(jsonOf(who, k, list[0], receipt)); err != nil {
		return err
	}
	answer.Body = append(answer.Body, '\n')
	if err := s.answers.keep(key, answer); err != nil {
		// The document is in the ledger: the same request would find it known.
		s.Log.Error("keeping an answer", "error", err)
	}
	sendJSON(w, answer.Status, answer.Body)
	return nil
}

func jsonOf(who visitor, k evidence.BookID, a accepted, receipt report.Receipt) documentJSON {
	out := documentJSON{
		Unit: k.Unit, Period: k.Period, Name: a.document.Name, SHA256: a.file.sha, Size: a.file.size, Known: a.known,
		Match:    matchJSON{Rows: []string{}, By: a.by, Ambiguous: a.ambiguous, Replaced: []replacedJSON{}},
		Sentence: report.Word(who.Lang, "result", string(a.verdict.Result)), Next: report.NextStep(who.Lang, a.verdict),
		Verdict: a.verdict, States: a.states, Receipt: receipt,
	}
	for _, row := range a.rows {
		out.Match.Rows = append(out.Match.Rows, row.ID)
	}
	for _, old := range a.replaced {
		out.Match.Replaced = append(out.Match.Replaced, replacedJSON{old.row, old.old.SHA256, old.old.Name})
	}
	if out.States == nil {
		out.States = []evidence.RowState{}
	}
	return out
}

// receiveOne spools the one file of a request.
func (s *server) receiveOne(r *http.Request) (spooled, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && media == "multipart/form-data" {
		return s.receivePart(r)
	}
	name, err := bodyName(r.Header.Get("Content-Disposition"))
	if err != nil {
		return spooled{}, err
	}
	f, err := s.spool(name, r.Body)
	if err == nil && f.size == 0 {
		f.remove()
		return spooled{}, problem{code: "no-file"}
	}
	return f, err
}

// bodyName is the file name of a raw body.
func bodyName(disposition string) (string, error) {
	if disposition == "" {
		return "", problem{code: "bad-name"}
	}
	_, params, err := mime.ParseMediaType(disposition)
	if err != nil || params["filename"] == "" {
		return "", problem{code: "bad-name", err: err}
	}
	return params["filename"], nil
}

// receivePart spools the part "file", which must be the only file.
func (s *server) receivePart(r *http.Request) (found spooled, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return found, problem{code: "bad-request", err: err}
	}
	for {
		var part *multipart.Part
		part, err = parts.NextPart()
		if errors.Is(err, io.EOF) && found.path != "" {
			return found, nil
		}
		if errors.Is(err, io.EOF) {
			return found, problem{code: "no-file"}
		}
		if err != nil {
			return found, broken(err)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		if found.path != "" {
			return found, problem{code: "one-file"}
		}
		if found, err = s.spool(part.FileName(), part); err != nil {
			return found, err
		}
	}
}
