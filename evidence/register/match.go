package register

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"minhchung/evidence"
)

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
	Path string // as in File
	By   string // ByFileColumn or ByName
}

// Ambiguity is a group of rows and files that fit each other more than once.
// None of them is matched in this way.
type Ambiguity struct {
	Rows  []string
	Paths []string
	By    string
}

// Matching is the answer of MatchFiles.
type Matching struct {
	Pairs        []Pair      // in the order of the rows
	RowsWithout  []string    // rows that count and have no file
	FilesWithout []string    // paths of files that no row has
	Ambiguous    []Ambiguity // its rows and files are in the two lists above too, unless they were matched in the other way
}

// MatchFiles finds the row each file belongs to: by the register's file
// column, then by number, notation and date in the file's name. Withdrawn rows
// take no part; excluded ones may have a file and are never missed.
//
// The file column gives a path or a base name, in either Unicode form, with or
// without extension; case counts only where two files differ in nothing else.
// Several rows may name one file. A name must hold all of number, notation and
// date; where two rows or two files compete, none is matched.
func MatchFiles(rows []evidence.Row, files []File) Matching {
	m := matcher{byRow: make([]int, len(rows)), byFile: make([]bool, len(files)), files: files, rows: rows}
	for i := range m.byRow {
		m.byRow[i] = -1
	}
	m.column()
	m.names()
	return m.result()
}

// MayBeSecret reports whether a file that no row has must be refused as that
// of a secret document: its name or a folder bears a mark of secrecy, or the
// name holds number and notation of a secret row, with whatever date.
func MayBeSecret(name string, secrets []evidence.Row) bool {
	p := normalPath(name)
	for _, folder := range strings.Split(path.Dir(p), "/") {
		if exclusions[words(folder)] == secret {
			return true
		}
	}
	if nameMark.MatchString(fold(p)) || markedName.MatchString(strings.ToLower(p)) {
		return true
	}
	tokens := tokenise(p)
	for i := range secrets {
		if namesRow(tokens, &secrets[i]) > 0 {
			return true
		}
		for _, d := range datesIn(tokens) {
			if namesRow(slices.Concat(tokens[:d.from], []token{{}}, tokens[d.to:]), &secrets[i]) > 0 {
				return true
			}
		}
	}
	return false
}

type matcher struct {
	rows   []evidence.Row
	files  []File
	byRow  []int    // file of each row, or -1
	how    []string // of each row
	byFile []bool   // files that a row has
	out    Matching
}

// column matches by the file column.
func (m *matcher) column() {
	m.how = make([]string, len(m.rows))
	indexes := m.fileIndexes()
	for i := range m.rows {
		want := normalPath(m.rows[i].File)
		if want == "" || m.rows[i].Withdrawn {
			continue
		}
		for level, key := range pathKeys(want) {
			found := indexes[level][key]
			if key == "" || len(found) == 0 {
				continue
			}
			if len(found) == 1 {
				m.tie(i, found[0], ByFileColumn)
			} else {
				m.ambiguous([]int{i}, found, ByFileColumn)
			}
			break
		}
	}
}

func (m *matcher) tie(row, file int, by string) {
	m.byRow[row], m.byFile[file], m.how[row] = file, true, by
}

// maxAmbiguous bounds how many names one ambiguity lists.
const maxAmbiguous = 20

func (m *matcher) ambiguous(rows, files []int, by string) {
	a := Ambiguity{By: by}
	for _, i := range rows[:min(len(rows), maxAmbiguous)] {
		a.Rows = append(a.Rows, m.rows[i].ID)
	}
	for _, i := range files[:min(len(files), maxAmbiguous)] {
		a.Paths = append(a.Paths, m.files[i].Path)
	}
	m.out.Ambiguous = append(m.out.Ambiguous, a)
}

// levels are the ways to read a file column, the most exact first: the path,
// the path without regard to case, the base name, likewise, and the base name
// without extension.
const levels = 6

func (m *matcher) fileIndexes() [levels]map[string][]int {
	var indexes [levels]map[string][]int
	for l := range indexes {
		indexes[l] = map[string][]int{}
	}
	for i := range m.files {
		p := normalPath(m.files[i].Path)
		stem := path.Join(path.Dir(p), strings.TrimSuffix(path.Base(p), path.Ext(p)))
		keys := pathKeys(p)
		keys[4], keys[5] = strings.ToLower(stem), strings.ToLower(path.Base(stem))
		for l, k := range keys {
			indexes[l][k] = append(indexes[l][k], i)
		}
	}
	return indexes
}

func pathKeys(p string) [levels]string {
	base := path.Base(p)
	return [levels]string{p, strings.ToLower(p), base, strings.ToLower(base), strings.ToLower(p), strings.ToLower(base)}
}

// normalPath returns a clean slash path in NFC; "" for none.
func normalPath(p string) string {
	p = strings.TrimSpace(norm.NFC.String(p))
	if p == "" {
		return ""
	}
	p = strings.ReplaceAll(p, `\`, "/")
	return strings.TrimPrefix(path.Clean("/"+p), "/")
}

// names matches what is left by the names of the files.
func (m *matcher) names() {
	wanted := map[dayNumber][]int{}
	for i := range m.rows {
		if r := &m.rows[i]; m.byRow[i] < 0 && !r.Withdrawn && r.Date != "" {
			n, _ := value(r.Number)
			wanted[dayNumber{r.Date, n}] = append(wanted[dayNumber{r.Date, n}], i)
		}
	}
	claims := map[int][]int{} // row → files
	for f := range m.files {
		if m.byFile[f] {
			continue
		}
		switch found := m.namedRows(m.files[f].Path, wanted); len(found) {
		case 0:
		case 1:
			claims[found[0]] = append(claims[found[0]], f)
		default:
			m.ambiguous(found, []int{f}, ByName)
			for _, r := range found { // a row wanted by an unclear file is unclear as well
				claims[r] = append(claims[r], -1)
			}
		}
	}
	for i := range m.rows {
		switch list := slices.DeleteFunc(slices.Clone(claims[i]), func(f int) bool { return f < 0 }); {
		case len(list) == 1 && len(claims[i]) == 1:
			m.tie(i, list[0], ByName)
		case len(list) > 0:
			m.ambiguous([]int{i}, list, ByName)
		}
	}
}

// dayNumber is what rows are looked up by.
type dayNumber struct {
	date   evidence.Date
	number int64
}

// namedRows returns the rows whose number, notation and date the name holds.
func (m *matcher) namedRows(name string, wanted map[dayNumber][]int) []int {
	tokens := tokenise(name)
	var found []int
	longest := 0
	for _, d := range datesIn(tokens) {
		rest := slices.Concat(tokens[:d.from], []token{{}}, tokens[d.to:])
		for _, t := range rest {
			number, ok := digitsOf(t)
			if !ok {
				continue
			}
			for _, i := range wanted[dayNumber{d.date, number}] {
				n := namesRow(rest, &m.rows[i])
				if n == 0 || n < longest {
					continue
				}
				if n > longest { // "BC-UBND-VP" is not also "BC-UBND"
					found, longest = nil, n
				}
				found = append(found, i)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (m *matcher) result() Matching {
	for i := range m.rows {
		r := &m.rows[i]
		switch {
		case r.Withdrawn:
		case m.byRow[i] >= 0:
			m.out.Pairs = append(m.out.Pairs, Pair{Row: r.ID, Path: m.files[m.byRow[i]].Path, By: m.how[i]})
		case !r.Exclusion.Applies():
			m.out.RowsWithout = append(m.out.RowsWithout, r.ID)
		}
	}
	for f := range m.files {
		if !m.byFile[f] {
			m.out.FilesWithout = append(m.out.FilesWithout, m.files[f].Path)
		}
	}
	slices.SortStableFunc(m.out.Ambiguous, func(a, b Ambiguity) int {
		return cmp.Compare(strings.Join(a.Rows, "\x00"), strings.Join(b.Rows, "\x00"))
	})
	return m.out
}
