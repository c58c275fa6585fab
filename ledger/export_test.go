package ledger

import "io"

// SetRand makes a sequencer's salts come from r.
func SetRand(s *Sequencer, r io.Reader) { s.rand = r }
