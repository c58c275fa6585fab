package search

import (
	"slices"

	"minhchung/evidence/text/syllable"
)

// view is a page read for verification: its zones, and the lattice of its
// text when that is noisy.
type view struct {
	page  Page
	zones []zone
	noise *lattice // nil when the text is not noisy
	read  bool     // noise was made
}

func newView(p Page) *view { return &view{page: p, zones: p.zones()} }

func (v *view) noisy() *lattice {
	if !v.read {
		text := v.zones[0]
		v.noise, v.read = lattices.get(text.text, func() *lattice { return corrections(text.text, text.tokens) }), true
	}
	return v.noise
}

// lattices of pages read for verification: a phrase of frequent pairs has
// hundreds of candidates, which the next such phrase has again. One takes some
// 30 kB.
var lattices = memo[*lattice]{most: 2000}

// place is where something was found: a span of a zone's text.
type place struct {
	zone int
	Span
}

// matcher tells where a phrase stands in a page.
type matcher func(v *view, p Phrase) []place

// maxPlaces bounds the places looked for of one phrase in one page.
const maxPlaces = 20

// inTokens finds words in a row, where equal compares a word with a token.
func inTokens(v *view, words int, equal func(i int, z *zone, t syllable.Token) bool) []place {
	var out []place
	for zi := range v.zones {
		z := &v.zones[zi]
	next:
		for at := 0; at+words <= len(z.tokens); at++ {
			for i := range words {
				if !equal(i, z, z.tokens[at+i]) {
					continue next
				}
			}
			out = append(out, place{zi, Span{z.tokens[at].Start, z.tokens[at+words-1].End}})
			if len(out) == maxPlaces {
				return out
			}
		}
	}
	return out
}

// matchFolded finds a phrase without regard to marks.
func matchFolded(v *view, p Phrase) []place {
	return inTokens(v, len(p.Words), func(i int, _ *zone, t syllable.Token) bool {
		return p.Words[i].any || t.Folded == p.Words[i].Folded
	})
}

// matchMarked finds a phrase with its marks. Words typed without marks are
// found with and without, so that "uỷ ban nhan dan" is helped by its one mark.
func matchMarked(v *view, p Phrase) []place {
	return inTokens(v, len(p.Words), func(i int, z *zone, t syllable.Token) bool {
		w := p.Words[i]
		return t.Folded == w.Folded && (!w.Marked || syllable.Key(z.text[t.Start:t.End]) == w.Key)
	})
}

// matchCorrected finds a phrase in what noisy text may have been.
func matchCorrected(v *view, p Phrase) []place {
	l := v.noisy()
	if l == nil {
		return nil
	}
	var out []place
	for _, s := range l.find(p) {
		out = append(out, place{0, s})
	}
	return out
}

// either finds a phrase as it was read, or after correction.
func either(v *view, p Phrase) []place {
	if got := matchFolded(v, p); got != nil {
		return got
	}
	return matchCorrected(v, p)
}

// matchAll requires every phrase and returns all places, the first phrase's
// first.
func matchAll(v *view, phrases []Phrase, m matcher) ([]place, bool) {
	var out []place
	for _, p := range phrases {
		got := m(v, p)
		if got == nil {
			return nil, false
		}
		out = append(out, got...)
	}
	return out, true
}

// matchPrefixes returns where tokens begin with the prefixes.
func matchPrefixes(v *view, prefixes []string) []place {
	var out []place
	for _, prefix := range prefixes {
		out = append(out, inTokens(v, 1, func(_ int, _ *zone, t syllable.Token) bool {
			return len(t.Folded) >= len(prefix) && t.Folded[:len(prefix)] == prefix
		})...)
	}
	return out
}

// matchMention returns where the text names the number.
func matchMention(v *view, d DocNumber) []place {
	var out []place
	key := d.Key()
	for zi := range v.zones[:2] {
		for _, m := range mentions(v.zones[zi].text) {
			if slices.Contains(m.keys(), key) {
				out = append(out, place{zi, m.Span})
			}
		}
	}
	return out
}
