package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"minhchung/evidence/text/syllable"
)

// Words shown before and after the first match.
const (
	wordsBefore = 10
	wordsAfter  = 18
	// maxSnippet bounds a snippet in bytes, whatever the text is made of.
	maxSnippet = 600
)

// snippet shows the first place of the zone that the first place is in, with
// words around it. Without places it shows the beginning of the page.
func snippet(v *view, places []place) Snippet {
	zi := 0
	if len(places) > 0 {
		zi = places[0].zone
	} else if len(v.zones[0].tokens) == 0 {
		zi = 1
	}
	z := v.zones[zi]
	var spans []Span
	for _, p := range places {
		if p.zone == zi {
			spans = append(spans, p.Span)
		}
	}
	spans = disjoint(spans)
	from, to := around(z, spans)
	s := Snippet{Zone: z.name}
	s.Text, s.Spans = cutOut(z.text, from, to, spans)
	return s
}

// disjoint sorts spans and joins those that overlap.
func disjoint(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start < out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// around returns the byte range to show.
func around(z zone, spans []Span) (from, to int) {
	start, end := 0, 0
	if len(spans) > 0 {
		start, end = spans[0].Start, spans[0].End
	}
	first, _ := slices.BinarySearchFunc(z.tokens, start, func(t syllable.Token, at int) int { return cmp.Compare(t.Start, at) })
	last, _ := slices.BinarySearchFunc(z.tokens, end, func(t syllable.Token, at int) int { return cmp.Compare(t.Start, at) })
	from, to = start, end
	if len(z.tokens) > 0 {
		from = min(from, z.tokens[max(0, min(first-wordsBefore, len(z.tokens)-1))].Start)
		to = max(to, z.tokens[min(last+wordsAfter, len(z.tokens)-1)].End)
	} else {
		to = len(z.text)
	}
	if last+wordsAfter >= len(z.tokens) {
		to = len(z.text)
	}
	from = max(from, start-maxSnippet/3)
	return runeStart(z.text, from), runeStart(z.text, min(to, from+maxSnippet, len(z.text)))
}

func runeStart(text string, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// cutOut copies text[from:to], white space as single spaces, control and
// direction characters and invalid bytes left out, and moves the spans along.
func cutOut(text string, from, to int, spans []Span) (string, []Span) {
	var b strings.Builder
	var out []Span
	open := false
	for i, r := range text[from:to] {
		at := from + i
		for len(spans) > 0 && spans[0].End <= at {
			if open {
				out[len(out)-1].End = b.Len()
			}
			spans, open = spans[1:], false
		}
		if !open && len(spans) > 0 && spans[0].Start <= at && spans[0].Start >= from {
			out = append(out, Span{Start: b.Len()})
			open = true
		}
		switch {
		case unicode.IsSpace(r):
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
		case r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
		default:
			b.WriteRune(r)
		}
	}
	if open {
		out[len(out)-1].End = b.Len()
	}
	return b.String(), out
}
