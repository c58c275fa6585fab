package search

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"minhchung/evidence/text/syllable"
)

// Version names the rules by which pages become terms, and the confusion table
// with them. An index made under another version is built anew.
var Version = fmt.Sprintf("4-%x", sha256.Sum256(confusionJSON))[:10]

// Terms returns what an engine indexes of a page besides its facets: for each
// term field the values, sorted, each once. It is a pure function of the page.
func Terms(p Page) map[Field][]string {
	b := terms{}
	zones := p.zones()
	for _, z := range zones {
		b.zone(z)
	}
	if l := corrections(zones[0].text, zones[0].tokens); l != nil {
		b.add(FieldCorrected, l.terms()...)
	}
	if d, ok := p.ownNumber(); ok {
		b.add(FieldNumber, d.keys()...)
	}
	for _, text := range []string{p.Text, p.Subject} {
		for _, m := range mentions(text) {
			b.add(FieldMention, m.keys()...)
		}
	}
	b.add(FieldDocument, DocumentID(p.Book(), p.Document))
	out := map[Field][]string{}
	for field, values := range b {
		slices.Sort(values)
		out[field] = slices.Compact(values)
	}
	return out
}

type terms map[Field][]string

func (b terms) add(f Field, values ...string) { b[f] = append(b[f], values...) }

func (b terms) zone(z zone) {
	var before syllable.Token
	beforeKey, beforeMarked := "", false
	for i, t := range z.tokens {
		raw := z.text[t.Start:t.End]
		key, marked := syllable.Key(raw), syllable.HasMarks(raw)
		b.add(FieldSyllable, t.Folded)
		if marked {
			b.add(FieldMarked, key)
		}
		if i > 0 {
			b.add(FieldBigram, pair(before.Folded, t.Folded))
			if marked || beforeMarked {
				b.add(FieldMarked, pair(beforeKey, key))
			}
		}
		if i > 1 {
			b.add(FieldTrigram, pair(z.tokens[i-2].Folded, pair(before.Folded, t.Folded)))
		}
		before, beforeKey, beforeMarked = t, key, marked
	}
}

// pair joins two neighbours to a bigram. No token holds "_".
func pair(left, right string) string { return left + "_" + right }
