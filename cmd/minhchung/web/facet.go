package web

import (
	"net/url"
	"slices"
	"unicode/utf8"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/search"
)

// filterOf reads the filters of a query: each facet's name with one or more
// values.
func filterOf(values url.Values) (map[search.Facet][]string, error) {
	filter := map[search.Facet][]string{}
	for _, facet := range search.Facets() {
		chosen := slices.DeleteFunc(slices.Clone(values[string(facet)]), func(v string) bool { return v == "" })
		if len(chosen) == 0 {
			continue
		}
		if len(chosen) > mostFiltered || slices.ContainsFunc(chosen, func(v string) bool { return len(v) > valueBytes || !utf8.ValidString(v) }) {
			return nil, problem{code: "bad-filter"}
		}
		filter[facet] = chosen
	}
	return filter, nil
}

// searchLink is the same search, changed; from its first page.
func searchLink(values url.Values, change func(url.Values)) string {
	next := url.Values{}
	for _, name := range append([]string{"q"}, facetNames()...) {
		if v, ok := values[name]; ok {
			next[name] = slices.Clone(v)
		}
	}
	change(next)
	return "/search?" + next.Encode()
}

func facetNames() []string {
	var names []string
	for _, f := range search.Facets() {
		names = append(names, string(f))
	}
	return names
}

// filters offers the values that would narrow the answer, and those in force
// to be left out.
func (p *searchPage) filters(lang message.Lang, a search.Answer, units map[evidence.UnitID]string, values url.Values) {
	for _, facet := range search.Facets() {
		name := string(facet)
		chosen := values[name]
		part := facetPart{Name: lang.Text("web.facet-" + name)}
		for _, value := range chosen {
			if value == "" {
				continue
			}
			p.Filters = append(p.Filters, choice{Value: searchLink(values, func(v url.Values) {
				v[name] = slices.DeleteFunc(v[name], func(other string) bool { return other == value })
			}), Label: part.Name + ": " + facetLabel(lang, facet, value, units)})
		}
		for _, count := range a.Facets[facet] {
			if slices.Contains(chosen, count.Value) {
				continue
			}
			if len(part.Values) == facetLines {
				part.More++
				continue
			}
			part.Values = append(part.Values, choice{
				Value: searchLink(values, func(v url.Values) { v.Add(name, count.Value) }),
				Label: facetLabel(lang, facet, count.Value, units), Count: count.Pages,
			})
		}
		// A value that every hit has narrows nothing.
		if len(part.Values) > 1 || len(part.Values) == 1 && part.Values[0].Count < a.Total {
			p.Facets = append(p.Facets, part)
		}
	}
	if len(p.Filters) > 0 {
		p.Clear = "/search?" + url.Values{"q": values["q"]}.Encode()
	}
}

// facetLabel is a facet's value in words.
func facetLabel(lang message.Lang, facet search.Facet, value string, units map[evidence.UnitID]string) string {
	key := ""
	switch facet {
	case search.FacetUnit:
		if name := units[evidence.UnitID(value)]; name != "" {
			return name
		}
	case search.FacetState:
		key = "state." + value
	case search.FacetTextSource:
		key = "web.source-" + value
	}
	if message.Has(key) {
		return lang.Text(key)
	}
	return value
}
