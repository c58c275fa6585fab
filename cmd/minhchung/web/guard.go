package web

import (
	"net/http"
	"slices"
	"strings"

	"minhchung/cmd/minhchung/auth"
	"minhchung/cmd/minhchung/message"
)

// visitor is who asks and in which language they read.
type visitor struct {
	auth.Principal
	Lang message.Lang
}

// policy lets a page load its own style sheet and pictures and send its own
// forms, and nothing else (CSP Level 3).
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard is in front of everything: headers that keep browsers strict, the
// Host header, the origin of writing requests, and defects of our own.
func (s *server) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem{code: "cross-origin"})
	}))
	inner := origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		defer s.recover(w, r)
		if !slices.Contains(s.Hosts, strings.ToLower(r.Host)) {
			s.refuse(w, r, problem{code: "wrong-host"})
			return
		}
		inner.ServeHTTP(w, r)
	})
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// Not "no-referrer": forms would be sent with "Origin: null".
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}

// recover turns a defect of ours into a sentence. http.ErrAbortHandler is how
// a download is broken off, and goes on.
func (s *server) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.Log.Error("defect", "method", r.Method, "path", r.URL.Path, "panic", v)
	s.refuse(w, r, problem{code: "internal"})
}

// refuse answers a request that no handler has seen.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	who := visitor{Lang: chooseLang(w, r)}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.sendError(w, r, who, err)
		return
	}
	s.showError(w, r, who, err)
}

// langCookie keeps the language chosen by ?lang=.
const langCookie = "lang"

// chooseLang takes ?lang=, else the cookie, else Vietnamese. A language that
// is not known is passed over.
func chooseLang(w http.ResponseWriter, r *http.Request) message.Lang {
	if asked := r.URL.Query().Get("lang"); asked != "" {
		if lang, err := message.Parse(asked); err == nil {
			http.SetCookie(w, &http.Cookie{
				Name: langCookie, Value: string(lang), Path: "/", MaxAge: 365 * 24 * 3600,
				HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
			return lang
		}
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if lang, err := message.Parse(c.Value); err == nil {
			return lang
		}
	}
	return message.Vietnamese
}
