package evidence

import (
	"errors"
	"fmt"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

var _ Event = Moved{}

// The steps of a move.
const (
	MoveDeparted = "departed" // the last leaf in the old installation
	MoveArrived  = "arrived"  // the leaf behind it in the new one
)

// maxPlaceBytes bounds the name of an installation.
const maxPlaceBytes = 200

// BookMove says that a book goes to another installation, or came from one.
// The departure moves with the book, so that both installations have the same
// leaves up to it and never sign two books of the same size.
type BookMove struct {
	Step string `json:"step"`
	// Place is the other installation: where it goes, or where it came from.
	Place string `json:"place"`
	// Key is, of an arrival, the public key that signed the book until then,
	// and Checkpoint the last checkpoint it signed.
	Key        string `json:"key,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"`
	Entry      int64  `json:"-"` // of its leaf
}

// Moved is a step of a move. Table "moved": the newest.
type Moved struct{ BookMove }

// Draft implements Event: a "moved" leaf. The checkpoint's bytes stand in the
// opening, their digest in the leaf.
func (e Moved) Draft() (ledger.Draft, error) {
	switch {
	case e.Step != MoveDeparted && e.Step != MoveArrived:
		return ledger.Draft{}, fmt.Errorf("a move has no step %q", e.Step)
	case e.Place == "" || len(e.Place) > maxPlaceBytes:
		return ledger.Draft{}, fmt.Errorf("a move needs the name of an installation, of at most %d bytes", maxPlaceBytes)
	case (e.Step == MoveArrived) != (e.Key != "" && e.Checkpoint != ""):
		return ledger.Draft{}, errors.New("an arrival, and nothing else, names the key and the checkpoint before it")
	}
	refs := map[string]string{"place": e.Place}
	if e.Step == MoveArrived {
		refs["key"], refs["checkpoint"] = e.Key, signature.HashOf([]byte(e.Checkpoint)).String()
	}
	return draft(LeafMoved, e.BookMove, refs, map[string]string{"step": e.Step})
}

// Records implements Event, in table "moved".
func (e Moved) Records(index int64) []Record {
	return []Record{{Table: "moved", Key: "last", Values: map[string]any{"step": e.Step, "place": e.Place, "entry": index}}}
}
