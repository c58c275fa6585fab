package register

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxCellChars is what a cell of a spreadsheet can hold; a longer one is a
// forgotten quote.
const maxCellChars = 32_767

// csvSource reads RFC 4180 with any separator, keeping the physical line of
// every record. A quote inside an unquoted cell is text, as subjects have
// them; text behind a closing quote is refused, because the cell's end would
// be a guess.
type csvSource struct {
	text    string
	pos     int
	line    int // physical line at pos
	sep     byte
	columns int // limit
	cells   []cell
}

// separators are tried in this order where several fit.
var separators = []byte{',', ';', '\t'}

// openCSV finds the separator: the one with which most columns of a header are
// recognised. Counting characters would be misled by subjects, which are full
// of commas.
func openCSV(text string, opt Options) (*table, error) {
	seps, text, line := separators, text, 1
	if m := sepLine.FindStringSubmatch(text[:min(len(text), 16)]); m != nil {
		// Excel's own hint, a first line "sep=;".
		seps, text, line = []byte{m[1][0]}, text[len(m[0]):], 2
	}
	var best *table
	var failed, missing error
	widest := -1
	for _, sep := range seps {
		src := &csvSource{text: text, line: line, sep: sep, columns: opt.MaxColumns}
		rows, err := peek(src)
		if err != nil && !hasHeader(rows) {
			// A wrong separator trips over quotes that the right one does not.
			failed = moreTelling(failed, err)
			continue
		}
		t, wide, headErr := newTable(src, rows)
		if t != nil && (best == nil || t.known() > best.known()) {
			best = t
			best.pending = err
		}
		if t == nil && wide > widest {
			widest, missing = wide, headErr
		}
	}
	if best != nil {
		return best, nil
	}
	if missing == nil {
		return nil, failed
	}
	return nil, moreTelling(missing, failed)
}

var sepLine = regexp.MustCompile(`^sep=([,;\t])\r?\n`)

func (s *csvSource) strict() bool        { return true }
func (s *csvSource) finish(*table) error { return nil }

func (s *csvSource) next() (record, error) {
	if s.pos >= len(s.text) {
		return record{}, io.EOF
	}
	s.cells = s.cells[:0]
	start := s.line
	for {
		if len(s.cells) >= s.columns {
			return record{}, tooMany(CodeTooManyColumns, start, s.columns)
		}
		text, err := s.cell()
		if err != nil {
			return record{}, err
		}
		s.cells = append(s.cells, cell{text: text})
		if s.pos >= len(s.text) {
			break
		}
		if s.text[s.pos] == s.sep {
			s.pos++
			if s.pos == len(s.text) { // a separator at the very end opens an empty cell
				s.cells = append(s.cells, cell{})
				break
			}
			continue
		}
		s.newline()
		break
	}
	return record{start, s.cells}, nil
}

// newline steps over the end of a physical line.
func (s *csvSource) newline() {
	if s.text[s.pos] == '\r' && s.pos+1 < len(s.text) && s.text[s.pos+1] == '\n' {
		s.pos++
	}
	s.pos++
	s.line++
}

// cell reads one cell and stops at the separator, the line's end or the end.
func (s *csvSource) cell() (string, error) {
	if s.pos < len(s.text) && s.text[s.pos] == '"' {
		return s.quoted()
	}
	start := s.pos
	for s.pos < len(s.text) {
		if c := s.text[s.pos]; c == s.sep || c == '\n' || c == '\r' {
			break
		}
		s.pos++
	}
	text := s.text[start:s.pos]
	if len(text) > maxCellChars && utf8.RuneCountInString(text) > maxCellChars {
		return "", &Error{Row: s.line, Column: letter(len(s.cells)), Code: CodeCellTooLong, Args: []string{strconv.Itoa(maxCellChars)}}
	}
	return text, nil
}

func (s *csvSource) quoted() (string, error) {
	opened, column := s.line, letter(len(s.cells))
	unclosed := &Error{Row: opened, Column: column, Code: CodeUnclosedQuote}
	s.pos++
	start, doubled := s.pos, false
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '"':
			if s.pos+1 < len(s.text) && s.text[s.pos+1] == '"' {
				s.pos += 2
				doubled = true
				continue
			}
			text := s.text[start:s.pos]
			s.pos++
			for s.pos < len(s.text) && s.text[s.pos] == ' ' {
				s.pos++
			}
			if s.pos < len(s.text) && s.text[s.pos] != s.sep && s.text[s.pos] != '\n' && s.text[s.pos] != '\r' {
				return "", &Error{Row: opened, Column: column, Code: CodeStrayQuote}
			}
			if doubled {
				text = strings.ReplaceAll(text, `""`, `"`)
			}
			return text, nil
		case '\n', '\r':
			s.newline()
		default:
			s.pos++
		}
		// Four bytes a character is the most UTF-8 takes.
		if s.pos-start > 4*maxCellChars {
			return "", unclosed
		}
	}
	return "", unclosed
}

// The shapes of formulas in CSV cells, as a spreadsheet would run them.
var (
	equalsFormula = regexp.MustCompile(`^=\s*[-+@$("'A-Za-z0-9_.]`)
	signFormula   = regexp.MustCompile(`^[-+@](?:[A-Z][A-Z0-9.]*\([\x20-\x7e]*\)|\$?[A-Z]{1,3}\$?[0-9]{1,7}(?:[-+*/^&:!,][\x21-\x7e]*)?|[A-Za-z]+\|.*)$`)
)

// isFormula reports whether a spreadsheet would compute a CSV cell. A leading
// '=' with an operand does; '+', '-' and '@' do only before a function, a cell
// reference or a DDE call, because subjects begin with dashes and telephone
// numbers with a plus. An arrow "=>" is text.
func isFormula(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || !strings.ContainsRune("=+-@", rune(text[0])) {
		return false
	}
	return equalsFormula.MatchString(text) || signFormula.MatchString(text)
}
