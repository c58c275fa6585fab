// Package message holds every sentence that people read, in Vietnamese and
// English, in one catalogue file, and writes numbers and dates in the
// reader's form.
package message

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lang is a language of the catalogue.
type Lang string

// The languages; Vietnamese is the default.
const (
	Vietnamese Lang = "vi"
	English    Lang = "en"
)

//go:embed catalogue.json
var catalogueJSON []byte

// catalogue is key → language → text with fmt verbs.
var catalogue = mustParse(catalogueJSON)

func mustParse(b []byte) map[string]map[Lang]string {
	var c map[string]map[Lang]string
	if err := json.Unmarshal(b, &c); err != nil {
		panic("catalogue.json: " + err.Error()) // a test reads the same file first
	}
	return c
}

// Text returns the sentence of key in the language, with args put in by
// fmt.Sprintf. A key that is not in the catalogue comes back as it is, so
// that nothing is hidden; a test finds such keys.
func (l Lang) Text(key string, args ...any) string {
	text, ok := catalogue[key][l]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Has reports whether the catalogue has the key.
func Has(key string) bool { return catalogue[key] != nil }

// Keys returns the keys that begin with a prefix, in order.
func Keys(prefix string) []string {
	var out []string
	for key := range catalogue {
		if strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// Int groups thousands as the language does: 1.831 and 1,831.
func (l Lang) Int(n int64) string {
	sep := "."
	if l == English {
		sep = ","
	}
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + sep + digits[i:]
	}
	return sign + digits
}

// Date writes a day: 03/04/2023 in both languages, as the forms do.
func (l Lang) Date(t time.Time) string { return t.Format("02/01/2006") }

// Time writes a moment with its zone, to the second.
func (l Lang) Time(t time.Time) string { return t.Format("02/01/2006 15:04:05 -07:00") }

// Bytes writes a size with a unit of 1,000 steps.
func (l Lang) Bytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	size, unit := float64(n), 0
	for size >= 1000 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	text := fmt.Sprintf("%.1f %s", size, units[unit])
	if l != English {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// Parse returns the language of a flag's value.
func Parse(s string) (Lang, error) {
	switch Lang(s) {
	case Vietnamese, English:
		return Lang(s), nil
	}
	return "", fmt.Errorf("--lang %q: có / there are: vi, en", s)
}
