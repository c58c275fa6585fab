package evidence

// BookSummary is what an overview says of a book without a look at its rows.
type BookSummary struct {
	Book       BookID
	Size       int64  // of its ledger, in entries
	Checkpoint string // the signed one of that size
	Registered bool   // a register was imported
	Findings   int64  // of the newest register
	// Counters are those of every rule that states are kept for, as
	// Reader.Counters gives them. A book with a register and none has no row.
	Counters []Counter
}

// BookBacklog is what is left to do in a book beside its rows.
type BookBacklog struct {
	Book BookID
	// Unmatched counts the documents without a row that are neither evidence
	// for a criterion nor part of an explanation.
	Unmatched int64
	// Unread counts the documents that no text is kept of: their rows can still
	// be confirmed, and search does not find them.
	Unread int64
}
