package register

import (
	"path"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"minhchung/evidence"
)

// A token is a run of digits or of letters in a file's name. The zero token
// stands where a date was cut out.
type token struct {
	text   string // folded
	digits bool
	upper  bool // written in capitals
	glued  bool // nothing stands between it and the token before
	hyphen bool // a hyphen or slash alone stands between them
}

// maxNameTokens bounds the tokens of one name.
const maxNameTokens = 128

// tokenise takes the base name apart, without its extension.
func tokenise(name string) []token {
	base := path.Base(normalPath(name))
	if ext := path.Ext(base); len(ext) > 1 && len(ext) <= 5 && strings.Trim(ext[1:], "0123456789") != "" {
		base = strings.TrimSuffix(base, ext)
	}
	var out []token
	between := " "
	var run []rune
	flush := func() {
		if len(run) == 0 {
			return
		}
		raw := string(run)
		out = append(out, token{text: fold(raw), digits: isDigit(run[0]), upper: strings.ToUpper(raw) == raw,
			glued: between == "", hyphen: between == "-" || between == "/"})
		run, between = nil, ""
	}
	for _, r := range norm.NFC.String(base) {
		switch {
		case !isDigit(r) && !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r):
			flush()
			between += string(r)
		case len(run) > 0 && isDigit(run[0]) != isDigit(r):
			flush()
			run = append(run, r)
		default:
			run = append(run, r)
		}
		if len(out) >= maxNameTokens {
			return out
		}
	}
	flush()
	return out
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// dateSpan is a date in tokens [from, to).
type dateSpan struct {
	date     evidence.Date
	from, to int
}

// datesIn finds every date a name may hold: 03-04-2022, 2022.04.03, 20220403,
// 03042022, "ngày 3 tháng 4 năm 2022".
func datesIn(tokens []token) []dateSpan {
	var out []dateSpan
	add := func(from, to int, y, m, d string) {
		if date, ok := newDate(y, m, d); ok {
			out = append(out, dateSpan{date, from, to})
		}
	}
	digits := func(i, least, most int) bool {
		return i < len(tokens) && tokens[i].digits && len(tokens[i].text) >= least && len(tokens[i].text) <= most
	}
	for i, t := range tokens {
		switch {
		case digits(i, 8, 8):
			add(i, i+1, t.text[:4], t.text[4:6], t.text[6:])
			add(i, i+1, t.text[4:], t.text[2:4], t.text[:2])
		case digits(i, 4, 4) && digits(i+1, 1, 2) && digits(i+2, 1, 2):
			add(i, i+3, t.text, tokens[i+1].text, tokens[i+2].text)
		case digits(i, 1, 2) && digits(i+1, 1, 2) && digits(i+2, 4, 4):
			add(i, i+3, tokens[i+2].text, tokens[i+1].text, t.text)
		case t.text == "ngay" && digits(i+1, 1, 2) && digits(i+3, 1, 2) && digits(i+5, 4, 4) &&
			tokens[i+2].text == "thang" && tokens[i+4].text == "nam":
			add(i, i+6, tokens[i+5].text, tokens[i+3].text, tokens[i+1].text)
		}
	}
	return out
}

// namesRow reports by a length above zero that the tokens hold the row's
// notation with its number directly in front of it or, where no number stands
// there, directly behind it ("so" may stand between). The length grows with
// the notation, so that the longest one wins. A number is a whole token: 32 is
// found neither in 132 nor in 32a.
func namesRow(tokens []token, row *evidence.Row) int {
	notation := strings.ReplaceAll(words(row.Notation), " ", "")
	n, suffix := value(row.Number)
	suffix = fold(suffix)
	if notation == "" {
		return 0
	}
	for from := range tokens {
		to := spans(tokens, from, notation)
		if to == 0 || continues(tokens, to) {
			continue
		}
		if value, letters, ok := numberBefore(tokens, from); ok {
			if value == n && letters == suffix {
				return len(notation)
			}
			continue
		}
		if value, letters, ok := numberBehind(tokens, to); ok && value == n && letters == suffix {
			return len(notation)
		}
	}
	return 0
}

// spans returns the end of the tokens from the given one that together spell
// the notation, or 0.
func spans(tokens []token, from int, notation string) int {
	for i := from; i < len(tokens) && tokens[i].text != ""; i++ {
		rest, ok := strings.CutPrefix(notation, tokens[i].text)
		if !ok {
			return 0
		}
		if rest == "" {
			return i + 1
		}
		notation = rest
	}
	return 0
}

// continues reports whether a notation goes on behind its end: "-VP" in
// "BC-UBND-VP" is more notation, "-bao-cao" and "_VP" are words behind it.
func continues(tokens []token, to int) bool {
	return to < len(tokens) && tokens[to].hyphen && tokens[to].upper && !tokens[to].digits && tokens[to-1].upper
}

// numberBefore reads the number that ends in front of token i.
func numberBefore(tokens []token, i int) (n int64, suffix string, ok bool) {
	j := i - 1
	if j >= 0 && tokens[j].text == "" { // the date stood between
		j--
	}
	if j < 0 {
		return 0, "", false
	}
	if t := tokens[j]; !t.digits && len(t.text) == 1 && j > 0 && tokens[j-1].digits {
		suffix = t.text
		j--
	}
	n, ok = digitsOf(tokens[j])
	return n, suffix, ok
}

// numberBehind reads the number that begins at token i.
func numberBehind(tokens []token, i int) (n int64, suffix string, ok bool) {
	for i < len(tokens) && (tokens[i].text == "" || tokens[i].text == "so") {
		i++
	}
	if i >= len(tokens) {
		return 0, "", false
	}
	n, ok = digitsOf(tokens[i])
	if i+1 < len(tokens) && !tokens[i+1].digits && tokens[i+1].glued {
		suffix = tokens[i+1].text
	}
	return n, suffix, ok
}

func digitsOf(t token) (int64, bool) {
	if !t.digits || len(t.text) > 15 {
		return 0, false
	}
	n, err := strconv.ParseInt(t.text, 10, 64)
	return n, err == nil
}
