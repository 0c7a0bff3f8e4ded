package server

import (
	"net/http"
	"net/url"
)

// pagePolicy allows a page its own style, and nothing from anywhere else: no script, no address.
const pagePolicy = "default-src 'none'; style-src 'sha256-%s'; img-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageRoutes registers the API's document and its page, which are open: they say what the program can
// do, and nothing of what it knows.
func (s *Server) pageRoutes() {
	for path, serve := range map[string]http.HandlerFunc{
		"GET /openapi.json": s.serveDocument("application/vnd.oai.openapi+json;version=3.1", func() []byte { return s.doc.json }),
		"GET /openapi.yaml": s.serveDocument("application/vnd.oai.openapi;version=3.1", func() []byte { return s.doc.yaml }),
		"GET /docs":         s.serveDocument("text/html; charset=utf-8", func() []byte { return s.doc.page }),
		"GET /{$}":          func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/docs", http.StatusFound) },
		"GET /problems/{name}": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/docs#problem-"+url.PathEscape(r.PathValue("name")), http.StatusFound)
		},
	} {
		rt := &route{name: path, body: s.opt.Limits.Body, time: s.opt.Limits.Deadline, quiet: true}
		s.mux.HandleFunc(path, s.gate(rt, serve))
	}
}

func (s *Server) serveDocument(contentType string, data func() []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", s.doc.etag)
		h.Set("Cache-Control", "no-cache")
		if hasTag(r.Header.Get("If-None-Match"), s.doc.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", contentType)
		h.Set("Content-Security-Policy", s.doc.policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(data()) // it is kept until it is sent
	}
}
