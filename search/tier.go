package search

import (
	"slices"
	"strings"

	"minhchung/evidence/text/syllable"
)

// step is one tier of a query: which pages an engine shall find, and what
// their text must bear out.
type step struct {
	tier   Tier
	expr   Expr
	verify func(v *view) ([]place, bool)
}

// strictSteps returns the tiers that are always asked, best first.
func strictSteps(q Query) []step {
	var out []step
	if q.Number != nil {
		out = append(out, numberSteps(q)...)
	}
	if slices.ContainsFunc(q.Phrases, Phrase.marked) {
		out = append(out, phraseStep(q, TierMarked, markedExpr, matchMarked))
	}
	out = append(out, phraseStep(q, TierFolded, foldedExpr, matchFolded))
	if len(q.Phrases) > 0 {
		out = append(out, phraseStep(q, TierCorrected, eitherExpr, either))
	}
	return out
}

// numberSteps replaces the free words, the last phrase, by the number.
func numberSteps(q Query) []step {
	number, others := *q.Number, q.Phrases[:len(q.Phrases)-1]
	rest := phrasesExpr(others, foldedExpr)
	return []step{{
		tier: TierNumber,
		expr: all(term(FieldNumber, number.Key()), rest),
		verify: func(v *view) ([]place, bool) {
			own, ok := v.page.ownNumber()
			if !ok || !slices.Contains(own.keys(), number.Key()) {
				return nil, false
			}
			places, ok := matchAll(v, others, matchFolded)
			return append(matchMention(v, number), places...), ok
		},
	}, {
		tier: TierMention,
		expr: all(term(FieldMention, number.Key()), rest),
		verify: func(v *view) ([]place, bool) {
			named := matchMention(v, number)
			places, ok := matchAll(v, others, matchFolded)
			return append(named, places...), ok && named != nil
		},
	}}
}

func phraseStep(q Query, t Tier, expr func(Phrase) Expr, m matcher) step {
	return step{t, phrasesExpr(q.Phrases, expr), func(v *view) ([]place, bool) {
		return matchAll(v, q.Phrases, m)
	}}
}

func phrasesExpr(phrases []Phrase, expr func(Phrase) Expr) Expr {
	e := all()
	for _, p := range phrases {
		e.Parts = append(e.Parts, expr(p))
	}
	return e
}

func eitherExpr(p Phrase) Expr { return anyOf(foldedExpr(p), correctedExpr(p)) }

// foldedExpr asks for threes of a longer phrase: frequent pairs stand on half
// of all pages, and each page so found has to be read.
func foldedExpr(p Phrase) Expr {
	if len(p.Words) < 3 || slices.ContainsFunc(p.Words, func(w Word) bool { return w.any }) {
		return pairsExpr(p, FieldSyllable, FieldBigram)
	}
	e := all()
	for i := range p.Words[2:] {
		three := pair(p.Words[i].Folded, pair(p.Words[i+1].Folded, p.Words[i+2].Folded))
		e.Parts = append(e.Parts, term(FieldTrigram, three))
	}
	return e
}

func correctedExpr(p Phrase) Expr { return pairsExpr(p, FieldCorrected, FieldCorrected) }

// pairsExpr asks for the pairs of a phrase's words, and for a word alone where
// it has no neighbour. A word that is any word has no terms.
func pairsExpr(p Phrase, single, double Field) Expr {
	e := all()
	for i, w := range p.Words {
		left := i > 0 && !p.Words[i-1].any
		right := i+1 < len(p.Words) && !p.Words[i+1].any
		switch {
		case w.any:
		case right:
			e.Parts = append(e.Parts, term(double, pair(w.Folded, p.Words[i+1].Folded)))
		case !left:
			e.Parts = append(e.Parts, term(single, w.Folded))
		}
	}
	return e
}

// markedExpr asks for pairs of which both words were typed with marks, and
// for the folded pairs besides.
func markedExpr(p Phrase) Expr {
	e := all(foldedExpr(p))
	for i, w := range p.Words {
		if !w.Marked {
			continue
		}
		e.Parts = append(e.Parts, term(FieldMarked, w.Key))
		if i+1 < len(p.Words) && p.Words[i+1].Marked {
			e.Parts = append(e.Parts, term(FieldMarked, pair(w.Key, p.Words[i+1].Key)))
		}
	}
	return e
}

// The loose tiers work on one phrase: the longest of the query.
const (
	minRepaired = 2  // words; a word alone has too many neighbours
	maxRepaired = 12 // words; each has some thirty neighbours
	minMissing  = 4  // words; three must be left
)

// looseSteps returns the tiers that are asked when the strict ones find
// little. Numbers are never loose.
func looseSteps(q Query) []step {
	if len(q.Phrases) == 0 || q.Number != nil {
		return nil
	}
	at := 0
	for i, p := range q.Phrases {
		if len(p.Words) > len(q.Phrases[at].Words) {
			at = i
		}
	}
	phrase := q.Phrases[at]
	others := slices.Delete(slices.Clone(q.Phrases), at, at+1)
	var out []step
	if n := len(phrase.Words); n >= minRepaired && n <= maxRepaired {
		e := anyOf(repairedExpr(phrase, FieldSyllable, FieldBigram), repairedExpr(phrase, FieldCorrected, FieldCorrected))
		out = append(out, variantStep(TierRepaired, e, repaired(phrase), others))
	}
	if len(phrase.Words) >= minMissing {
		variants := missing(phrase)
		out = append(out, variantStep(TierMissing, phrasesAny(variants), variants, others))
	}
	if len(phrase.Words) >= minWords && !phrase.Quoted {
		out = append(out, wordsStep(phrase, others))
	}
	return out
}

// minWords keeps two frequent syllables from being found all over.
const minWords = 3

// variantStep accepts any of several phrases in the place of one.
func variantStep(t Tier, e Expr, variants, others []Phrase) step {
	return step{t, all(e, phrasesExpr(others, eitherExpr)), func(v *view) ([]place, bool) {
		rest, ok := matchAll(v, others, either)
		if !ok {
			return nil, false
		}
		for _, p := range variants {
			if got := either(v, p); got != nil {
				return append(got, rest...), true
			}
		}
		return nil, false
	}}
}

// repaired returns the phrase with one word replaced by a syllable one letter
// away.
func repaired(p Phrase) []Phrase {
	var out []Phrase
	for i, w := range p.Words {
		for _, near := range neighbours(w.Folded) {
			out = append(out, p.with(i, Word{Folded: near, Key: near}))
		}
	}
	return out
}

// repairedExpr is the expression of all repaired phrases: for each word, the
// pairs that do not touch it, and those of one of its neighbours.
func repairedExpr(p Phrase, single, double Field) Expr {
	e := anyOf()
	for i, w := range p.Words {
		near := anyOf()
		for _, s := range neighbours(w.Folded) {
			around := p.Words[max(0, i-1):min(len(p.Words), i+2)]
			variant := Phrase{Words: around}.with(min(i, 1), Word{Folded: s})
			near.Parts = append(near.Parts, pairsExpr(variant, single, double))
		}
		rest := pairsExpr(p.with(i, Word{any: true}), single, double)
		e.Parts = append(e.Parts, all(rest, near))
	}
	return e
}

// missing returns the phrase with one word left out, and with one inner word
// that may be any word.
func missing(p Phrase) []Phrase {
	var out []Phrase
	for i := range p.Words {
		if i > 0 && i < len(p.Words)-1 {
			out = append(out, p.with(i, Word{any: true}))
		}
		words := slices.Delete(slices.Clone(p.Words), i, i+1)
		out = append(out, Phrase{Words: words, Quoted: p.Quoted, near: true})
	}
	return out
}

func phrasesAny(phrases []Phrase) Expr {
	e := anyOf()
	for _, p := range phrases {
		e.Parts = append(e.Parts, eitherExpr(p))
	}
	return e
}

func (p Phrase) with(i int, w Word) Phrase {
	words := slices.Clone(p.Words)
	words[i] = w
	return Phrase{Words: words, Quoted: p.Quoted, near: true}
}

// neighbours returns the syllables one insertion, deletion, replacement or
// exchange of neighbouring letters away. A word with digits has none: numbers
// are not repaired.
func neighbours(folded string) []string {
	if strings.ContainsAny(folded, "0123456789") {
		return nil
	}
	var out []string
	for _, s := range syllable.All() {
		if s != folded && oneAway(s, folded) {
			out = append(out, s)
		}
	}
	return out
}

func oneAway(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 ||
		len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// wordsStep finds all words of the phrase anywhere on the page.
func wordsStep(p Phrase, others []Phrase) step {
	phrases := slices.Clone(others)
	for _, w := range p.Words {
		phrases = append(phrases, Phrase{Words: []Word{w}})
	}
	return step{TierWords, phrasesExpr(phrases, foldedExpr), func(v *view) ([]place, bool) {
		return matchAll(v, phrases, matchFolded)
	}}
}
