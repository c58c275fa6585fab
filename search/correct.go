package search

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"minhchung/evidence/text/syllable"
)

// A scan read by an OCR model that does not know Vietnamese loses the marks
// and more: "rút" is read "rat", "số" is read "s6", "thực" is read "thyc",
// "dữ liệu" is read "dirliéu". For such pages the index holds, beside what was
// read, what may have been written, after a table of confusions that
// deploy/search/make-confusion measured. What a page may say is a lattice:
// nodes between pieces of its text, and arcs for the pieces, each with the
// syllables that most probably lead to what was read.

// lattice is the noisy text of a page.
type lattice struct {
	nodes []joint // in the order of the text
	arcs  []arc
}

// joint is a node between pieces of text.
type joint struct {
	first int     // of the arcs that leave it, or -1
	cross float32 // bits for a phrase that passes through
}

// arc is a piece of text between two nodes. Unlike a token it may hold
// symbols, which stand for letters: "H¢" was "Hộ".
type arc struct {
	Span
	to, next int // node it leads to; arc that leaves the same node, or -1
	guess    *guesses
	extra    float32 // bits for cutting the text here
}

// guesses are what a piece of text may have been.
type guesses struct {
	token    string    // folded, when the piece is one token
	known    int       // its index into channel.syllables, or -1
	list     []reading // best first
	whole    float32   // bits of the best explanation, a foreign word among them
	doubtful bool      // reads as no syllable: it may be two, or a half
	bare     bool      // letters without a vowel: it may be a half
}

// Bounds of correction, in bits of improbability.
const (
	maxLetters  = 10   // longer pieces are not corrected; the longest syllable has 7
	foreign     = 6.0  // for a word that is no syllable, and
	foreignEach = 4.5  // for each of its letters
	otherSpace  = 11.0 // for a space read where none was, or not read
	fullStop    = 5.0  // for a phrase that crosses the end of a sentence
	noNumber    = 5.0  // for digits that were letters: "ở" is read "6"
	maxDigits   = 2    // longer numbers are numbers
)

// noisy reports whether a text is corrected: one that reads neither as
// Vietnamese with its marks nor as Vietnamese typed without them.
func noisy(text string, tokens []syllable.Token) bool {
	q := syllable.MeasureTokens(text, tokens)
	return q.Words >= 5 && !(q.Valid >= 0.9 && q.Marked >= 0.55) && !(q.Valid >= 0.985 && q.Marked < 0.01)
}

// corrections returns the lattice of a text already split; nil for a text that
// is not noisy.
func corrections(text string, tokens []syllable.Token) *lattice {
	if !noisy(text, tokens) {
		return nil
	}
	if len(tokens) == MaxTokens { // the rest is not indexed
		text = text[:tokens[MaxTokens-1].End]
	}
	return newLattice(text)
}

// newLattice numbers the nodes in the order of the text.
func newLattice(text string) *lattice {
	spans := chunkSpans(text)
	l := &lattice{make([]joint, 0, len(spans)+8), make([]arc, 0, len(spans)+16)}
	before, guesses := []int{l.node(0)}, make([]*guesses, len(spans)) // the node before each piece
	for i, s := range spans {
		raw := text[s.Start:s.End]
		guesses[i] = guess(raw)
		cuts := splits(raw, guesses[i])
		mids := make([]int, len(cuts))
		for j := range cuts {
			mids[j] = l.node(0)
		}
		at, end := before[i], l.node(crossing(text, spans, i))
		l.read(at, end, text, s, 0)
		for j, cut := range cuts {
			mid := s.Start + cut
			l.read(at, mids[j], text, Span{s.Start, mid}, otherSpace)
			l.read(mids[j], end, text, Span{mid, s.End}, 0)
		}
		before = append(before, end)
	}
	for i := range spans[:max(0, len(spans)-1)] {
		half := guesses[i].doubtful || guesses[i+1].doubtful || guesses[i].bare || guesses[i+1].bare
		if !half && !divided(text[spans[i].End:spans[i+1].Start]) {
			continue
		}
		if whole, ok := mended(text, spans[i], spans[i+1]); ok {
			l.add(before[i], arc{Span: Span{spans[i].Start, spans[i+1].End}, to: before[i+2], extra: otherSpace}, whole)
		}
	}
	return l
}

func (l *lattice) node(cross float32) int {
	l.nodes = append(l.nodes, joint{-1, cross})
	return len(l.nodes) - 1
}

// read adds an arc for a piece of the text.
func (l *lattice) read(from, to int, text string, s Span, extra float32) {
	l.add(from, arc{Span: s, to: to, extra: extra}, text[s.Start:s.End])
}

func (l *lattice) add(from int, a arc, raw string) {
	a.guess, a.next = guess(raw), l.nodes[from].first
	l.nodes[from].first = len(l.arcs)
	l.arcs = append(l.arcs, a)
}

// leaving yields the arcs that leave a node.
func (l *lattice) leaving(node int) iter.Seq[*arc] {
	return func(yield func(*arc) bool) {
		for at := l.nodes[node].first; at >= 0; at = l.arcs[at].next {
			if !yield(&l.arcs[at]) {
				return
			}
		}
	}
}

// crossing returns the bits for going on after piece i.
func crossing(text string, spans []Span, i int) float32 {
	if i+1 < len(spans) && strings.ContainsAny(text[spans[i].End:spans[i+1].Start], ".;!?:") {
		return fullStop
	}
	return 0
}

// splits returns where a piece may be two syllables between which no space
// was read.
func splits(raw string, g *guesses) (cuts []int) {
	size := utf8.RuneCountInString(raw)
	if size < 4 || size > 2*maxLetters || !g.doubtful || !hasLetters(raw) {
		return nil
	}
	for at := range raw {
		if at > 0 && !guess(raw[:at]).doubtful && !guess(raw[at:]).doubtful {
			cuts = append(cuts, at)
		}
	}
	return cuts
}

// divided reports whether a syllable may be divided here at the end of a line.
func divided(between string) bool {
	return strings.TrimSpace(between) == "-" && strings.Contains(between, "\n")
}

// mended returns two pieces as one, if it may be a syllable in the middle of
// which a space was read, or which was divided at the end of a line.
func mended(text string, a, b Span) (whole string, ok bool) {
	between := text[a.End:b.Start]
	left, right := text[a.Start:a.End], text[b.Start:b.End]
	if strings.TrimSpace(between) != "" && !divided(between) || len(left)+len(right) > 2*maxLetters || !hasLetters(left) || !hasLetters(right) {
		return "", false
	}
	whole = left + right
	return whole, vowelGroups(whole) < 2 && !guess(whole).doubtful
}

// vowelGroups counts the runs of vowels; a syllable has one. It spares most
// neighbours a guess of what they are together.
func vowelGroups(raw string) (n int) {
	inside := false
	for _, r := range syllable.Fold(raw) {
		vowel := strings.ContainsRune("aeiouy", r)
		if vowel && !inside {
			n++
		}
		inside = vowel
	}
	return n
}

// edges are cut off a piece: the table was measured without them too.
const edges = ".,:;!?'\"‘’“”()[]{}-—_"

func chunkSpans(text string) []Span {
	out := make([]Span, 0, len(text)/5)
	start := -1
	flush := func(end int) {
		if start >= 0 {
			piece := text[start:end]
			from, to := 0, len(piece)
			if !isPlain(piece[0]) || !isPlain(piece[to-1]) {
				from = to - len(strings.TrimLeft(piece, edges))
				to = max(from, len(strings.TrimRight(piece, edges)))
			}
			if strings.ContainsFunc(piece[from:to], isLetterOrDigit) {
				out = append(out, Span{start + from, start + to})
			}
		}
		start = -1
	}
	for i, r := range text {
		if r < utf8.RuneSelf && isPlain(byte(r)) {
			if start < 0 {
				start = i
			}
			continue
		}
		if unicode.IsSpace(r) || strings.ContainsRune("-–—/,;.()\"“”", r) {
			flush(i)
		} else if start < 0 {
			start = i
		}
	}
	flush(len(text))
	return out
}

// isPlain reports whether a byte is an ASCII letter or digit, which most are.
func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func hasLetters(raw string) bool { return strings.ContainsFunc(raw, unicode.IsLetter) }

func tokenOf(raw string) string {
	if tokens := syllable.Split(raw); len(tokens) == 1 {
		return tokens[0].Folded
	}
	return ""
}

var guessed memo[*guesses]

// guess returns what a piece of text may have been.
func guess(raw string) *guesses { return guessed.get(raw, func() *guesses { return newGuesses(raw) }) }

func newGuesses(raw string) *guesses {
	seen := []rune(norm.NFC.String(strings.ToLower(raw)))
	digits := strings.Trim(raw, "0123456789.,%") == ""
	g := &guesses{token: tokenOf(raw), known: -1}
	if at, ok := slices.BinarySearch(model().syllables, g.token); ok {
		g.known = at
	}
	switch {
	case len(seen) > maxLetters || digits && len(seen) > maxDigits:
	case digits:
		g.list = model().decode(seen, noNumber)
	default:
		g.list = model().decode(seen, 0)
		g.whole = foreign + foreignEach*float32(len(seen))
	}
	g.bare = vowelGroups(raw) == 0 && !strings.ContainsFunc(raw, func(r rune) bool { return !unicode.IsLetter(r) })
	g.doubtful = len(g.list) == 0 || g.list[0].bits > float32(3+2*len(seen))
	if len(g.list) > 0 {
		g.whole = min(g.whole, g.list[0].bits)
	}
	return g
}
