package syllable

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"
)

// rimes is the table of rimes and their onsets. It was written for this
// package after the spelling rules of Vietnamese (quốc ngữ); loan words
// outside them are not syllables here.
//
//go:embed rimes.txt
var rimes string

// tables holds every syllable: by folded form, and by Key.
type tables struct {
	folded map[string]struct{}
	keys   map[string]struct{}
}

var load = sync.OnceValue(func() tables {
	t := tables{map[string]struct{}{}, map[string]struct{}{}}
	for line := range strings.Lines(rimes) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		for _, onset := range fields[1:] {
			t.add(spell(onset, fields[0]), stopped(fields[0]))
		}
	}
	return t
})

// add enters a toneless syllable under every tone it can carry: syllables
// that end in a stop have only sắc and nặng.
func (t tables) add(toneless string, stop bool) {
	t.folded[Fold(toneless)] = struct{}{}
	for i, tone := range tones {
		if stop && i != 2 && i != 5 {
			continue
		}
		t.keys[toneless+tone] = struct{}{}
	}
}

func stopped(rime string) bool {
	return strings.HasSuffix(rime, "c") || strings.HasSuffix(rime, "ch") ||
		strings.HasSuffix(rime, "p") || strings.HasSuffix(rime, "t")
}

// spell joins an onset and a rime: k, gh and ngh before the front vowels; gi
// gives its i to a rime that starts with one; no onset writes iê as yê.
func spell(onset, rime string) string {
	front := strings.HasPrefix(rime, "e") || strings.HasPrefix(rime, "ê") ||
		strings.HasPrefix(rime, "i") || strings.HasPrefix(rime, "y")
	switch {
	case onset == "-":
		return rime
	case onset == "q":
		return "qu" + rime
	case onset == "gi" && strings.HasPrefix(rime, "i"):
		return "g" + rime
	case onset == "c" && front:
		return "k" + rime
	case (onset == "g" || onset == "ng") && front && rime[0] != 'y':
		return onset + "h" + rime
	}
	return onset + rime
}

// Valid reports whether a folded token is a syllable of Vietnamese.
func Valid(folded string) bool {
	_, ok := load().folded[folded]
	return ok
}

// ValidKey reports whether a token in the form of Key is a syllable with
// right marks. A syllable ending in a stop must carry sắc or nặng.
func ValidKey(key string) bool {
	_, ok := load().keys[key]
	return ok
}

// All returns every folded syllable, sorted.
func All() []string {
	return slices.Sorted(maps.Keys(load().folded))
}

// Keys returns every syllable with marks in the form of Key, sorted.
func Keys() []string {
	return slices.Sorted(maps.Keys(load().keys))
}

// Written returns a Key as it is written: the tone composed over the main
// vowel, in the older of the two ways where they differ (hòa, ủy).
func Written(key string) string {
	letters := []rune(key)
	last := len(letters) - 1
	if last < 1 || !isTone(letters[last]) {
		return key
	}
	tone := letters[last]
	letters = letters[:last]
	at := mainVowel(letters)
	return norm.NFC.String(string(letters[:at+1]) + string(tone) + string(letters[at+1:]))
}

func isTone(r rune) bool {
	for _, tone := range tones[1:] {
		if strings.ContainsRune(tone, r) {
			return true
		}
	}
	return false
}

// mainVowel returns the index of the letter that carries the tone.
func mainVowel(letters []rune) int {
	start := 0
	if len(letters) > 2 && letters[0] == 'q' ||
		len(letters) > 2 && letters[0] == 'g' && letters[1] == 'i' && isVowel(letters[2]) {
		start = 2
	}
	var vowels []int
	for i := start; i < len(letters); i++ {
		if isVowel(letters[i]) {
			vowels = append(vowels, i)
		}
	}
	for _, i := range slices.Backward(vowels) {
		if strings.ContainsRune("ăâêôơư", letters[i]) {
			return i
		}
	}
	switch {
	case len(vowels) == 0:
		return len(letters) - 1
	case len(vowels) == 1:
		return vowels[0]
	case vowels[len(vowels)-1] != len(letters)-1: // a consonant follows: oán
		return vowels[len(vowels)-1]
	}
	return vowels[len(vowels)-2]
}

func isVowel(r rune) bool { return strings.ContainsRune("aăâeêioôơuưy", r) }
