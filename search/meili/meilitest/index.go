package meilitest

import (
	"bufio"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

type doubleIndex struct {
	filterable map[string]bool
	sortable   []string
	displayed  []string
	settings   map[string]json.RawMessage
	ids        []string // by the server's own numbers; "" is free, and taken again first
	documents  map[string]doubleDocument
}

func newDoubleIndex() *doubleIndex {
	return &doubleIndex{
		filterable: map[string]bool{}, settings: map[string]json.RawMessage{}, documents: map[string]doubleDocument{},
	}
}

type doubleDocument struct {
	fields map[string]json.RawMessage
	values map[string]map[string]string // filterable attribute → normalised value → as written
}

func (x *doubleIndex) setFilterable(body []byte) error {
	var rules []struct {
		AttributePatterns []string
		Features          struct {
			FacetSearch bool
			Filter      struct{ Equality, Comparison bool }
		}
	}
	if err := strict(body, &rules); err != nil {
		return err
	}
	for _, r := range rules {
		for _, name := range r.AttributePatterns {
			x.filterable[name] = r.Features.Filter.Equality
		}
	}
	return nil
}

var knownSettings = []string{"rankingRules", "searchableAttributes", "displayedAttributes", "sortableAttributes",
	"typoTolerance", "pagination", "faceting", "proximityPrecision", "prefixSearch", "searchCutoffMs"}

func (x *doubleIndex) set(body []byte) error {
	if err := json.Unmarshal(body, &x.settings); err != nil {
		return refuse(0, "bad_request", "%v", err)
	}
	for name := range x.settings {
		if !slices.Contains(knownSettings, name) {
			return refuse(0, "bad_request", "unknown setting %s", name)
		}
	}
	_ = json.Unmarshal(x.settings["sortableAttributes"], &x.sortable)
	_ = json.Unmarshal(x.settings["displayedAttributes"], &x.displayed)
	return nil
}

// readLines reads NDJSON, which the server does before it accepts it.
func readLines(body []byte) ([]map[string]json.RawMessage, *doubleError) {
	var out []map[string]json.RawMessage
	lines := bufio.NewScanner(strings.NewReader(string(body)))
	lines.Buffer(nil, len(body)+1)
	for lines.Scan() {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &fields); err != nil {
			return nil, refuse(400, "malformed_payload", "%v", err)
		}
		out = append(out, fields)
	}
	if out == nil {
		return nil, refuse(400, "missing_payload", "A ndjson payload is missing.")
	}
	return out, nil
}

// add puts documents. One with a bad ID fails the whole task.
func (x *doubleIndex) add(lines []map[string]json.RawMessage) error {
	var ids []string
	for _, fields := range lines {
		var id string
		if err := json.Unmarshal(fields["id"], &id); err != nil || !regexp.MustCompile(`^[A-Za-z0-9_-]{1,511}$`).MatchString(id) {
			return refuse(0, "invalid_document_id", "Document identifier `%s` is invalid.", fields["id"])
		}
		ids = append(ids, id)
	}
	for i, id := range ids {
		doc := doubleDocument{lines[i], map[string]map[string]string{}}
		for name := range x.filterable {
			doc.values[name] = valuesOf(doc.fields[name])
		}
		if _, ok := x.documents[id]; !ok {
			x.number(id)
		}
		x.documents[id] = doc
	}
	return nil
}

// number gives a document the first number that is free.
func (x *doubleIndex) number(id string) {
	if at := slices.Index(x.ids, ""); at >= 0 {
		x.ids[at] = id
	} else {
		x.ids = append(x.ids, id)
	}
}

// Normal is how the server compares filter values: decomposed, in lower case,
// without spaces around.
func Normal(s string) string { return strings.ToLower(norm.NFKD.String(strings.TrimSpace(s))) }

// kept is what the server keeps of a value to compare with; the value of a
// filter is not cut, so a longer one finds nothing.
func kept(s string) string {
	s = Normal(s)
	return s[:min(len(s), 468)]
}

func valuesOf(raw json.RawMessage) map[string]string {
	var many []string
	var one string
	if json.Unmarshal(raw, &one) == nil {
		many = []string{one}
	} else if raw != nil {
		_ = json.Unmarshal(raw, &many)
	}
	out := map[string]string{}
	for _, v := range many {
		if v != "" { // an empty one is no value
			out[kept(v)] = v
		}
	}
	return out
}

func (x *doubleIndex) remove(body []byte) error {
	var in struct{ Filter string }
	if err := strict(body, &in); err != nil {
		return err
	}
	found, err := x.filter(in.Filter)
	if err != nil {
		return err
	}
	for _, id := range found {
		delete(x.documents, id)
		x.ids[slices.Index(x.ids, id)] = ""
	}
	return nil
}

func (x *doubleIndex) fetch(body []byte) (int, any, *doubleError) {
	var in struct {
		Offset, Limit int
		Fields, IDs   []string
		Filter        *string
	}
	if err := strict(body, &in); err != nil {
		return 0, nil, err
	}
	found := slices.DeleteFunc(slices.Clone(x.ids), func(id string) bool { return id == "" })
	if in.Filter != nil {
		var err *doubleError
		if found, err = x.filter(*in.Filter); err != nil {
			err.Code = "invalid_document_filter"
			return 0, nil, err
		}
	}
	if in.IDs != nil {
		found = slices.DeleteFunc(found, func(id string) bool { return !slices.Contains(in.IDs, id) })
	}
	if in.Limit == 0 {
		in.Limit = 20
	}
	total := len(found)
	found = found[min(in.Offset, total):min(in.Offset+in.Limit, total)]
	return 200, map[string]any{"results": x.show(found, in.Fields), "offset": in.Offset, "limit": in.Limit, "total": total}, nil
}

// show returns the fields that are asked for and may be displayed.
func (x *doubleIndex) show(ids, fields []string) []map[string]json.RawMessage {
	out := []map[string]json.RawMessage{}
	for _, id := range ids {
		hit := map[string]json.RawMessage{}
		for name, raw := range x.documents[id].fields {
			if (x.displayed == nil || slices.Contains(x.displayed, name)) && (fields == nil || slices.Contains(fields, name)) {
				hit[name] = raw
			}
		}
		out = append(out, hit)
	}
	return out
}

func (x *doubleIndex) search(body []byte, slow time.Duration) (int, any, *doubleError) {
	var in struct {
		Q, Filter                          string
		Offset, Limit                      int
		AttributesToRetrieve, Sort, Facets []string
		Hybrid                             *struct{}
	}
	if err := strict(body, &in); err != nil {
		return 0, nil, err
	}
	pagination := struct{ MaxTotalHits int }{1000}
	faceting := struct{ MaxValuesPerFacet int }{100}
	cutoff := 1500 // milliseconds
	_ = json.Unmarshal(x.settings["searchCutoffMs"], &cutoff)
	_ = json.Unmarshal(x.settings["pagination"], &pagination)
	_ = json.Unmarshal(x.settings["faceting"], &faceting)
	if in.Q != "" {
		return 0, nil, refuse(400, "bad_request", "the double knows no full-text search")
	}
	found, err := x.filter(in.Filter)
	if err != nil {
		return 0, nil, err
	}
	// Past the cutoff the server leaves off sorting, and says nothing of it.
	if err := x.sort(found, in.Sort, slow <= time.Duration(cutoff)*time.Millisecond); err != nil {
		return 0, nil, err
	}
	distribution := map[string]map[string]int{}
	for _, facet := range in.Facets {
		if !x.filterable[facet] {
			return 0, nil, refuse(400, "invalid_search_facets", "Attribute `%s` is not filterable.", facet)
		}
		distribution[facet] = x.count(found, facet, faceting.MaxValuesPerFacet)
	}
	reached := min(len(found), pagination.MaxTotalHits)
	hits := found[min(in.Offset, reached):min(in.Offset+in.Limit, reached)]
	return 200, map[string]any{
		"hits": x.show(hits, in.AttributesToRetrieve), "offset": in.Offset, "limit": in.Limit,
		"estimatedTotalHits": reached, "facetDistribution": distribution, "processingTimeMs": 0, "query": "",
	}, nil
}

// count keeps the most frequent values, of equally frequent ones the last.
func (x *doubleIndex) count(ids []string, facet string, most int) map[string]int {
	counts := map[string]int{}
	for _, id := range ids {
		for _, value := range x.documents[id].values[facet] {
			counts[value]++
		}
	}
	values := []string{}
	for v := range counts {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(b, a)) })
	for _, v := range values[min(most, len(values)):] {
		delete(counts, v)
	}
	return counts
}

// sort puts documents without an attribute last, whatever the direction.
func (x *doubleIndex) sort(ids []string, by []string, inTime bool) *doubleError {
	for _, rule := range by {
		if name, _, _ := strings.Cut(rule, ":"); !slices.Contains(x.sortable, name) {
			return refuse(400, "invalid_search_sort", "Attribute `%s` is not sortable.", name)
		}
	}
	if !inTime {
		return nil
	}
	values := map[string]string{}
	for _, id := range ids {
		for _, name := range x.sortable {
			var s string
			_ = json.Unmarshal(x.documents[id].fields[name], &s)
			values[id+" "+name] = kept(s)
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int {
		for _, rule := range by {
			name, direction, _ := strings.Cut(rule, ":")
			va, vb := values[a+" "+name], values[b+" "+name]
			switch {
			case va == vb:
			case va == "" || vb == "":
				return cmp.Compare(vb, va)
			case direction == "desc":
				return cmp.Compare(vb, va)
			default:
				return cmp.Compare(va, vb)
			}
		}
		return 0
	})
	return nil
}
