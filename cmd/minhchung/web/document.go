package web

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/object"
	"minhchung/evidence/signature"
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
		var facts signature.Facts
		if page, facts, err = newDocumentPage(r.Context(), v, who.Lang, k, sha); err != nil {
			return err
		}
		page.Preview = previewOf(who.Lang, page.Book, sha, facts, format, r.URL.Query())
		if page.Text, err = textOf(r.Context(), v, sha, max(1, page.Preview.Number)); err != nil {
			return err
		}
		for i := range page.Rows {
			row := &page.Rows[i]
			for _, state := range row.States {
				if state.State.Code == count.CodeContentUnconfirmed && state.Rule == defaultRule() && !page.Text.Read {
					page.Next = who.Lang.Text("web.next-reading")
				}
			}
			if row.Confirm, err = confirmationOf(r.Context(), v, who.Lang, row.Row, sha, page.Text); err != nil {
				return err
			}
		}
		return nil
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

func newDocumentPage(ctx context.Context, v evidence.Reader, lang message.Lang, k evidence.BookID, sha signature.Hash) (documentPage, signature.Facts, error) {
	verdict, doc, err := evidence.ReadVerdict(ctx, v, sha)
	if err != nil {
		return documentPage{}, signature.Facts{}, err
	}
	unit, err := unitOf(ctx, v, k.Unit)
	if err != nil {
		return documentPage{}, signature.Facts{}, err
	}
	facts, err := evidence.ReadFacts(ctx, v, doc)
	if err != nil {
		return documentPage{}, signature.Facts{}, err
	}
	book := bookOf(k, unit.Name)
	p := documentPage{
		Book: book, Name: doc.Name, Size: doc.Size, SHA256: sha.String(), Entry: doc.Entry,
		File:   "/documents/" + sha.String() + "/file?" + url.Values{"unit": {book.Unit}, "period": {book.Period}}.Encode(),
		Result: string(verdict.Result), Word: report.Word(lang, "result", string(verdict.Result)),
		Reason: fileReason(lang, facts, verdict), Next: report.NextStep(lang, verdict),
		Policy: verdict.Policy, At: lang.Time(verdict.At.In(report.Vietnam)),
	}
	for i, sig := range verdict.Signatures {
		p.Signatures = append(p.Signatures, signatureOf(lang, i+1, sig))
	}
	p.Changes, p.MoreChanges = changedPages(lang, verdict, shaLink(book, sha))
	if p.Rows, err = documentRows(ctx, v, lang, book, sha); err != nil {
		return p, facts, err
	}
	// "Nothing to do" would be wrong advice beside a row that does not count.
	for _, row := range p.Rows {
		for _, state := range row.States {
			if verdict.Result == signature.ResultIntact && state.Rule == defaultRule() && state.State.Code != "" {
				p.Next = lang.Text("web.next-row")
			}
		}
	}
	return p, facts, nil
}

// changedPage is what was changed on one page after some signature.
type changedPage struct {
	Page    int    // 0: the file as a whole
	Link    string // to its picture
	Changes []changePart
}

type changePart struct{ Text, Class string }

// changedPages lists what any signature's change list says, each change once,
// by page.
func changedPages(lang message.Lang, v signature.Verdict, document string) (pages []changedPage, more int) {
	byPage := map[int]*changedPage{}
	seen := map[signature.Change]bool{}
	for _, s := range v.Signatures {
		for _, c := range s.ChangeList {
			if seen[c] {
				continue
			}
			if seen[c] = true; len(seen) > mostChanges {
				more++
				continue
			}
			p := byPage[c.Page]
			if p == nil {
				p = &changedPage{Page: c.Page}
				if c.Page > 0 {
					p.Link = document + "&page=" + strconv.Itoa(c.Page) + "#preview"
				}
				byPage[c.Page] = p
			}
			said := changePart{report.Change(lang, c), string(c.Class)}
			if !slices.Contains(p.Changes, said) {
				p.Changes = append(p.Changes, said)
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(byPage)) {
		pages = append(pages, *byPage[number])
	}
	return pages, more
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

func documentRows(ctx context.Context, v evidence.Reader, lang message.Lang, book bookPart, sha signature.Hash) ([]documentRow, error) {
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

// download sends a document's bytes. They are read and hashed once before the
// first byte goes out, so that nobody gets a damaged file with an ending that
// looks good; the second reading is hashed as well and broken off when it
// differs.
func (s *server) download(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, sha, err := s.findDocument(r.Context(), who, r)
	if err != nil {
		return err
	}
	var doc evidence.Document
	err = s.Store.View(r.Context(), who.Scope(), k, func(v evidence.Reader) (err error) {
		doc, err = v.Document(r.Context(), sha)
		return err
	})
	if err != nil {
		return err
	}
	key := object.Key{Unit: string(k.Unit), SHA256: sha}
	if err := s.copyObject(r.Context(), key, io.Discard); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Disposition", disposition(doc.Name))
	h.Set("Content-Length", strconv.FormatInt(doc.Size, 10))
	h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sha[:])+":") // RFC 9530
	if r.Method == http.MethodHead {
		return nil
	}
	if err := s.copyObject(r.Context(), key, w); err != nil {
		s.Log.Error("sending a document", "sha256", sha.String(), "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// copyObject copies an object; one that is missing from the store is damage,
// since the ledger names it.
func (s *server) copyObject(ctx context.Context, key object.Key, w io.Writer) error {
	body, err := s.Objects.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return problem{code: "damaged", err: err}
	}
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	return err
}

// disposition is the header of RFC 6266 with a name that is no path.
func disposition(name string) string {
	name = strings.Map(inert, baseName(name))
	if header := mime.FormatMediaType("attachment", map[string]string{"filename": name}); header != "" {
		return header
	}
	return "attachment"
}
