package scheme

import "strings"

// near returns the known id that was probably meant: one that differs only in
// its punctuation or case, else the first part of the one that was named, else
// one that is a single edit away, if possible in the same domain; or "".
func near(id string, known []string) string {
	if id == "" || len(id) > 64 {
		return ""
	}
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(" .,-_/", r) {
				return -1
			}
			return r
		}, strings.ToLower(s))
	}
	for _, k := range known {
		if plain(id) == plain(k) {
			return k
		}
	}
	for _, k := range known {
		if strings.Contains(id, ".") && strings.HasPrefix(k, id) {
			return k
		}
	}
	far := ""
	for _, k := range known {
		if len(k) < 2 || !oneEdit(strings.ToLower(id), k) {
			continue
		}
		if id[:1] == k[:1] {
			return k
		}
		if far == "" {
			far = k
		}
	}
	return far
}

// oneEdit reports whether one byte put in, left out or replaced makes a into b.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}
