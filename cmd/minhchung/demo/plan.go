package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"minhchung/evidence"
)

// The seed report: 30 of 1,861 documents were not proven.
const (
	reportRows     = 1861
	reportUnproven = 30
	secretRows     = 3
	// maxRows keeps a slip of the finger, or a damaged marker, from filling
	// the disk.
	maxRows = 50_000
)

// exclusions take six rows out of the denominator.
var exclusions = []evidence.Exclusion{
	{Code: "void", Reason: "Cấp trùng số, đã hủy số", Approver: "Trần Thị Mẫu"},
	{Code: "void", Reason: "Cấp số nhưng không phát hành", Approver: "Trần Thị Mẫu"},
	{Code: "withdrawn", Reason: "Thu hồi để ban hành lại", Approver: "Nguyễn Văn Thử"},
	{Code: "withdrawn", Reason: "Thu hồi do sai thể thức", Approver: "Nguyễn Văn Thử"},
	{Code: "out-of-scope", Reason: "Giấy giới thiệu, không thuộc phạm vi tính", Approver: "Nguyễn Văn Thử"},
	{Code: "out-of-scope", Reason: "Văn bản gửi nội bộ bằng giấy theo quy định", Approver: "Nguyễn Văn Thử"},
}

// entry is one row of the register and what becomes of it.
type entry struct {
	index int
	row   evidence.Row
	v     variant
	// name of the file; empty when there is none.
	name string
	// twin is the entry whose bytes this one's file repeats; -1 for none.
	twin int
	// released is when the organisation signs, in Vietnamese time.
	released time.Time
	topic    topic
}

// plan is the whole year, a pure function of rows and seed.
type plan struct {
	rows    int
	seed    uint64
	entries []entry // in the order of the register
}

var zone = time.FixedZone("+07", 7*60*60)

// minRows is the least denominator that has room for every variant.
func minRows() int { return leastOf(proven) + leastOf(unproven) }

func leastOf(table []variant) int {
	n := 0
	for _, v := range table {
		n += v.rows()
	}
	return n
}

// rows is how many rows one occurrence takes: the reused file takes two.
func (v variant) rows() int {
	if v.fault == reused {
		return 2
	}
	return 1
}

// source gives the random numbers of one purpose, so that a change in one
// place does not move all others.
func source(seed, purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, purpose)) }

// The purposes; an entry's text has purposeText + its index.
const (
	purposeRows = iota + 1
	purposeVariants
	purposeFiles
	purposeText = 1 << 20
)

func newPlan(rows int, seed uint64) (*plan, error) {
	if least := minRows(); rows < least {
		return nil, fmt.Errorf("a demo needs at least %d rows to hold every case, got %d", least, rows)
	}
	if rows > maxRows {
		return nil, fmt.Errorf("a demo has at most %d rows, got %d", maxRows, rows)
	}
	p := &plan{rows: rows, seed: seed}
	p.register()
	p.assign()
	p.nameFiles()
	return p, nil
}

// register lays out numbers, dates and subjects. Real registers have a
// number with a letter, a number that is missing, and an entry that came
// late: so has this one.
func (p *plan) register() {
	rng := source(p.seed, purposeRows)
	total := p.rows + len(exclusions)
	days := workingDays(2022)
	excluded := rng.Perm(total)[:len(exclusions)]
	lettered, gap, late := total/58+8, total/3, total/2
	number := 0
	for i := range total {
		e := entry{index: i, twin: -1}
		if i != lettered {
			number++
		}
		if i == gap {
			number++
		}
		e.row.Number = fmt.Sprint(number)
		if i == lettered {
			e.row.Number += "a"
		}
		day := i * len(days) / total
		if i == late {
			day -= 6
		}
		e.row.Date = days[max(day, 0)]
		e.topic = pickTopic(rng)
		e.row.Type, e.row.Notation, e.row.Subject = e.topic.typeName, e.topic.notation, e.topic.subject
		e.released = e.moment(rng)
		for j, at := range excluded {
			if at == i {
				e.row.Exclusion = &exclusions[j]
			}
		}
		p.entries = append(p.entries, e)
	}
}

// moment is a time in office hours of the row's day.
func (e *entry) moment(rng *rand.Rand) time.Time {
	d := date(string(e.row.Date))
	minutes := 8*60 + rng.IntN(8*60)
	return time.Date(d.Year(), d.Month(), d.Day(), 0, minutes, rng.IntN(60), 0, zone)
}

func workingDays(year int) []evidence.Date {
	var days []evidence.Date
	for d := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
		if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			days = append(days, evidence.Date(d.Format(time.DateOnly)))
		}
	}
	return days
}

// assign deals the variants to the rows: first those that ask for a date,
// then all others at random.
func (p *plan) assign() {
	rng := source(p.seed, purposeVariants)
	bad := max(leastOf(unproven), (p.rows*reportUnproven+reportRows/2)/reportRows)
	deck := append(deal(unproven, bad), deal(proven, p.rows-bad)...)
	var free []int
	for i := range p.entries {
		if p.entries[i].row.Exclusion == nil {
			free = append(free, i)
		}
	}
	rng.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	take := func(v variant) int {
		for i := len(free) - 1; i >= 0; i-- { // from the end, where removing is cheap
			if at := free[i]; v.fits(p.entries[at].row.Date) {
				free = slices.Delete(free, i, i+1)
				return at
			}
		}
		// The year has more fitting rows than any table asks for; see the
		// test of the smallest plan.
		panic(fmt.Sprintf("demo: no row left for %q", v.name))
	}
	for _, dated := range []bool{true, false} {
		for _, v := range deck {
			if dated != (v.from != "" || v.until != "") {
				continue
			}
			at := take(v)
			p.give(at, v)
			if v.fault == reused {
				again := take(v)
				p.give(again, v)
				p.entries[again].twin = at
			}
		}
	}
}

func (p *plan) give(at int, v variant) {
	if v.kind == "" {
		v.kind = evidence.Original
	}
	if v.state == "" {
		v.state = evidence.Proven
	}
	p.entries[at].v = v
	p.entries[at].row.Kind = v.kind
}

func (v variant) fits(d evidence.Date) bool {
	return (v.from == "" || d >= v.from) && (v.until == "" || d <= v.until)
}

// deal returns every variant at least once and fills rows in proportion to
// the weights.
func deal(table []variant, rows int) []variant {
	weights := 0
	for _, v := range table {
		weights += v.weight * v.rows()
	}
	counts := make([]int, len(table))
	left := rows - leastOf(table)
	for i := range counts {
		counts[i] = 1
	}
	for left > 0 {
		best, most := -1, 0
		for i, v := range table {
			// How far behind its share, in units of rows × weights.
			behind := v.weight*rows - counts[i]*weights
			if v.rows() <= left && (best < 0 || behind > most) {
				best, most = i, behind
			}
		}
		counts[best]++
		left -= table[best].rows()
	}
	var deck []variant
	for i, v := range table {
		for range counts[i] {
			deck = append(deck, v)
		}
	}
	return deck
}

// nameFiles gives neutral names: most are scan-counter numbers that only the
// file column explains, the others carry number, notation and date, and the
// column is empty.
func (p *plan) nameFiles() {
	rng := source(p.seed, purposeFiles)
	counter := rng.Perm(len(p.entries))
	for i := range p.entries {
		e := &p.entries[i]
		byName := rng.IntN(6) == 0
		if e.row.Exclusion != nil {
			continue
		}
		d := date(string(e.row.Date))
		name := fmt.Sprintf("VB-%05d.pdf", counter[i]+1)
		if byName {
			name = fmt.Sprintf("%s-%s_%s.pdf", e.row.Number, e.row.Notation, d.Format("02-01-2006"))
		} else {
			e.row.File = name
		}
		if e.v.fault != absent {
			e.name = name
		}
	}
}

// personSigns is shortly before the organisation does.
func (e *entry) personSigns() time.Time {
	return e.released.Add(-time.Duration(7+e.index%50) * time.Minute)
}

// text returns the random numbers for what is written in the document.
func (p *plan) text(e *entry) *rand.Rand { return source(p.seed, purposeText+uint64(e.index)) }
