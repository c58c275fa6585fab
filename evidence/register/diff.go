package register

import "minhchung/evidence"

// Delta is what a new export of a register changes.
type Delta struct {
	Added     []evidence.Row // IDs differ from those of all old rows
	Changed   []Change
	Missing   []evidence.Row // old rows the new export no longer has: to be withdrawn when confirmed
	Unchanged []evidence.Row // as they are from now on: only Line may differ
}

// Change is a row whose content differs. New has the ID of Old.
type Change struct {
	Old, New evidence.Row
	Fields   []string // JSON names of the fields that differ, in the order of evidence.Row
}
