package register

import "minhchung/evidence"

// Diff compares the rows kept so far with those of a new export.
func Diff(old, new []evidence.Row) Delta { return Delta{} }

// MatchFiles finds the row each file belongs to.
func MatchFiles(rows []evidence.Row, files []File) Matching { return Matching{} }
