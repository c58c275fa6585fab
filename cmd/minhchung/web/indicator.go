package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
)

type indicatorPage struct {
	Book       bookPart
	Unread     int // documents whose text was not looked into yet
	Share      sharePart
	Figures    count.Indicator
	Secret     int
	FindingsN  int
	Reasons    []reasonPart
	Counted    drawer
	NotCounted drawer
	Excluded   drawer
	Rules      []choice
	Others     []choice // rules to compare with
	Diff       *diffPart
	Notes      []string // what the rule's definition says people should know
	Legal      []string
}

type reasonPart struct {
	Code  string
	Count int64
	State statePart
	Link  string // to its rows, under the rule that the register page counts by
}

// drawer is one of the three lists under the share. More rows are on the
// register page, behind Link.
type drawer struct {
	Rows  []rowPart
	Total int
	Link  string
}

// diffPart is the rows on which two rules differ.
type diffPart struct {
	A, B  sharePart
	Rows  []flipPart
	Total int
}

type flipPart struct {
	Row  rowPart
	A, B statePart
}

// indicator shows a share with the rows it is made of.
func (s *server) indicator(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, err := s.book(r.Context(), who, r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	rule, err := ruleOf(query.Get("rule"))
	if err != nil {
		return err
	}
	answer, err := s.build(r.Context(), who, k, r.PathValue("criterion"), rule)
	if err != nil {
		return err
	}
	page := newIndicatorPage(who.Lang, k, answer, rule)
	if other := query.Get("diff"); other != "" && other != rule.ID() {
		second, err := ruleOf(other)
		if err != nil {
			return err
		}
		compared, err := s.build(r.Context(), who, k, answer.Criterion, second)
		if err != nil {
			return err
		}
		page.Diff = page.compare(who.Lang, answer, compared)
	}
	page.offer(who.Lang, rule.ID(), query.Get("diff"))
	if page.Unread, err = s.unread(r.Context(), who, k); err != nil {
		return err
	}
	return s.render(w, r, who, http.StatusOK, "indicator", page)
}

func ruleOf(id string) (*count.Rule, error) {
	if id == "" {
		return count.Rules()[0], nil
	}
	return count.Load(id)
}

func newIndicatorPage(lang message.Lang, k evidence.BookID, r *report.Report, rule *count.Rule) indicatorPage {
	p := indicatorPage{
		Book: bookOf(k, r.UnitName), Share: shareOf(lang, r.Indicator), Figures: r.Indicator,
		Secret: r.Register.SecretRows, FindingsN: len(r.Register.Findings),
	}
	for _, note := range rule.Definition().Notes {
		p.Notes = append(p.Notes, note.In(string(lang)))
	}
	for _, legal := range rule.Definition().Legal {
		p.Legal = append(p.Legal, legal.In(string(lang)))
	}
	// The register page counts by the default rule: under another one its
	// filters would list other rows.
	linked := rule.ID() == count.Rules()[0].ID()
	fill := func(d *drawer, state evidence.State, row rowPart) {
		if d.Total++; len(d.Rows) < mostListed {
			d.Rows = append(d.Rows, row)
		} else if linked {
			d.Link = p.Book.Path + "/register?state=" + string(state) + "#rows"
		}
	}
	deciding := map[string]statePart{}
	for _, s := range r.States {
		row := rowOf(lang, p.Book, r, s)
		switch s.State {
		case evidence.Proven:
			fill(&p.Counted, s.State, row)
		case evidence.Excluded:
			fill(&p.Excluded, s.State, row)
		default:
			fill(&p.NotCounted, s.State, row)
			deciding[s.Code] = row.State
		}
	}
	if p.NotCounted.Link != "" { // two states: no filter lists both
		p.NotCounted.Link = p.Book.Path + "/register#rows"
	}
	for code, n := range r.Reasons {
		reason := reasonPart{Code: code, Count: n, State: deciding[code]}
		if linked {
			reason.Link = p.Book.Path + "/register?" + url.Values{"code": {code}}.Encode() + "#rows"
		}
		p.Reasons = append(p.Reasons, reason)
	}
	slices.SortFunc(p.Reasons, func(a, b reasonPart) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Code, b.Code)
	})
	return p
}

func (p *indicatorPage) compare(lang message.Lang, a, b *report.Report) *diffPart {
	flips := count.Flips(a.States, b.States)
	d := &diffPart{A: shareOf(lang, a.Indicator), B: shareOf(lang, b.Indicator), Total: len(flips)}
	for _, f := range flips[:min(len(flips), mostListed)] {
		d.Rows = append(d.Rows, flipPart{rowOf(lang, p.Book, a, f.A), stateOf(lang, f.A), stateOf(lang, f.B)})
	}
	return d
}

// offer fills the choice of rules.
func (p *indicatorPage) offer(lang message.Lang, rule, diff string) {
	for _, r := range count.Rules() {
		if !r.Counts(p.Share.Criterion) {
			continue
		}
		title := r.Definition().Title.In(string(lang))
		p.Rules = append(p.Rules, choice{Value: r.ID(), Label: title, Chosen: r.ID() == rule})
		p.Others = append(p.Others, choice{Value: r.ID(), Label: title, Chosen: r.ID() == diff && diff != rule})
	}
}
