package pdf

import (
	"slices"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// maxValidation bounds the streams of document security stores that are read.
const maxValidation = 1000

// store reads the document security stores of a file.
type store struct {
	blobs *blobs
	data  signature.ValidationData
	seen  map[int64]bool // offsets of streams
	full  bool
}

// dss gathers what the document security store (ISO 32000-2 12.8.4.3) of each
// revision carries. Later revisions may replace it, and what an earlier one
// held still proves something.
func dss(f *syntax.File, b *blobs) *store {
	s := &store{blobs: b, seen: map[int64]bool{}}
	revisions := f.Revisions()
	seen := map[int64]bool{}
	for i := len(revisions) - 1; i >= 0; i-- {
		r := revisions[i]
		catalog, err := r.Catalog()
		if err != nil || catalog == nil || !catalog.Has("DSS") {
			continue
		}
		d, err := r.Dict(catalog.Get("DSS"))
		if err != nil || d == nil || d.Start >= 0 && seen[d.Start] {
			continue
		}
		seen[d.Start] = true
		s.certificates(r, d.Get("Certs"))
		s.crls(r, d.Get("CRLs"))
		s.ocsps(r, d.Get("OCSPs"))
		vri, err := r.Dict(d.Get("VRI"))
		if err != nil || vri == nil {
			continue
		}
		for _, e := range vri.Entries {
			if v, err := r.Dict(e.Value); err == nil && v != nil && !s.full {
				s.certificates(r, v.Get("Cert"))
				s.crls(r, v.Get("CRL"))
				s.ocsps(r, v.Get("OCSP"))
			}
		}
	}
	return s
}

func (s *store) certificates(r *syntax.Revision, o syntax.Object) {
	s.streams(r, o, &s.data.Certificates)
}
func (s *store) crls(r *syntax.Revision, o syntax.Object)  { s.streams(r, o, &s.data.CRLs) }
func (s *store) ocsps(r *syntax.Revision, o syntax.Object) { s.streams(r, o, &s.data.OCSPs) }

// streams adds the decoded streams of an array.
func (s *store) streams(r *syntax.Revision, o syntax.Object, to *[]signature.Hash) {
	list, err := r.Array(o)
	if err != nil {
		return
	}
	for _, item := range list {
		v, err := r.Resolve(item)
		stream, ok := v.(*syntax.Stream)
		if err != nil || !ok || s.seen[stream.Start] {
			continue
		}
		if len(s.seen) >= maxValidation {
			s.full = true
			return
		}
		s.seen[stream.Start] = true
		der, err := r.Decode(stream)
		if err != nil {
			continue
		}
		if h := s.blobs.add(der); !h.IsZero() && !slices.Contains(*to, h) {
			*to = append(*to, h)
		}
	}
}
