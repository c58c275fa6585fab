package pdftest

import (
	"bytes"
	"encoding/binary"
)

// TrueType returns a font file with 1,000 units to the em. Glyph 0 is blank;
// each box {x0, y0, x1, y1} becomes a glyph with that outline and an advance
// of 600; a last glyph shows the first box moved by moved, as a composite.
func TrueType(moved [2]int16, boxes ...[4]int16) []byte {
	var glyf bytes.Buffer
	loca := []uint32{0, 0}
	put := func(b *bytes.Buffer, v ...any) {
		for _, x := range v {
			binary.Write(b, binary.BigEndian, x)
		}
	}
	for _, r := range boxes {
		put(&glyf, int16(1), r, uint16(3), uint16(0), [4]byte{1, 1, 1, 1},
			r[0], r[2]-r[0], int16(0), r[0]-r[2], r[1], int16(0), r[3]-r[1], int16(0))
		loca = append(loca, uint32(glyf.Len()))
	}
	put(&glyf, int16(-1), [4]int16{}, uint16(1|2), uint16(1), moved)
	loca = append(loca, uint32(glyf.Len()))
	head, hhea := make([]byte, 54), make([]byte, 36)
	binary.BigEndian.PutUint16(head[18:], 1000)
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint16(hhea[34:], 1)
	var maxp, table, body bytes.Buffer
	put(&maxp, uint32(0x10000), uint16(len(loca)-1))
	var locations bytes.Buffer
	put(&locations, loca)
	tables := []struct {
		tag  string
		data []byte
	}{{"glyf", glyf.Bytes()}, {"head", head}, {"hhea", hhea}, {"hmtx", []byte{2, 88, 0, 0}}, {"loca", locations.Bytes()}, {"maxp", maxp.Bytes()}}
	put(&table, uint32(0x10000), uint16(len(tables)), [3]uint16{})
	for _, t := range tables {
		table.WriteString(t.tag)
		put(&table, uint32(0), uint32(12+16*len(tables)+body.Len()), uint32(len(t.data)))
		body.Write(t.data)
	}
	return append(table.Bytes(), body.Bytes()...)
}
