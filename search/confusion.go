package search

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"sync"

	"minhchung/evidence/text/syllable"
)

//go:embed confusion.json
var confusionJSON []byte

// reading is a syllable that a piece of noisy text may have been, and the
// bits of improbability that it was read so.
type reading struct {
	syllable uint16 // index into channel.syllables
	bits     float32
}

// Bounds of what one piece of text is taken for, in bits.
const (
	maxReadings = 48   // syllables kept for one piece
	maxParts    = 48   // rimes kept for the end of a piece
	maxExcess   = 20.0 // above the best
	unseen      = 9.0  // a letter read as another with the same base, never measured
	replaced    = 13.0 // a letter read as any other, lost, or one too many
	unmeasured  = 3.3  // for leaving what whole onsets and rimes were seen as
	halfTrust   = 8.0  // times a unit was read until its own counts weigh half
)

// channel tells what written syllables are read as by an OCR that knows no
// Vietnamese. A syllable is an onset and a rime; each is read as a whole, as
// often as was measured, or letter by letter. It is not changed once made.
type channel struct {
	syllables []string // folded, sorted
	onsets    units
	rimes     units
	joined    [][]int32 // onset, rime → index of the folded syllable, or -1
}

// units are onsets or rimes with their marks.
type units struct {
	written []string
	letters letterTable
	trie    *node
	read    map[string][]scored // what was read → units, with bits
	trust   []float64           // of each unit's own counts, 0 to 1
}

// scored is a unit and its bits.
type scored struct {
	unit int
	bits float64
}

// letterTable tells the bits of a written letter being read as a string.
type letterTable map[rune]map[string]float64

// node is a node of the trie of units.
type node struct {
	letter rune
	next   []*node
	unit   int // that ends here, or -1
}

var model = sync.OnceValue(func() *channel {
	var table struct{ Letters, Onsets, Rimes map[string]map[string]float64 }
	if err := json.Unmarshal(confusionJSON, &table); err != nil {
		panic("search: embedded confusion.json: " + err.Error())
	}
	letters := letterTable{}
	for letter, row := range table.Letters {
		letters[firstRune(letter)] = bitsOf(row)
	}
	c := &channel{syllables: syllable.All()}
	type cut struct {
		onset, rime string
		folded      string
	}
	var cuts []cut
	onsets, rimes := map[string]int{}, map[string]int{}
	for _, key := range syllable.Keys() {
		written := syllable.Written(key)
		onset, rime := parts(written)
		onsets[onset], rimes[rime] = 0, 0
		cuts = append(cuts, cut{onset, rime, syllable.Fold(written)})
	}
	c.onsets, c.rimes = newUnits(onsets, table.Onsets, letters), newUnits(rimes, table.Rimes, letters)
	c.joined = make([][]int32, len(onsets))
	for i := range c.joined {
		c.joined[i] = slices.Repeat([]int32{-1}, len(rimes))
	}
	for _, s := range cuts {
		at, _ := slices.BinarySearch(c.syllables, s.folded)
		c.joined[onsets[s.onset]][rimes[s.rime]] = int32(at)
	}
	return c
})

func bitsOf(row map[string]float64) map[string]float64 {
	sum := 0.0
	for _, n := range row {
		sum += n
	}
	bits := map[string]float64{}
	for seen, n := range row {
		if seen != rest {
			bits[seen] = -math.Log2(n / sum)
		}
	}
	return bits
}

// rest is the row entry of all readings too rare to be listed.
const rest = "*"

// newUnits numbers the units of a set and enters what they were read as.
func newUnits(set map[string]int, counts map[string]map[string]float64, letters letterTable) units {
	u := units{letters: letters, trie: &node{unit: -1}, read: map[string][]scored{}}
	for written := range set {
		u.written = append(u.written, written)
	}
	slices.Sort(u.written)
	for i, written := range u.written {
		set[written] = i
		u.trie.add(written, i)
		times := 0.0
		for _, n := range counts[written] {
			times += n
		}
		u.trust = append(u.trust, times/(times+halfTrust))
		for seen, bits := range bitsOf(counts[written]) {
			u.read[seen] = append(u.read[seen], scored{i, bits})
		}
	}
	return u
}

func (n *node) add(written string, unit int) {
next:
	for _, r := range written {
		for _, child := range n.next {
			if child.letter == r {
				n = child
				continue next
			}
		}
		child := &node{letter: r, unit: -1}
		n.next = append(n.next, child)
		n = child
	}
	n.unit = unit
}

// parts cuts a written syllable into onset and rime, as
// deploy/search/make-confusion does: qu-, gi- before a vowel, consonants.
func parts(written string) (onset, rime string) {
	at := strings.IndexFunc(written, isVowelLetter)
	if at < 0 {
		return written, ""
	}
	tail := syllable.Fold(written[at:])
	if written[:at] == "q" || written[:at] == "g" && len(tail) > 1 && tail[0] == 'i' && isVowelLetter(rune(tail[1])) {
		at++ // u and i without a mark are one byte
	}
	return written[:at], written[at:]
}

func isVowelLetter(r rune) bool { return strings.ContainsRune("aeiouy", foldLetter(r)) }

func foldLetter(r rune) rune { return firstRune(syllable.Fold(string(r))) }

// find returns the units that may have been read as a string, best first. Its
// cost grows with the units that share beginnings, not with all of them.
func (u *units) find(seen []rune) []scored {
	limit := maxExcess + 6 + 4*float64(len(seen))
	best := map[int]float64{}
	row := make([]float64, len(seen)+1)
	for j := range row {
		row[j] = float64(j) * replaced
	}
	u.walk(u.trie, seen, row, limit, best)
	for unit, bits := range best {
		best[unit] = bits + unmeasured*u.trust[unit]
	}
	for _, s := range u.read[string(seen)] {
		own := u.trust[s.unit] * math.Exp2(-s.bits)
		if letters, ok := best[s.unit]; ok {
			own += (1 - u.trust[s.unit]) * math.Exp2(-letters)
		}
		best[s.unit] = -math.Log2(own)
	}
	out := make([]scored, 0, len(best))
	for unit, bits := range best {
		out = append(out, scored{unit, bits})
	}
	slices.SortFunc(out, func(a, b scored) int { return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(a.unit, b.unit)) })
	if len(out) > 0 {
		most := out[0].bits + maxExcess
		end, _ := slices.BinarySearchFunc(out, most, func(s scored, bits float64) int { return cmp.Compare(s.bits, bits) })
		out = out[:min(end, maxParts)]
	}
	return slices.Clip(out)
}

// walk recurses as deep as the longest unit has letters. row holds the
// cheapest cost of having written this far and read the first j characters.
func (u *units) walk(n *node, seen []rune, row []float64, limit float64, best map[int]float64) {
	if last := row[len(seen)]; n.unit >= 0 && last <= limit {
		best[n.unit] = last
	}
	for _, child := range n.next {
		if next, low := u.letters.step(child.letter, seen, row, limit); low <= limit {
			u.walk(child, seen, next, limit, best)
		}
	}
}

// longestRead is the longest string one letter was read as.
const longestRead = 3

// step adds one written letter to a row and returns the cheapest entry.
func (t letterTable) step(letter rune, seen []rune, row []float64, limit float64) ([]float64, float64) {
	next := slices.Repeat([]float64{math.Inf(1)}, len(row))
	low := math.Inf(1)
	costs, base := t[letter], foldLetter(letter)
	for j, so := range row {
		if so > limit {
			continue
		}
		for k := j; k <= min(j+longestRead, len(seen)); k++ {
			cost, ok := costs[string(seen[j:k])]
			switch {
			case ok:
			case k == j || k == j+1:
				cost = replaced
				if k == j+1 && foldLetter(seen[j]) == base {
					cost = unseen
				}
			default:
				continue
			}
			next[k] = min(next[k], so+cost)
			low = min(low, next[k])
		}
	}
	return next, low
}

// longestOnset is the longest string an onset is looked for in.
const longestOnset = 5

// decode returns the folded syllables that may have been read as a string,
// best first, with some bits more for what they have to be first.
func (c *channel) decode(seen []rune, more float64) []reading {
	best := map[int32]float64{}
	low := math.Inf(1)
	for cut := 0; cut <= min(longestOnset, len(seen)); cut++ {
		onsets, rimes := parted.onsets(c, seen[:cut]), parted.rimes(c, seen[cut:])
		for _, o := range onsets {
			row := c.joined[o.unit]
			for _, r := range rimes {
				bits := o.bits + r.bits
				if bits > low+maxExcess {
					break
				}
				if at := row[r.unit]; at >= 0 {
					if old, ok := best[at]; !ok || bits < old {
						best[at] = bits
						low = min(low, bits)
					}
				}
			}
		}
	}
	out := make([]reading, 0, len(best))
	for at, bits := range best {
		if bits <= low+maxExcess {
			out = append(out, reading{uint16(at), float32(bits + more)})
		}
	}
	slices.SortFunc(out, func(a, b reading) int {
		return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(a.syllable, b.syllable))
	})
	return slices.Clip(out[:min(len(out), maxReadings)])
}

// memo keeps what a function gave for strings seen before; OCR repeats its
// mistakes. It is emptied when full, which bounds it to some megabytes.
type memo[T any] struct {
	most int // entries, maxMemo when 0
	mu   sync.RWMutex
	m    map[string]T
}

const maxMemo = 30_000

func (c *memo[T]) get(key string, make func() T) T {
	c.mu.RLock()
	got, ok := c.m[key]
	c.mu.RUnlock()
	if ok {
		return got
	}
	got = make()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= cmp.Or(c.most, maxMemo) {
		c.m = map[string]T{}
	}
	c.m[strings.Clone(key)] = got
	return got
}

// memos of the parts of chunks.
type memos struct{ onset, rime memo[[]scored] }

var parted memos

func (m *memos) onsets(c *channel, seen []rune) []scored {
	return m.onset.get(string(seen), func() []scored { return c.onsets.find(seen) })
}

func (m *memos) rimes(c *channel, seen []rune) []scored {
	return m.rime.get(string(seen), func() []scored { return c.rimes.find(seen) })
}
