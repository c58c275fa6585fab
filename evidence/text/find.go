package text

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"minhchung/evidence/text/syllable"
)

// Sought is what a register row says about its document.
type Sought struct {
	Number   string // "32", "32a"; leading zeros do not count
	Notation string // "BC-UBND", "2022/QĐ-UBND"; may be empty
	Date     string // "2022-04-03"
}

// Place says where something was found.
type Place string

// The places, from none to the best. A document's own number stands behind
// "Số:" in the head of its first page, its date there or behind the number
// (Decree 30/2020 appendix I); other documents are cited without the colon.
const (
	PlaceNone    Place = ""
	PlaceCited   Place = "cited"   // in the text, as of another document
	PlaceOverlay Place = "overlay" // in an annotation or a signature's appearance
	PlaceOwn     Place = "own"     // where a document has its own
)

// Found says where a row's number, with its notation, and date were found.
type Found struct {
	Number     Place
	NumberPage int // 1-based; 0 when not found
	Date       Place
	DatePage   int
}

// Confirmed reports whether the text is that of the document sought: number
// and date stand where a document has its own, or were stamped on it. A number
// that is only cited confirms nothing: another document may cite it.
func (f Found) Confirmed() bool {
	own := func(p Place) bool { return p == PlaceOwn || p == PlaceOverlay }
	return own(f.Number) && own(f.Date)
}

// headBytes is how far into the first page its head can reach.
const headBytes = 2_500

// Find looks for number and notation together, and for the date, in the pages
// of a document. Spacing, case, marks, the kind of dash and leading zeros do
// not count; a part of a number never does: 32 is not found in 132, 32a,
// 1.32 or 32/BC-UBND-VP. Find is pure and linear in the text.
func Find(s Sought, pages []Page) Found { return Prepare(pages).Find(s) }

// Prepared is a document's pages made ready for more than one Find. It is
// safe for concurrent use.
type Prepared struct{ parts []part }

// Prepare folds the pages' text.
func Prepare(pages []Page) Prepared {
	var d Prepared
	for _, p := range pages {
		d.parts = append(d.parts, p.parts()...)
	}
	return d
}

// Find is the function Find.
func (d Prepared) Find(s Sought) Found {
	var found Found
	code, date := codePattern(s), datePattern(s.Date)
	for _, p := range d.parts {
		if place := p.find(code, codeEdges, p.codePlace); place.better(found.Number) {
			found.Number, found.NumberPage = place, p.page
		}
		if place := p.find(date, dateEdges, p.datePlace); place.better(found.Date) {
			found.Date, found.DatePage = place, p.page
		}
	}
	return found
}

func (p Place) better(than Place) bool { return p.rank() > than.rank() }

func (p Place) rank() int {
	switch p {
	case PlaceCited:
		return 1
	case PlaceOverlay:
		return 2
	case PlaceOwn:
		return 3
	}
	return 0
}

// part is one text of a page, folded.
type part struct {
	page    int
	text    string
	head    int // bytes that can be the head of the document
	overlay bool
}

func (p Page) parts() []part {
	parts := []part{{page: p.Number, text: foldMarks(p.Text)}}
	if p.Number == 1 {
		parts[0].head = headBytes
	}
	if p.Head != "" {
		parts = append(parts, part{page: p.Number, text: foldMarks(p.Head), head: headBytes})
	}
	if p.Overlay != "" {
		parts = append(parts, part{page: p.Number, text: foldMarks(p.Overlay), overlay: true})
	}
	return parts
}

var dashes = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-", "⁄", "/", "∕", "/", "：", ":")

func foldMarks(s string) string { return dashes.Replace(syllable.Fold(s)) }

// codePattern matches a number with its notation, nil for a number that is
// none.
func codePattern(s Sought) *regexp.Regexp {
	number := foldMarks(strings.TrimSpace(s.Number))
	digits := len(number) - len(strings.TrimLeft(number, "0123456789"))
	if digits == 0 || digits > 15 || len(number) > 32 || len(s.Notation) > 200 {
		return nil
	}
	value, _ := strconv.ParseInt(number[:digits], 10, 64)
	pattern := "0*" + strconv.FormatInt(value, 10)
	if suffix := strings.TrimSpace(number[digits:]); suffix != "" {
		pattern += `[ ]?` + regexp.QuoteMeta(suffix)
	}
	words := notationWords(s.Notation)
	for _, word := range words {
		pattern += `\s*[-/]\s*` + regexp.QuoteMeta(word)
	}
	if len(words) == 0 {
		pattern = `so\s*:?\s*` + pattern
	}
	return regexp.MustCompile(pattern)
}

// datePattern matches a day as documents write it: "ngày 03 tháng 4 năm 2022",
// 3/4/2022, 03-04-2022, 3.4.2022, 2022-04-03.
func datePattern(date string) *regexp.Regexp {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return nil
	}
	day, month, year := "0?"+strconv.Itoa(t.Day()), "0?"+strconv.Itoa(int(t.Month())), t.Format("2006")
	var forms []string
	forms = append(forms, `ngay\s*`+day+`\s*thang\s*`+month+`\s*nam\s*`+year, t.Format(time.DateOnly))
	for _, mark := range []string{`/`, `-`, `\.`} {
		forms = append(forms, day+` ?`+mark+` ?`+month+` ?`+mark+` ?`+year)
	}
	return regexp.MustCompile(strings.Join(forms, "|"))
}

// find returns the best place at which the pattern stands alone.
func (p part) find(pattern *regexp.Regexp, edges func(before, after string) bool, place func(from, to int) Place) Place {
	best := PlaceNone
	if pattern == nil {
		return best
	}
	for from := 0; from < len(p.text) && best != PlaceOwn; {
		at := pattern.FindStringIndex(p.text[from:])
		if at == nil {
			break
		}
		begin, end := from+at[0], from+at[1]
		from = begin + 1
		if !edges(p.text[:begin], p.text[end:]) {
			continue
		}
		if p.overlay {
			return PlaceOverlay
		}
		if found := place(begin, end); found.better(best) {
			best = found
		}
		if begin >= p.head {
			break // nothing better comes behind the head
		}
	}
	return best
}

// codeEdges refuses a part of a longer number or notation.
func codeEdges(before, after string) bool {
	return edgeBefore(before) && !startsWord(after) && !(len(after) > 1 && strings.ContainsRune("-/", rune(after[0])) && startsWord(after[1:]))
}

// dateEdges refuses a part of a longer date or number.
func dateEdges(before, after string) bool {
	return edgeBefore(before) && !startsWord(after) && !(len(after) > 1 && strings.ContainsRune("-/.", rune(after[0])) && isDigit(after[1]))
}

func edgeBefore(before string) bool {
	n := len(before)
	if n == 0 {
		return true
	}
	if last := before[n-1]; strings.IndexByte("./,-", last) >= 0 {
		return n == 1 || !isDigit(before[n-2])
	}
	return !endsWord(before)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
