package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/search"
)

//go:embed templates static
var embedded embed.FS

// pages are the templates, once for each language: their functions know it.
type pages struct {
	byLang map[message.Lang]map[string]*template.Template
}

var languages = []message.Lang{message.Vietnamese, message.English}

var pageNames = []string{"overview", "register", "indicator", "document", "criteria", "search", "uploaded", "error"}

func parsePages() (*pages, error) {
	p := &pages{byLang: map[message.Lang]map[string]*template.Template{}}
	for _, lang := range languages {
		p.byLang[lang] = map[string]*template.Template{}
		for _, name := range pageNames {
			t, err := template.New("layout.html").Funcs(functions(lang)).Option("missingkey=error").
				ParseFS(embedded, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
			if err != nil {
				return nil, err
			}
			p.byLang[lang][name] = t
		}
	}
	return p, nil
}

// functions are what templates can do beside showing fields: numbers, days and
// sentences in the reader's form.
func functions(lang message.Lang) template.FuncMap {
	return template.FuncMap{
		"t":    lang.Text,
		"n":    func(n int) string { return lang.Int(int64(n)) },
		"n64":  lang.Int,
		"size": lang.Bytes,
		"day":  day,
		"code": func(code string) string { return lang.Text("code." + code) },
		"join": strings.Join,
	}
}

// day writes 2022-04-03 as 03/04/2022.
func day(d evidence.Date) string {
	parts := strings.Split(string(d), "-")
	if len(parts) != 3 {
		return string(d)
	}
	return parts[2] + "/" + parts[1] + "/" + parts[0]
}

// frame is what every page gets around its own data.
type frame struct {
	Lang  message.Lang
	Other message.Lang
	// Switch is this page in the other language; "" where a page cannot be
	// asked for again.
	Switch string
	Query  string // what the search box holds
	Page   any
}

// render writes a page. It is complete before the first byte goes out, so that
// a failing template is an error and no half page.
func (s *server) render(w http.ResponseWriter, r *http.Request, who visitor, status int, name string, page any) error {
	f := frame{Lang: who.Lang, Other: message.English, Page: page}
	if who.Lang == message.English {
		f.Other = message.Vietnamese
	}
	if r.URL.Path == "/search" {
		f.Query = clipRunes(r.URL.Query().Get("q"), search.MaxQueryRunes)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		query := r.URL.Query()
		query.Set("lang", string(f.Other))
		f.Switch = (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String()
		if strings.HasPrefix(f.Switch, "//") { // would lead to another host
			f.Switch = "/?lang=" + string(f.Other)
		}
	}
	var b bytes.Buffer
	if err := s.pages.byLang[who.Lang][name].Execute(&b, f); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(who.Lang))
	w.WriteHeader(status)
	_, _ = w.Write(bytes.Map(inert, b.Bytes())) // a client that is gone needs no page
	return nil
}

// inert keeps text of files, registers and names from steering the page: it
// works on the whole page, so that no field can be forgotten. Characters that
// reorder text (Unicode TR 36, 2.5) and control characters become visible
// replacements.
func inert(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029':
		return unicode.ReplacementChar
	}
	return r
}

// staticFiles serves the style sheet, which may be kept for an hour.
func staticFiles() http.Handler {
	files, err := fs.Sub(embedded, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	serve := http.StripPrefix("/static/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // no listing
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "max-age=3600")
		serve.ServeHTTP(w, r)
	})
}
