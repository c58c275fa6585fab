package web

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
)

const (
	// rowsPerPage is how many rows of the register a page shows.
	rowsPerPage = 50
	// mostListed is how many entries a work list shows on one page.
	mostListed = 200
)

type registerPage struct {
	Book      bookPart
	Unread    int // documents whose text was not looked into yet
	Share     sharePart
	Rows      int64
	Secret    int
	Withdrawn int
	Register  string // file name of the newest register
	Findings  []findingPart
	FindingsN int
	NoFile    int64 // rows that count and have no file
	Unmatched []filePart
	Files     int // files without a row, listed or not
	MoreFiles int // those not listed
	Filter    filterPart
	Shown     []rowPart
	Found     int
	From, To  int
	Pages     pagePart
	MaxFile   int64 // MB
	MaxAll    int64
}

// findingPart is all findings of one code.
type findingPart struct {
	Code  string
	Total int
	Items []findingItem
	More  int // those not listed
}

type findingItem struct {
	Text string
	Line int
}

type filePart struct {
	Name, Link string
	Size       int64
}

// filterPart is what the rows are filtered by, and what they can be.
type filterPart struct {
	State, Code string
	States      []choice
	Codes       []choice
}

type choice struct {
	Value, Label string
	Count        int
	Chosen       bool
}

type pagePart struct {
	Number, Last   int
	Previous, Next string // links; "" at the ends
}

var allStates = []evidence.State{evidence.Proven, evidence.Disproven, evidence.Undetermined, evidence.Excluded}

// register shows the rows with their states, findings and work lists first.
func (s *server) register(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, err := s.book(r.Context(), who, r)
	if err != nil {
		return err
	}
	answer, err := s.build(r.Context(), who, k, report.DefaultCriterion, nil)
	if err != nil {
		return err
	}
	page := registerPage{
		Book: bookOf(k, answer.UnitName), Share: shareOf(who.Lang, answer.Indicator), Rows: answer.Rows, Secret: answer.Register.SecretRows,
		Withdrawn: answer.Withdrawn, Register: baseName(answer.Register.Name), Findings: findingsOf(answer.Register.Findings),
		FindingsN: len(answer.Register.Findings), NoFile: answer.Reasons["no-file"], MaxFile: s.FileBytes >> 20, MaxAll: s.RequestBytes >> 20,
	}
	for _, d := range answer.Unmatched[:min(len(answer.Unmatched), mostListed)] {
		page.Unmatched = append(page.Unmatched, filePart{d.Name, documentLink(page.Book, d), d.Size})
	}
	page.Files = len(answer.Unmatched)
	page.MoreFiles = page.Files - len(page.Unmatched)
	if page.Unread, err = s.unread(r.Context(), who, k); err != nil {
		return err
	}
	found, err := page.filter(who.Lang, answer, r.URL.Query())
	if err != nil {
		return err
	}
	page.turn(who.Lang, answer, found, r.URL)
	return s.render(w, r, who, http.StatusOK, "register", page)
}

// baseName leaves out the folders, which say more of a machine than of a
// register.
func baseName(name string) string { return path.Base(strings.ReplaceAll(name, `\`, "/")) }

// findingsOf groups findings by code, in the order of the codes.
func findingsOf(findings []evidence.Finding) []findingPart {
	byCode := map[string]*findingPart{}
	for _, f := range findings {
		p := byCode[f.Code]
		if p == nil {
			p = &findingPart{Code: f.Code}
			byCode[f.Code] = p
		}
		if p.Total++; len(p.Items) == mostListed {
			p.More++
			continue
		}
		p.Items = append(p.Items, findingItem{cmp.Or(f.Detail, f.Row), f.Line})
	}
	var parts []findingPart
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		parts = append(parts, *byCode[code])
	}
	return parts
}

// filter keeps the rows that the query asks for, and fills the form.
func (p *registerPage) filter(lang message.Lang, r *report.Report, query url.Values) ([]evidence.RowState, error) {
	f := filterPart{State: query.Get("state"), Code: query.Get("code")}
	if f.State != "" && !slices.Contains(allStates, evidence.State(f.State)) {
		return nil, problem{code: "bad-filter"}
	}
	states, codes := map[evidence.State]int{}, map[string]int{}
	var found []evidence.RowState
	for _, s := range r.States {
		states[s.State]++
		if s.Code != "" {
			codes[s.Code]++
		}
		if (f.State == "" || string(s.State) == f.State) && (f.Code == "" || s.Code == f.Code) {
			found = append(found, s)
		}
	}
	for _, state := range allStates {
		f.States = append(f.States, choice{string(state), lang.Text("state." + string(state)), states[state], string(state) == f.State})
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		f.Codes = append(f.Codes, choice{code, lang.Text("code." + code), codes[code], code == f.Code})
	}
	if f.Code != "" && codes[f.Code] == 0 {
		f.Codes = append(f.Codes, choice{f.Code, f.Code, 0, true})
	}
	p.Filter = f
	return found, nil
}

// turn cuts the page that the query asks for; a number behind the end shows
// the last one.
func (p *registerPage) turn(lang message.Lang, r *report.Report, found []evidence.RowState, u *url.URL) {
	p.Found = len(found)
	last := max(1, (len(found)+rowsPerPage-1)/rowsPerPage)
	number := pageNumber(u.Query(), "page", last)
	start := (number - 1) * rowsPerPage
	end := min(start+rowsPerPage, len(found))
	for _, s := range found[start:end] {
		p.Shown = append(p.Shown, rowOf(lang, p.Book, r, s))
	}
	if p.From, p.To = start+1, end; p.Found == 0 {
		p.From = 0
	}
	p.Pages = turnPages(number, last, func(n int) string {
		query := url.Values{"page": {strconv.Itoa(n)}}
		if p.Filter.State != "" {
			query.Set("state", p.Filter.State)
		}
		if p.Filter.Code != "" {
			query.Set("code", p.Filter.Code)
		}
		return p.Book.Path + "/register?" + query.Encode() + "#rows"
	})
}
