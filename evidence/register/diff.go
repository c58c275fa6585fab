package register

import (
	"cmp"
	"slices"
	"strings"

	"minhchung/evidence"
)

// Delta is what a new export of a register changes.
type Delta struct {
	Added     []evidence.Row // IDs differ from those of all old rows
	Changed   []Change
	Missing   []evidence.Row // old rows the new export no longer has: to be withdrawn when confirmed
	Unchanged []evidence.Row // as they are from now on: only Line may differ from the old row
}

// Change is a row whose content differs. New has the ID of Old.
type Change struct {
	Old, New evidence.Row
	Fields   []string // JSON names of the fields that differ, in the order of evidence.Row
}

// Diff compares the rows kept so far, withdrawn ones included, with those of a
// new export. Rows are paired by series, number and notation; among duplicates
// those of equal content first, then in register order; what is left over by
// series and number, for a notation that was corrected. A paired row keeps the
// old ID. A withdrawn row that comes back is Changed; Line alone is no change,
// nor are leading zeros of a number or the case of a notation.
//
// An exclusion that was decided here and that the export does not repeat
// stays: a document system knows nothing of it, and dropping it would move the
// denominator without anybody saying so. An exclusion that the export states
// replaces it.
//
// The lists are in the order of the new export, Missing in that of the old
// rows. Neither argument is changed.
func Diff(old, new []evidence.Row) Delta {
	d := differ{old: byLine(old), new: byLine(new)}
	d.partner = make([]int, len(d.new))
	d.used = make([]bool, len(d.old))
	for i := range d.partner {
		d.partner[i] = -1
	}
	d.pair(contentKey, false)
	d.pair(identity, true)
	d.pair(func(r evidence.Row) string { return seriesKey(r.Series) + "\x00" + numberKey(r.Number) }, false)
	return d.delta()
}

func byLine(rows []evidence.Row) []evidence.Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b evidence.Row) int { return cmp.Compare(a.Line, b.Line) })
	return rows
}

type differ struct {
	old, new []evidence.Row
	partner  []int  // of each new row: index of the old one, or -1
	used     []bool // old rows that have a partner
}

// contentKey is equal for rows whose content is. The exclusion is left out: one
// that was decided here stays, see Diff.
func contentKey(r evidence.Row) string {
	return strings.Join([]string{identity(r), string(r.Date), r.Type, r.Subject, string(r.Kind), r.File, r.SentAt, r.Channel, r.Receipt}, "\x00")
}

// pair gives every new row without a partner the first old row with the same
// key, rows in force before withdrawn ones.
func (d *differ) pair(key func(evidence.Row) string, withdrawn bool) {
	free := map[string][]int{}
	for _, gone := range []bool{false, true} {
		for i := range d.old {
			if !d.used[i] && d.old[i].Withdrawn == gone && (!gone || withdrawn) {
				k := key(d.old[i])
				free[k] = append(free[k], i)
			}
		}
	}
	for j := range d.new {
		if d.partner[j] >= 0 {
			continue
		}
		k := key(d.new[j])
		if list := free[k]; len(list) > 0 {
			d.partner[j], d.used[list[0]] = list[0], true
			free[k] = list[1:]
		}
	}
}

func (d *differ) delta() Delta {
	var out Delta
	ids := newNamer()
	for i := range d.old {
		ids.taken[d.old[i].ID] = true
	}
	for j, row := range d.new {
		i := d.partner[j]
		if i < 0 {
			row.ID = ids.name(row)
			out.Added = append(out.Added, row)
			continue
		}
		row = merge(d.old[i], row)
		if fields := changedFields(d.old[i], row); len(fields) > 0 {
			out.Changed = append(out.Changed, Change{Old: d.old[i], New: row, Fields: fields})
			continue
		}
		out.Unchanged = append(out.Unchanged, row)
	}
	for i := range d.old {
		if !d.used[i] && !d.old[i].Withdrawn {
			out.Missing = append(out.Missing, d.old[i])
		}
	}
	return out
}

// merge returns what an old row becomes by a new one.
func merge(old, new evidence.Row) evidence.Row {
	new.ID, new.Withdrawn = old.ID, false
	if numberKey(old.Number) == numberKey(new.Number) {
		new.Number = old.Number
	}
	if notationKey(old.Notation) == notationKey(new.Notation) {
		new.Notation = old.Notation
	}
	if seriesKey(old.Series) == seriesKey(new.Series) {
		new.Series = old.Series
	}
	if new.Exclusion == nil {
		new.Exclusion = old.Exclusion
	}
	return new
}

func changedFields(a, b evidence.Row) []string {
	var out []string
	add := func(name string, same bool) {
		if !same {
			out = append(out, name)
		}
	}
	add("series", a.Series == b.Series)
	add("number", a.Number == b.Number)
	add("notation", a.Notation == b.Notation)
	add("date", a.Date == b.Date)
	add("type", a.Type == b.Type)
	add("subject", a.Subject == b.Subject)
	add("kind", a.Kind == b.Kind)
	add("file", a.File == b.File)
	add("exclusion", sameExclusion(a.Exclusion, b.Exclusion))
	add("sentAt", a.SentAt == b.SentAt)
	add("channel", a.Channel == b.Channel)
	add("receipt", a.Receipt == b.Receipt)
	add("withdrawn", a.Withdrawn == b.Withdrawn)
	return out
}

func sameExclusion(a, b *evidence.Exclusion) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
