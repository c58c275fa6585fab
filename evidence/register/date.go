package register

import (
	"math"
	"regexp"
	"strconv"
	"time"

	"minhchung/evidence"
)

// The forms of dates, day first as Vietnamese registers write them. The two
// marks of a date must be the same. A time behind the date is dropped.
var (
	dayFirst  = regexp.MustCompile(`^([0-9]{1,2}) ?([/.-]) ?([0-9]{1,2}) ?([/.-]) ?([0-9]{4})(?:[ ,T]+[0-9]{1,2}[:h][0-9]{2}.{0,16})?$`)
	yearFirst = regexp.MustCompile(`^([0-9]{4})([/.-])([0-9]{1,2})([/.-])([0-9]{1,2})(?:[ T]+[0-9]{1,2}[:h][0-9]{2}.{0,24})?$`)
	inWords   = regexp.MustCompile(`^(?:[\p{L} .]{1,40}, ?)?ngay ([0-9]{1,2}) thang ([0-9]{1,2}) nam ([0-9]{4})$`)
)

// parseDate reads 3/4/2022, 03-04-2022, 3.4.2022, 2022-04-03 and "ngày 03
// tháng 4 năm 2022". Years of two digits are refused, since they are a guess.
func parseDate(text string) (evidence.Date, bool) {
	if m := dayFirst.FindStringSubmatch(text); m != nil && m[2] == m[4] {
		return newDate(m[5], m[3], m[1])
	}
	if m := yearFirst.FindStringSubmatch(text); m != nil && m[2] == m[4] {
		return newDate(m[1], m[3], m[5])
	}
	if len(text) > 100 {
		return "", false
	}
	if m := inWords.FindStringSubmatch(fold(text)); m != nil {
		return newDate(m[3], m[2], m[1])
	}
	return "", false
}

// newDate refuses days that do not exist, such as 31/02/2022, and years in
// which no register of ours was kept.
func newDate(year, month, day string) (evidence.Date, bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	if y < 1945 || y > 2100 || m < 1 || m > 12 || d < 1 {
		return "", false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d {
		return "", false
	}
	return evidence.Date(t.Format(time.DateOnly)), true
}

// serial turns a spreadsheet's day number into ISO 8601, with the time when it
// is not midnight. Day 60 of the 1900 system is 29 February 1900, which never
// was (ECMA-376 part 1, 18.17.4.1).
func serial(v float64, from1904 bool) (string, bool) {
	if math.IsNaN(v) || v < 1 || v >= 2_958_466 {
		return "", false
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if from1904 {
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if v < 61 {
		return "", false
	}
	days, part := math.Modf(v)
	t := base.AddDate(0, 0, int(days)).Add(time.Duration(math.Round(part*86400)) * time.Second)
	if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 {
		return t.Format(time.DateOnly), true
	}
	return t.Format("2006-01-02T15:04:05"), true
}
