package web

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/object"
	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

type documentPage struct {
	Book        bookPart
	Name        string
	Size        int64
	SHA256      string
	Entry       int64
	File        string // link to the bytes
	Result      string
	Word        string
	Reason      string
	Next        string
	Policy      string
	At          string
	Rows        []documentRow
	Signatures  []signaturePart
	Preview     previewPart
	Text        textPart
	Changes     []changedPage  // after signing, the file as a whole first
	MoreChanges int            // those not listed
	Proves      []evidencePart // the criteria it hangs on
	Criteria    []choice       // those it could be hung on
}

type documentRow struct {
	Row     evidence.Row
	Name    string
	By      string
	States  []ruleState
	Link    string
	Confirm confirmPart
}

type ruleState struct {
	Rule  string
	State statePart
}

// signaturePart shows at least what Circular 15/2025/TT-BKHCN art. 6 asks for:
// signer, issuing CA, time, integrity, validity at that time, validity period
// of the certificate, and a warning when revocation could not be checked.
type signaturePart struct {
	Number                int
	Timestamp             bool
	Signer, Issuer        string
	From, Until           string
	Time                  string
	Integrity, Coverage   string
	Indication, Word      string
	Shape, Codes, Domain  string
	Reasons               []string
	Detail                string
	Changes, ChangesClass string
	ChangeList            []string
	MoreChanges           int
	RevocationUnknown     bool
}

// mostChanges is how many changes of one signature a page lists.
const mostChanges = 50

// document shows one file: its verdict in plain words, its signatures, and
// what was changed after signing.
func (s *server) document(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, sha, err := s.findDocument(r.Context(), who, r)
	if err != nil {
		return err
	}
	format, err := s.formatOf(r.Context(), object.Key{Unit: string(k.Unit), SHA256: sha})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file over the limits is hashed and not kept
		return err
	}
	var page documentPage
	err = s.Store.View(r.Context(), who.Scope(), k, func(v evidence.Reader) error {
		page, err = newDocumentPage(r.Context(), v, who.Lang, k, sha, format, r.URL.Query())
		return err
	})
	if err != nil {
		return err
	}
	if page.Proves, page.Criteria, err = s.provedBy(r.Context(), who, k, page.SHA256); err != nil {
		return err
	}
	return s.render(w, r, who, http.StatusOK, "document", page)
}

// findDocument finds the book that has the document: the one that the query
// names, or the first one in scope.
func (s *server) findDocument(ctx context.Context, who visitor, r *http.Request) (evidence.BookID, signature.Hash, error) {
	var sha signature.Hash
	if err := sha.UnmarshalText([]byte(r.PathValue("sha256"))); err != nil {
		return evidence.BookID{}, sha, problem{code: "not-found", err: err}
	}
	books, err := s.Store.Books(ctx, who.Scope())
	if err != nil {
		return evidence.BookID{}, sha, err
	}
	unit, period := r.URL.Query().Get("unit"), r.URL.Query().Get("period")
	for _, k := range books {
		if unit != "" && string(k.Unit) != unit || period != "" && string(k.Period) != period {
			continue
		}
		err := s.Store.View(ctx, who.Scope(), k, func(v evidence.Reader) error {
			_, err := v.Document(ctx, sha)
			return err
		})
		if !errors.Is(err, fs.ErrNotExist) {
			return k, sha, err
		}
	}
	return evidence.BookID{}, sha, problem{code: "not-found"}
}

func newDocumentPage(ctx context.Context, v evidence.Reader, lang message.Lang, k evidence.BookID, sha signature.Hash, format text.Format, query url.Values) (documentPage, error) {
	verdict, doc, err := evidence.ReadVerdict(ctx, v, sha)
	if err != nil {
		return documentPage{}, err
	}
	unit, err := unitOf(ctx, v, k.Unit)
	if err != nil {
		return documentPage{}, err
	}
	facts, err := evidence.ReadFacts(ctx, v, doc)
	if err != nil {
		return documentPage{}, err
	}
	book := bookOf(k, unit.Name)
	p := documentPage{
		Book: book, Name: doc.Name, Size: doc.Size, SHA256: sha.String(), Entry: doc.Entry,
		File:   "/documents/" + sha.String() + "/file?" + url.Values{"unit": {book.Unit}, "period": {book.Period}}.Encode(),
		Result: string(verdict.Result), Word: report.Word(lang, "result", string(verdict.Result)),
		Reason: fileReason(lang, facts, verdict), Next: report.NextStep(lang, verdict),
		Policy: verdict.Policy, At: lang.Time(verdict.At.In(report.Vietnam)),
		Preview: previewOf(lang, book, sha, facts, format, query),
	}
	for i, sig := range verdict.Signatures {
		p.Signatures = append(p.Signatures, signatureOf(lang, i+1, sig))
	}
	p.Changes, p.MoreChanges = changedPages(lang, verdict, shaLink(book, sha))
	shown := p.Preview.Number
	if shown == 0 { // a sheet, or a page that nobody can draw
		shown = pageNumber(query, "page", text.MaxPages)
	}
	if p.Text, err = textOf(ctx, v, sha, shown); err != nil {
		return p, err
	}
	if p.Rows, err = documentRows(ctx, v, lang, book, sha, p.Text); err != nil {
		return p, err
	}
	p.advise(lang, verdict.Result)
	return p, nil
}

// advise puts what a row lacks in the place of what the file lacks: "nothing
// to do" would be wrong beside a row that does not count.
func (p *documentPage) advise(lang message.Lang, result signature.Result) {
	for _, row := range p.Rows {
		for _, state := range row.States {
			switch {
			case state.Rule != defaultRule() || state.State.Code == "":
			case state.State.Code == count.CodeContentUnconfirmed && !p.Text.Read:
				p.Next = lang.Text("web.next-reading")
			case result == signature.ResultIntact:
				p.Next = lang.Text("web.next-row")
			}
		}
	}
}

// fileReason says why the file as a whole is no signed document. The reader's
// own English sentence stays for --json and operators.
func fileReason(lang message.Lang, f signature.Facts, v signature.Verdict) string {
	switch {
	case v.Result == signature.ResultUnreadable && f.Condition == signature.OverLimit:
		return lang.Text("web.over-limit")
	case v.Result == signature.ResultUnsigned && f.ImageOnly:
		return lang.Text("inspect.scan")
	}
	return ""
}

var indicationShapes = map[signature.Indication]string{
	signature.TotalPassed: "✔", signature.TotalFailed: "✘", signature.Indeterminate: "?",
}

func signatureOf(lang message.Lang, number int, s signature.SignatureVerdict) signaturePart {
	p := signaturePart{
		Number: number, Timestamp: s.Kind == signature.KindTimestamp, Signer: report.Signer(lang, s), Time: report.SigningTime(lang, s),
		Integrity: report.Word(lang, "integrity", string(s.Integrity)), Coverage: report.Word(lang, "coverage", string(s.Coverage)),
		Indication: string(s.Indication), Word: report.Word(lang, "indication", string(s.Indication)),
		Shape: indicationShapes[s.Indication], Codes: report.Codes(s), Detail: s.Problem,
		Changes: report.Word(lang, "changes", string(s.Changes)), ChangesClass: string(s.Changes),
		RevocationUnknown: s.Revocation == "none" || s.Revocation == "",
	}
	if s.Signer != nil {
		p.Issuer = s.Signer.Issuer
		p.From, p.Until = lang.Date(s.Signer.NotBefore.In(report.Vietnam)), lang.Date(s.Signer.NotAfter.In(report.Vietnam))
	}
	if s.TrustDomain != "" {
		p.Domain = report.Word(lang, "domain", string(s.TrustDomain))
	}
	for _, code := range s.Reasons {
		what, _ := signature.Sentence(code, string(lang))
		p.Reasons = append(p.Reasons, what)
	}
	for _, c := range s.ChangeList[:min(len(s.ChangeList), mostChanges)] {
		p.ChangeList = append(p.ChangeList, report.Change(lang, c))
	}
	p.MoreChanges = len(s.ChangeList) - len(p.ChangeList)
	return p
}

func documentRows(ctx context.Context, v evidence.Reader, lang message.Lang, book bookPart, sha signature.Hash, read textPart) ([]documentRow, error) {
	ids, err := v.MatchedRows(ctx, sha)
	if err != nil {
		return nil, err
	}
	var rows []documentRow
	for _, id := range ids {
		row, err := v.Row(ctx, id)
		if err != nil {
			return nil, err
		}
		match, err := v.MatchOf(ctx, id)
		if err != nil {
			return nil, err
		}
		d := documentRow{Row: row, Name: rowName(row), By: lang.Text("match." + match.By), Link: book.Path + "/register#rows"}
		if d.Confirm, err = confirmationOf(ctx, v, lang, row, sha, read); err != nil {
			return nil, err
		}
		states, err := report.StatesOfRow(ctx, v, id)
		if err != nil {
			return nil, err
		}
		for _, s := range states {
			d.States = append(d.States, ruleState{s.Rule, stateOf(lang, s)})
		}
		rows = append(rows, d)
	}
	return rows, nil
}
