package search

import (
	"cmp"
	"math"
	"slices"
)

// A phrase is borne out by noisy text when it explains what was read nearly
// as well as the best explanation does. Nearly, in bits: a wrong explanation
// is often some bits worse in each word, a right one is the best in most.
const (
	slack     = 4.0
	slackWord = 4.0 // more for each word
)

// room returns the bits by which a phrase may explain a text worse than the
// best does. What is near to a query is no query: it has half the room, or
// guesses would be made of guesses.
func (p Phrase) room() float32 {
	bits := slack + slackWord*float32(len(p.Words))
	if p.near {
		return bits / 2
	}
	return bits
}

// sought is a word of a phrase as it is looked for in a lattice.
type sought struct {
	Word
	syllable int // index into channel.syllables, or -1
}

func seek(p Phrase) []sought {
	all := model().syllables
	out := make([]sought, len(p.Words))
	for i, w := range p.Words {
		out[i] = sought{w, -1}
		if at, ok := slices.BinarySearch(all, w.Folded); ok && !w.any {
			out[i].syllable = at
		}
	}
	return out
}

// bits returns how improbable a word is here; infinite when impossible.
func (a *arc) bits(w *sought) float32 {
	switch {
	case w.any:
		return a.guess.whole + a.extra
	case a.guess.token == w.Folded:
		return a.guess.whole + a.extra
	}
	return a.guess.of(w.syllable) + a.extra
}

var impossible = float32(math.Inf(1))

func (g *guesses) of(syllable int) float32 {
	for _, r := range g.list {
		if int(r.syllable) == syllable {
			return r.bits
		}
	}
	return impossible
}

// least returns the bits of the best explanation between two nodes.
func (l *lattice) least(from, to int) float32 {
	var few [64]float32 // nodes of a phrase, but for the longest ones
	best := few[:0]
	for range to - from + 1 {
		best = append(best, impossible)
	}
	best[0] = 0
	for n := from; n < to; n++ {
		for a := range l.leaving(n) {
			if a.to <= to {
				best[a.to-from] = min(best[a.to-from], best[n-from]+a.guess.whole+a.extra)
			}
		}
	}
	return best[to-from]
}

// find returns where a phrase is borne out, at most maxPlaces.
func (l *lattice) find(p Phrase) []Span {
	words, limit := seek(p), p.room()
	var out []Span
	for n := range l.nodes {
		if end, node := l.follow(n, n, words, 0, limit); node >= 0 {
			out = append(out, Span{l.arcs[l.nodes[n].first].Start, end})
			if len(out) == maxPlaces {
				break
			}
		}
	}
	return out
}

// follow recurses as deep as the phrase has words. It returns the byte and the
// node where the phrase ends, or node -1.
func (l *lattice) follow(start, n int, words []sought, so, limit float32) (end, node int) {
	for a := range l.leaving(n) {
		bits := so + a.bits(&words[0])
		if bits == impossible || bits-l.least(start, a.to) > limit {
			continue
		}
		if len(words) == 1 {
			return a.End, a.to
		}
		if end, node := l.follow(start, a.to, words[1:], bits+l.nodes[a.to].cross, limit); node >= 0 {
			return end, node
		}
	}
	return 0, -1
}

// Bounds of what the index holds of a lattice.
const (
	maxSingles = 14   // for each arc
	maxPairs   = 48   // for each two arcs in a row
	pairRoom   = 15.0 // bits, as Phrase.room
)

// costed is a word that an arc may be, or two of two arcs in a row: indices
// into channel.syllables.
type costed struct {
	code uint32
	bits float32
}

// alone is the left half of the code of a single word.
const alone = math.MaxUint16

// terms returns the words that may stand at each arc, and the pairs that may
// stand at each two in a row: what find would bear out, the best where there
// are too many. Each is given once, in no order.
func (l *lattice) terms() []string {
	var codes, some []costed
	var right []costed
	var out []string
	add := func(most int) {
		slices.SortFunc(some, func(a, b costed) int { return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(a.code, b.code)) })
		codes = append(codes, some[:min(len(some), most)]...)
	}
	for n := range l.nodes {
		for a := range l.leaving(n) {
			left := a.words(nil, l.least(n, a.to)+pairRoom)
			some = append(some[:0], left...)
			add(maxSingles)
			out = append(out, a.guess.token)
			for b := range l.leaving(a.to) {
				limit := l.least(n, b.to) + pairRoom - l.nodes[a.to].cross
				right = b.words(right[:0], limit)
				some = some[:0]
				for _, x := range left {
					for _, y := range right {
						if x.bits+y.bits > limit {
							break
						}
						some = append(some, costed{x.code<<16 | y.code&math.MaxUint16, x.bits + y.bits})
					}
				}
				add(maxPairs)
				out = l.withTokens(out, a, b, left, right)
			}
		}
	}
	return spelled(out, codes)
}

// withTokens adds the pairs of which a word is what was read, and no syllable.
func (l *lattice) withTokens(out []string, a, b *arc, left, right []costed) []string {
	all := model().syllables
	if a.foreign() && b.foreign() {
		out = append(out, pair(a.guess.token, b.guess.token))
	}
	if a.foreign() {
		for _, y := range right[:min(len(right), maxSingles)] {
			out = append(out, pair(a.guess.token, all[y.code&math.MaxUint16]))
		}
	}
	if b.foreign() {
		for _, x := range left[:min(len(left), maxSingles)] {
			out = append(out, pair(all[x.code&math.MaxUint16], b.guess.token))
		}
	}
	return out
}

// foreign reports whether what was read is a word but no syllable.
func (a *arc) foreign() bool { return a.guess.token != "" && a.guess.known < 0 }

// spelled adds the words of codes to others and returns each once.
func spelled(out []string, codes []costed) []string {
	all := model().syllables
	slices.SortFunc(codes, func(a, b costed) int { return cmp.Compare(a.code, b.code) })
	codes = slices.CompactFunc(codes, func(a, b costed) bool { return a.code == b.code })
	for _, c := range codes {
		word := all[c.code&math.MaxUint16]
		if left := c.code >> 16; left != alone {
			word = pair(all[left], word)
		}
		out = append(out, word)
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// words adds the syllables of an arc within a limit, the best first.
func (a *arc) words(to []costed, limit float32) []costed {
	if a.guess.known >= 0 {
		to = append(to, costed{alone<<16 | uint32(a.guess.known), a.guess.whole + a.extra})
	}
	for _, r := range a.guess.list {
		if r.bits+a.extra > limit {
			break
		}
		if int(r.syllable) != a.guess.known {
			to = append(to, costed{alone<<16 | uint32(r.syllable), r.bits + a.extra})
		}
	}
	return to
}
