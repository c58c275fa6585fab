package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

func startsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func endsWord(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

var (
	// ownNumber ends where a document's own number begins: "Số:" anywhere, or
	// "Số" that begins a line.
	ownNumber = regexp.MustCompile(`(?:^|[^\pL\pN])so\s*:\s*$|(?:^|\n)\s*so\s*$`)
	// attached ends where an annex names the document it belongs to: "(Kèm
	// theo Báo cáo số 32/BC-UBND".
	attached = regexp.MustCompile(`kem theo[^;.]{0,60}$`)
	// citing ends where a date belongs to the code before it, of this document
	// or another: "Nghị định số 30 ngày", "15/QĐ-UBND ngày".
	citing = regexp.MustCompile(code + dateFollows + `|[^\pL\pN]so\s*[0-9]+` + dateFollows)
	// ownCode is citing for the document's own code.
	ownCode = regexp.MustCompile(`(?:(?:^|[^\pL\pN])so\s*:|(?:^|\n)\s*so|kem theo[^;.]{0,60}so)\s*` + code + dateFollows)
)

const (
	code        = `[0-9]+\s?\pL{0,3}\s*[-/]\s*[\pL\pN]+(?:\s*[-/]\s*[\pL\pN]+)*`
	dateFollows = `\s*,?\s*(?:ngay)?\s*$`
)

// window is how far back a place is judged.
const window = 160

func (p part) back(at int) string { return p.text[max(0, at-window):at] }

// codePlace judges the number at from.
func (p part) codePlace(from, _ int) Place {
	if from >= p.head {
		return PlaceCited
	}
	before := p.back(from)
	if strings.HasPrefix(p.text[from:], "so") { // the pattern of a number without notation
		if before == "" || strings.HasSuffix(before, "\n") || strings.HasPrefix(strings.TrimLeft(p.text[from+2:], " "), ":") {
			return PlaceOwn
		}
		return PlaceCited
	}
	if ownNumber.MatchString(before) || attached.MatchString(before) {
		return PlaceOwn
	}
	return PlaceCited
}

// datePlace judges the date at from: in the head it is the document's own
// unless it follows the code of a document that is only cited.
func (p part) datePlace(from, _ int) Place {
	if from >= p.head {
		return PlaceCited
	}
	before := p.back(from)
	if citing.MatchString(before) && !ownCode.MatchString(before) {
		return PlaceCited
	}
	return PlaceOwn
}
