package count

import (
	"math/big"
	"strconv"
	"strings"
)

// Ratio is an exact fraction of two counts. A denominator of zero is no
// number: it is shown as a dash and compares as equal to nothing but itself.
type Ratio struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

// Compare returns -1, 0 or +1 as r is less than, equal to or greater than s,
// by exact cross-multiplication. A ratio without a denominator sorts before
// every other.
func (r Ratio) Compare(s Ratio) int {
	switch {
	case r.Den == 0 && s.Den == 0:
		return 0
	case r.Den == 0:
		return -1
	case s.Den == 0:
		return 1
	}
	left := new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(s.Den))
	right := new(big.Int).Mul(big.NewInt(s.Num), big.NewInt(r.Den))
	c := left.Cmp(right)
	if (r.Den < 0) != (s.Den < 0) {
		return -c
	}
	return c
}

// String returns the plain integers, "1831/1861".
func (r Ratio) String() string {
	return strconv.FormatInt(r.Num, 10) + "/" + strconv.FormatInt(r.Den, 10)
}

// Format returns the integers in the reader's form: "1.831/1.861" in
// Vietnamese, "1,831/1,861" in English.
func (r Ratio) Format(lang string) string {
	return Integer(lang, r.Num) + "/" + Integer(lang, r.Den)
}

// maxDecimals bounds Percent; more digits than this mean nothing for counts.
const maxDecimals = 18

// Percent returns the ratio as a percentage with the given number of decimals
// (0 to 18), rounded half up in absolute value, computed from the integers:
// 1831/1861 is "98,4 %" in Vietnamese and "98.4 %" in English. Without a
// denominator it is "—".
func (r Ratio) Percent(lang string, decimals int) string {
	if r.Den == 0 {
		return "—"
	}
	decimals = min(max(decimals, 0), maxDecimals)
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
	num := new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(100))
	num.Mul(num, scale)
	den := big.NewInt(r.Den)
	negative := num.Sign()*den.Sign() < 0
	num.Abs(num)
	den.Abs(den)
	// ⌊(2n + d) / 2d⌋ is n/d rounded half up.
	num.Lsh(num, 1).Add(num, den).Quo(num, den.Lsh(den, 1))
	whole, rest := new(big.Int).QuoRem(num, scale, new(big.Int))
	text := group(lang, whole.String())
	if decimals > 0 {
		digits := rest.String()
		text += decimalMark(lang) + strings.Repeat("0", decimals-len(digits)) + digits
	}
	if negative && num.Sign() != 0 {
		text = "-" + text
	}
	return text + " %"
}

// Integer returns n with its thousands grouped: by points in Vietnamese, by
// commas in English.
func Integer(lang string, n int64) string {
	s := strconv.FormatInt(n, 10)
	if digits, negative := strings.CutPrefix(s, "-"); negative {
		return "-" + group(lang, digits)
	}
	return group(lang, s)
}

func group(lang, digits string) string {
	mark := "."
	if lang == "en" {
		mark = ","
	}
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(mark)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

func decimalMark(lang string) string {
	if lang == "en" {
		return "."
	}
	return ","
}
