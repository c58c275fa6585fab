package count

import (
	"fmt"
	"strings"
)

// Criterion is a criterion (tiêu chí) whose indicator is counted from the
// register of outgoing documents.
type Criterion struct {
	ID    string `json:"id"`
	Title Text   `json:"title"`
}

// criteria are those that a share of register rows answers. 7.1.4 also counts
// work files (hồ sơ công việc), which no register holds, and is therefore not
// among them, although a report may print the same operands for both.
var criteria = []Criterion{{
	ID: "7.1.3",
	Title: Text{
		VI: "Tỷ lệ trao đổi văn bản dưới dạng điện tử có ký số",
		EN: "Share of documents exchanged electronically with a digital signature",
	},
}}

// CriterionOf returns the criterion with the given id. For one that is not
// known the error says which is meant, if one is near.
func CriterionOf(id string) (Criterion, error) {
	known := make([]string, len(criteria))
	for i, c := range criteria {
		if c.ID == id {
			return c, nil
		}
		known[i] = c.ID
	}
	return Criterion{}, &UnknownError{What: "criterion", ID: id, Known: known, Near: nearest(id, known)}
}

// UnknownError says that a rule or criterion is not known, and which are.
type UnknownError struct {
	What  string // "rule", "criterion" or "scheme"
	ID    string // as asked for
	Known []string
	Near  string // the known id that was probably meant, or ""
}

// Error returns the English sentence.
func (e *UnknownError) Error() string { return e.Sentence("en") }

// Sentence says in Vietnamese, or for "en" in English, what is not known and
// what to use instead.
func (e *UnknownError) Sentence(lang string) string {
	known := strings.Join(e.Known, ", ")
	if lang == "en" {
		if e.Near != "" {
			return fmt.Sprintf("unknown %s %q: did you mean %s? (known: %s)", e.What, e.ID, e.Near, known)
		}
		return fmt.Sprintf("unknown %s %q: use one of %s", e.What, e.ID, known)
	}
	what := map[string]string{"rule": "quy tắc tính", "criterion": "tiêu chí", "scheme": "bộ chỉ số"}[e.What]
	if e.Near != "" {
		return fmt.Sprintf("không có %s %q: có phải ý bạn là %s? (hiện có: %s)", what, e.ID, e.Near, known)
	}
	return fmt.Sprintf("không có %s %q: hãy dùng một trong các giá trị %s", what, e.ID, known)
}

// nearest returns the known word with the smallest edit distance to id, when
// that is at most two and less than half the word; otherwise "".
func nearest(id string, known []string) string {
	best, near := 3, ""
	if len(id) > 64 {
		return ""
	}
	for _, k := range known {
		if d := distance(strings.ToLower(id), k); d < best && 2*d < len(k) {
			best, near = d, k
		}
	}
	return near
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
