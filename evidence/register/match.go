package register

// The ways a pair was found.
const (
	ByFileColumn = "file-column"
	ByName       = "name"
)

// File is a file to be matched. Path is relative to the folder that was given,
// with either kind of separator.
type File struct{ Path string }

// Pair ties a row to a file.
type Pair struct {
	Row  string // evidence.Row.ID
	Path string
	By   string // ByFileColumn or ByName
}

// Ambiguity is a file or row for which more than one partner came up; none of
// them is matched by name.
type Ambiguity struct {
	Rows  []string
	Paths []string
	By    string
}

// Matching is the answer of MatchFiles. Every row that is neither withdrawn
// nor excluded, and every file, is in Pairs or in one of the work lists.
type Matching struct {
	Pairs        []Pair
	RowsWithout  []string
	FilesWithout []string
	Ambiguous    []Ambiguity // its rows and files are in the work lists too
}
