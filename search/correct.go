package search

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"minhchung/evidence/text/syllable"
)

// A scan read by an OCR model that does not know Vietnamese loses the marks
// and more: "rút" is read "rat", "số" is read "s6", "thực" is read "thyc".
// For such pages the index holds, beside what was read, what may have been
// written: the few syllables that most probably lead to what was read, after
// a table of confusions that deploy/search/make-confusion measured.

// chunk is a run of noisy text between spaces and dashes. Unlike a token it
// may hold symbols, which stand for letters: "H¢" was "Hộ".
type chunk struct {
	Span
	readings []string // folded syllables and tokens, what was read first
}

// Bounds of correction, in bits of improbability.
const (
	maxReadings = 8    // per chunk, besides what was read
	maxLetters  = 10   // longer chunks are not corrected; the longest syllable has 7
	maxExcess   = 12.0 // above the best reading
	maxPerChar  = 5.5  // in all, for each letter of the chunk
	unseen      = 9.0  // a confusion that was never measured
)

// noisy reports whether a text is corrected: one that reads neither as
// Vietnamese with its marks nor as Vietnamese typed without them.
func noisy(text string, tokens []syllable.Token) bool {
	q := syllable.MeasureTokens(text, tokens)
	return q.Words >= 5 && !(q.Valid >= 0.9 && q.Marked >= 0.55) && !(q.Valid >= 0.985 && q.Marked < 0.01)
}

// corrections returns the chunks of a text and their possible readings, in
// runs that a phrase may lie in; nil for a text that is not noisy.
func corrections(text string) [][]chunk {
	tokens := syllable.Split(text)
	if !noisy(text, tokens) {
		return nil
	}
	if len(tokens) > MaxTokens {
		text = text[:tokens[MaxTokens].Start]
	}
	var run []chunk
	for _, s := range chunkSpans(text) {
		if c := (chunk{s, readings(text[s.Start:s.End])}); len(c.readings) > 0 {
			run = append(run, c)
		}
	}
	return [][]chunk{run}
}

// edges are cut off a chunk: the table was measured without them too.
const edges = ".,:;!?'\"‘’“”()[]{}-—_|`"

func chunkSpans(text string) []Span {
	var out []Span
	start := -1
	flush := func(end int) {
		if start >= 0 {
			left := len(strings.TrimLeft(text[start:end], edges))
			trimmed := strings.Trim(text[start:end], edges)
			if strings.ContainsFunc(trimmed, isLetterOrDigit) {
				out = append(out, Span{end - left, end - left + len(trimmed)})
			}
		}
		start = -1
	}
	for i, r := range text {
		if unicode.IsSpace(r) || strings.ContainsRune("-–—/,;.()\"“”", r) {
			flush(i)
		} else if start < 0 {
			start = i
		}
	}
	flush(len(text))
	return out
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// cache holds readings of chunks seen before; OCR repeats its mistakes. It is
// emptied when full, which bounds it to some megabytes.
var cache = struct {
	sync.RWMutex
	m map[string][]string
}{m: map[string][]string{}}

const maxCache = 50_000

// readings returns what a chunk may stand for: itself folded, then the most
// probable syllables.
func readings(raw string) []string {
	cache.RLock()
	got, ok := cache.m[raw]
	cache.RUnlock()
	if ok {
		return got
	}
	got = guess(raw)
	cache.Lock()
	if len(cache.m) >= maxCache {
		cache.m = map[string][]string{}
	}
	cache.m[strings.Clone(raw)] = got
	cache.Unlock()
	return got
}

func guess(raw string) []string {
	var out []string
	if tokens := syllable.Split(raw); len(tokens) == 1 {
		out = append(out, tokens[0].Folded)
	}
	seen := norm.NFC.String(strings.ToLower(raw))
	if utf8.RuneCountInString(seen) > maxLetters || strings.Trim(seen, "0123456789.,%") == "" {
		return out
	}
	for _, r := range model().decode([]rune(seen)) {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

//go:embed confusion.json
var confusionJSON []byte

// channel is the confusion table and the syllables it can have come from.
type channel struct {
	bits map[rune]map[string]float64 // letter written → string read
	root *node
}

// node is a node of the trie of all syllables with their marks.
type node struct {
	next   map[rune]*node
	folded string // of the syllable that ends here, or ""
}

var model = sync.OnceValue(func() *channel {
	var table struct {
		Letters map[string]map[string]float64 `json:"letters"`
	}
	if err := json.Unmarshal(confusionJSON, &table); err != nil {
		panic("search: embedded confusion.json: " + err.Error())
	}
	c := &channel{map[rune]map[string]float64{}, &node{}}
	for letter, row := range table.Letters {
		sum := 0.0
		for _, n := range row {
			sum += n
		}
		bits := map[string]float64{}
		for seen, n := range row {
			bits[seen] = -math.Log2(n / sum)
		}
		c.bits[firstRune(letter)] = bits
	}
	for _, key := range syllable.Keys() {
		c.root.add(syllable.Written(key))
	}
	return c
})

func (n *node) add(written string) {
	for _, r := range written {
		if n.next == nil {
			n.next = map[rune]*node{}
		}
		if n.next[r] == nil {
			n.next[r] = &node{}
		}
		n = n.next[r]
	}
	n.folded = syllable.Fold(written)
}

// longestRead is the longest string one letter was read as.
const longestRead = 3

// decode returns the folded syllables that most probably lead to what was
// seen, best first. It walks the trie with, at each node, the cheapest cost
// of having written this far and having read the first j characters.
func (c *channel) decode(seen []rune) []string {
	limit := maxPerChar * float64(len(seen))
	row := make([]float64, len(seen)+1)
	for j := range row {
		row[j] = math.Inf(1)
	}
	row[0] = 0
	best := map[string]float64{}
	c.walk(c.root, seen, row, limit, best)
	return cheapest(best)
}

// walk recurses as deep as the longest syllable has letters.
func (c *channel) walk(n *node, seen []rune, row []float64, limit float64, best map[string]float64) {
	if last := row[len(seen)]; n.folded != "" && last <= limit {
		if old, ok := best[n.folded]; !ok || last < old {
			best[n.folded] = last
		}
	}
	for letter, child := range n.next {
		if next, low := c.step(letter, seen, row, limit); low <= limit {
			c.walk(child, seen, next, limit, best)
		}
	}
}

// step adds one written letter to a row and returns the cheapest entry.
func (c *channel) step(letter rune, seen []rune, row []float64, limit float64) ([]float64, float64) {
	next := make([]float64, len(row))
	for j := range next {
		next[j] = math.Inf(1)
	}
	low := math.Inf(1)
	costs := c.bits[letter]
	base := foldLetter(letter)
	for j, so := range row {
		if so > limit {
			continue
		}
		for k := j; k <= min(j+longestRead, len(seen)); k++ {
			cost, ok := costs[string(seen[j:k])]
			if !ok {
				if k != j+1 || foldLetter(seen[j]) != base {
					continue
				}
				cost = unseen
			}
			next[k] = min(next[k], so+cost)
			low = min(low, next[k])
		}
	}
	return next, low
}

func foldLetter(r rune) rune { return firstRune(syllable.Fold(string(r))) }

func cheapest(best map[string]float64) []string {
	type reading struct {
		folded string
		bits   float64
	}
	var list []reading
	for folded, bits := range best {
		list = append(list, reading{folded, bits})
	}
	slices.SortFunc(list, func(a, b reading) int {
		return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(a.folded, b.folded))
	})
	var out []string
	for _, r := range list {
		if len(out) == maxReadings || r.bits > list[0].bits+maxExcess {
			break
		}
		out = append(out, r.folded)
	}
	return out
}
