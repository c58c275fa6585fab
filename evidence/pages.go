package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// PageRange is a run of pages from First to Last, both 1-based and included.
type PageRange struct{ First, Last int }

// Pages names pages of a document, ascending and without overlap. None stands
// for the whole document.
type Pages []PageRange

const (
	maxPage       = 100_000
	maxPageRanges = 100
)

// ErrPages says that a list of pages is not one.
var ErrPages = errors.New("write pages as 1-3,5")

// ParsePages reads "1-3,5" in any order, with blanks and overlaps. At most
// 100 ranges and page 100,000; otherwise the error is ErrPages.
func ParsePages(s string) (Pages, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	if len(s) > 2000 {
		return nil, fmt.Errorf("pages of %d characters: %w", len(s), ErrPages)
	}
	var list Pages
	for _, part := range strings.Split(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, b := pageNumber(first), pageNumber(last)
		if a == 0 || b < a {
			return nil, fmt.Errorf("pages %q: %w", part, ErrPages)
		}
		list = append(list, PageRange{a, b})
	}
	if len(list) > maxPageRanges {
		return nil, fmt.Errorf("%d ranges of pages: %w", len(list), ErrPages)
	}
	return list.merge(), nil
}

// pageNumber reads a page number; 0 is not one.
func pageNumber(s string) int {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > maxPage {
		return 0
	}
	return n
}

// merge sorts the ranges and joins those that touch.
func (p Pages) merge() Pages {
	slices.SortFunc(p, func(a, b PageRange) int { return a.First - b.First })
	merged := p[:1]
	for _, r := range p[1:] {
		if last := &merged[len(merged)-1]; r.First <= last.Last+1 {
			last.Last = max(last.Last, r.Last)
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}

// String returns the one way to write these pages, "1-3,5"; "" for the whole
// document.
func (p Pages) String() string {
	parts := make([]string, len(p))
	for i, r := range p {
		parts[i] = strconv.Itoa(r.First)
		if r.Last > r.First {
			parts[i] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strings.Join(parts, ",")
}

// Last returns the highest page; 0 for the whole document.
func (p Pages) Last() int {
	if len(p) == 0 {
		return 0
	}
	return p[len(p)-1].Last
}
