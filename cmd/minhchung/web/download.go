package web

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/object"
)

// download sends a document's bytes. They are read and hashed once before the
// first byte goes out, so that nobody gets a damaged file with an ending that
// looks good; the second reading is hashed as well and broken off when it
// differs.
func (s *server) download(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, sha, err := s.findDocument(r.Context(), who, r)
	if err != nil {
		return err
	}
	var doc evidence.Document
	err = s.Store.View(r.Context(), who.Scope(), k, func(v evidence.Reader) (err error) {
		doc, err = v.Document(r.Context(), sha)
		return err
	})
	if err != nil {
		return err
	}
	key := object.Key{Unit: string(k.Unit), SHA256: sha}
	if err := s.copyObject(r.Context(), key, io.Discard); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Disposition", disposition(doc.Name))
	h.Set("Content-Length", strconv.FormatInt(doc.Size, 10))
	h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sha[:])+":") // RFC 9530
	if r.Method == http.MethodHead {
		return nil
	}
	if err := s.copyObject(r.Context(), key, w); err != nil {
		s.Log.Error("sending a document", "sha256", sha.String(), "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// copyObject copies an object; one that is missing from the store is damage,
// since the ledger names it.
func (s *server) copyObject(ctx context.Context, key object.Key, w io.Writer) error {
	body, err := s.Objects.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return problem{code: "damaged", err: err}
	}
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	return err
}

// disposition is the header of RFC 6266 with a name that is no path.
func disposition(name string) string {
	name = strings.Map(inert, baseName(name))
	if header := mime.FormatMediaType("attachment", map[string]string{"filename": name}); header != "" {
		return header
	}
	return "attachment"
}
