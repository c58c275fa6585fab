package report

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence/signature"
)

// Change says in words what was changed after signing, what that means, what
// exactly it was and by which rule it was judged, such as
// "page content on page 1 (forbidden): the page was turned: /Rotate: 90
// instead of 0 [ISO 32000-2 7.7.3]".
func Change(lang message.Lang, c signature.Change) string {
	what := c.What // a code newer than the catalogue
	if message.Has("inspect.what-" + c.What) {
		what = Word(lang, "what", c.What)
	}
	if c.Page > 0 {
		what += " " + lang.Text("inspect.page", c.Page)
	}
	what += " " + Word(lang, "class", string(c.Class))
	if c.Detail != "" {
		what += ": " + Sentence(lang, c.Detail)
	}
	if c.Rule != "" {
		what += " [" + Sentence(lang, c.Rule) + "]"
	}
	return what
}

// template is a sentence of the catalogue in English, in which the readers of
// package pdf write into the evidence, as a pattern for what fills it in.
type template struct {
	key     string
	pattern *regexp.Regexp
	fixed   int // bytes that are not filled in
}

var blank = regexp.MustCompile(`%[sd]`)

// templates are the sentences of changes, those with most words first.
var templates = sync.OnceValue(func() []template {
	var out []template
	for _, key := range message.Keys("change.") {
		if strings.HasPrefix(key, "change.place-") {
			continue
		}
		text := strings.ReplaceAll(message.English.Text(key), "%%", "%")
		pattern := ""
		rest := text
		for _, at := range blank.FindAllStringIndex(text, -1) {
			from := len(text) - len(rest)
			pattern += regexp.QuoteMeta(text[from:at[0]]) + map[byte]string{'s': "(.*?)", 'd': "([0-9]+)"}[text[at[1]-1]]
			rest = text[at[1]:]
		}
		pattern += regexp.QuoteMeta(rest)
		out = append(out, template{key, regexp.MustCompile("^" + pattern + "$"), len(blank.ReplaceAllString(text, ""))})
	}
	slices.SortStableFunc(out, func(a, b template) int { return b.fixed - a.fixed })
	return out
})

// Sentence puts a sentence that readers and judges write into the evidence
// in English into the reader's language. What the catalogue does not know is
// shown as it is: better in English than not at all.
func Sentence(lang message.Lang, text string) string {
	if lang == message.English {
		return text
	}
	parts := clauses(text)
	var out []string
	for len(parts) > 0 {
		n := len(parts)
		for ; n > 1; n-- {
			if _, ok := sentence(lang, strings.Join(parts[:n], "; "), 0); ok {
				break
			}
		}
		said, _ := sentence(lang, strings.Join(parts[:n], "; "), 0)
		out, parts = append(out, said), parts[n:]
	}
	return strings.Join(out, "; ")
}

// clauses cuts at semicolons outside of quotation marks.
func clauses(text string) []string {
	var out []string
	quoted, from := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], "; "):
			out, from = append(out, text[from:i]), i+2
		}
	}
	return append(out, text[from:])
}

// sentence translates one clause; what fills it in may be one itself.
func sentence(lang message.Lang, text string, depth int) (said string, ok bool) {
	for _, t := range templates() {
		m := t.pattern.FindStringSubmatch(text)
		if m == nil || depth > 3 || slices.ContainsFunc(m[1:], func(v string) bool { return len(clauses(v)) > 1 }) {
			continue // what fills in is one clause, or another sentence follows
		}
		out := lang.Text(t.key)
		for _, value := range m[1:] {
			inner, _ := sentence(lang, value, depth+1)
			at := blank.FindStringIndex(out)
			out = out[:at[0]] + strings.ReplaceAll(inner, "%", "\x00") + out[at[1]:]
		}
		return strings.NewReplacer("%%", "%", "\x00", "%").Replace(out), true
	}
	return places(lang, text), false
}

// places translates the words between the paths and values of a list of
// differences, such as "/Rotate: 90 instead of 0", and leaves quoted values.
func places(lang message.Lang, text string) string {
	if !strings.Contains(text, "/") || !strings.Contains(text, ":") {
		return text
	}
	var pairs []string
	for _, key := range message.Keys("change.place-") {
		pairs = append(pairs, message.English.Text(key), lang.Text(key))
	}
	words := strings.NewReplacer(pairs...)
	parts := strings.Split(text, `"`)
	for i := 0; i < len(parts); i += 2 {
		parts[i] = words.Replace(parts[i])
	}
	return strings.Join(parts, `"`)
}
