package pdftest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// number encodes an integer as charstrings and CFF dictionaries do.
func number(n int) []byte {
	switch {
	case n >= -107 && n <= 107:
		return []byte{byte(n + 139)}
	case n >= 108 && n <= 1131:
		return []byte{byte((n-108)>>8 + 247), byte(n - 108)}
	case n <= -108 && n >= -1131:
		return []byte{byte((-n-108)>>8 + 251), byte(-n - 108)}
	}
	return nil
}

// large encodes an integer that number does not: shift makes it of two parts.
func large(n int) []byte {
	if b := number(n); b != nil {
		return b
	}
	return append([]byte{28}, byte(n>>8), byte(n))
}

// CFF returns a bare font program with 1,000 units to the em and a subroutine;
// each program is the charstring of a glyph. See BoxType2.
func CFF(subroutine []byte, programs ...[]byte) []byte {
	index := func(items ...[]byte) []byte {
		var b bytes.Buffer
		binary.Write(&b, binary.BigEndian, uint16(len(items)))
		if len(items) == 0 {
			return b.Bytes()
		}
		b.WriteByte(4)
		at := uint32(1)
		binary.Write(&b, binary.BigEndian, at)
		for _, it := range items {
			at += uint32(len(it))
			binary.Write(&b, binary.BigEndian, at)
		}
		for _, it := range items {
			b.Write(it)
		}
		return b.Bytes()
	}
	five := func(n int) []byte { return binary.BigEndian.AppendUint32([]byte{29}, uint32(n)) }
	private := append(number(2), 19) // Subrs right behind it
	local := index(subroutine)
	before := slices.Concat([]byte{1, 0, 4, 4}, index([]byte("Test")))
	top := func(chars, at int) []byte {
		return index(slices.Concat(five(chars), []byte{17}, five(len(private)), five(at), []byte{18}))
	}
	middle := slices.Concat(index(), index())
	start := len(before) + len(top(0, 0)) + len(middle)
	glyphs := index(programs...)
	return slices.Concat(before, top(start, start+len(glyphs)), middle, glyphs, private, local)
}

// BoxType2 is a charstring that fills a box, with a width before the first
// operator, by the subroutine or by itself.
func BoxType2(x0, y0, x1, y1 int) []byte {
	return slices.Concat(large(100), large(x0), large(y0), []byte{21}, large(x1-x0), large(y1-y0), large(x0-x1), []byte{6, 14})
}

// Type1 returns a font program; glyphs are charstrings, see BoxType1.
func Type1(matrix string, glyphs ...[]byte) []byte {
	var private bytes.Buffer
	private.WriteString("dup /Private 8 dict dup begin /RD {string currentfile exch readstring pop} def /ND {def} def /NP {put} def /Subrs 1 array\n")
	put := func(before string, program []byte, after string) {
		program = encrypt(append([]byte("zzzz"), program...), 4330)
		fmt.Fprintf(&private, "%s %d RD %s %s\n", before, len(program), program, after)
	}
	put("dup 0", []byte{11}, "NP")
	fmt.Fprintf(&private, "ND\n2 index /CharStrings %d dict dup begin\n", len(glyphs))
	for i, g := range glyphs {
		put(fmt.Sprintf("/g%d", i), g, "ND")
	}
	private.WriteString("end end readonly put noaccess put dup /FontName get exch definefont pop mark currentfile closefile\n")
	return slices.Concat([]byte("%!PS-AdobeFont-1.0: Test\n/FontMatrix ["+matrix+"] readonly def\ncurrentfile eexec\n"),
		encrypt(append([]byte("zzzz"), private.Bytes()...), 55665), []byte("\n"+string(bytes.Repeat([]byte("0"), 64))+"\ncleartomark\n"))
}

// BoxType1 is a charstring that fills a box.
func BoxType1(x0, y0, x1, y1 int) []byte {
	wide := func(n int) []byte {
		if b := number(n); b != nil {
			return b
		}
		return binary.BigEndian.AppendUint32([]byte{255}, uint32(int32(n)))
	}
	return slices.Concat(wide(0), wide(600), []byte{13}, wide(x0), wide(y0), []byte{21}, wide(x1-x0), []byte{6}, wide(y1-y0), []byte{7}, wide(x0-x1), []byte{6, 9, 14})
}

func encrypt(data []byte, key uint16) []byte {
	out := make([]byte, len(data))
	for i, p := range data {
		out[i] = p ^ byte(key>>8)
		key = (uint16(out[i])+key)*52845 + 22719
	}
	return out
}
