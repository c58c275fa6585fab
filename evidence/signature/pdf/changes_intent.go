package pdf

import (
	"encoding/binary"
	"math"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// compareIntents judges output intents (ISO 32000-2 14.11.5), which name the
// colours a document is meant for. Programs that draw a signature in RGB add
// one where there was none. It may say sRGB, which is how colours are shown
// without it; any other profile could make what is written invisible.
func (s *step) compareIntents(a, b syntax.Object) {
	if s.same(a, b, true) {
		return
	}
	was, _ := s.old.rev.Array(a)
	is, _ := s.new.rev.Array(b)
	if len(was) == 0 && len(is) > 0 && s.ordinaryColours(is) {
		s.add(fixed(signature.ChangePermitted, signature.WhatCatalog, "ISO 32000-2 14.11.5").on(0, s.new.root).
			says("an output intent was added: sRGB, the colours that are shown without it"))
		return
	}
	s.deep(a, b, true, s.new.root, "/OutputIntents", fixed(signature.ChangeForbidden, signature.WhatCatalog, ruleCatalog).
		says("%s", wordsFor(catalogWords, "OutputIntents", "")))
}

func (s *step) ordinaryColours(intents syntax.Array) bool {
	for _, o := range intents {
		d, _ := s.new.rev.Dict(o)
		v, _ := s.new.rev.Resolve(d.Get("DestOutputProfile"))
		profile, ok := v.(*syntax.Stream)
		if !ok || len(intents) > 4 {
			return false
		}
		icc, err := s.new.rev.Decode(profile)
		if err != nil || !isSRGB(icc) {
			return false
		}
	}
	return true
}

// sRGBPrimaries are the columns of the matrix from sRGB to the profile
// connection space (IEC 61966-2-1, adapted to D50).
var sRGBPrimaries = map[string][3]float64{
	"rXYZ": {0.4361, 0.2225, 0.0139}, "gXYZ": {0.3851, 0.7169, 0.0971}, "bXYZ": {0.1431, 0.0606, 0.7141},
}

// isSRGB reports whether an ICC profile (ISO 15076-1) is a display profile of
// three curves and a matrix, and that matrix is that of sRGB. Tables of
// colours, which can say anything, are not looked into.
func isSRGB(icc []byte) bool {
	const header, entry, maxTags = 128, 12, 50
	if len(icc) < header+4 || string(icc[12:24]) != "mntrRGB XYZ " || string(icc[36:40]) != "acsp" {
		return false
	}
	n := int(binary.BigEndian.Uint32(icc[header:]))
	if n > maxTags || len(icc) < header+4+n*entry {
		return false
	}
	found := 0
	for i := range n {
		e := icc[header+4+i*entry:]
		at, size := uint64(binary.BigEndian.Uint32(e[4:])), uint64(binary.BigEndian.Uint32(e[8:]))
		if at+size > uint64(len(icc)) {
			return false
		}
		name, data := string(e[:4]), icc[at:at+size]
		switch name {
		case "rXYZ", "gXYZ", "bXYZ":
			if !near(data, sRGBPrimaries[name]) {
				return false
			}
			found++
		case "rTRC", "gTRC", "bTRC":
			if !rises(data) {
				return false
			}
			found++
		case "A2B0", "A2B1", "A2B2", "D2B0", "D2B1", "D2B2", "D2B3":
			return false
		}
	}
	return found == 6
}

// near compares an XYZType (ISO 15076-1 10.31) with what it should be.
func near(data []byte, want [3]float64) bool {
	if len(data) < 20 || string(data[:4]) != "XYZ " {
		return false
	}
	for i, w := range want {
		v := float64(int32(binary.BigEndian.Uint32(data[8+4*i:]))) / 65536
		if math.Abs(v-w) > 0.02 {
			return false
		}
	}
	return true
}

// rises reports whether a curveType (10.6) goes from black to white without
// turning back, near the curve of sRGB in the middle.
func rises(data []byte) bool {
	if len(data) < 12 || string(data[:4]) != "curv" {
		return false
	}
	n := int(binary.BigEndian.Uint32(data[8:]))
	data = data[12:]
	if n > len(data)/2 || n == 0 {
		return false
	}
	at := func(i int) int { return int(binary.BigEndian.Uint16(data[2*i:])) }
	if n == 1 { // a gamma in 1/256
		return at(0) > 2*256 && at(0) < 5*256/2
	}
	for i := 1; i < n; i++ {
		if at(i) < at(i-1) {
			return false
		}
	}
	const middle = 0.214 * 65535 // of one half
	return at(0) < 1000 && at(n-1) > 64535 && math.Abs(float64(at(n/2))-middle) < 3000
}
