// Package pdftest builds small PDF files for tests: revision by revision, with
// each kind of cross-reference data, signed or broken on purpose.
package pdftest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"slices"
	"strings"
)

// Builder writes one PDF file. The zero value is empty; New starts with a
// header. It is not safe for concurrent use.
type Builder struct {
	Buf bytes.Buffer

	entries map[int]entry // since the last section
	size    int           // highest object number + 1
	prev    int           // offset of the last section, 0 for none
}

type entry struct {
	kind   byte // 'f', 'n' or 'c'
	offset int  // of the object, or the number of its object stream
	index  int  // in the object stream
}

// New returns a builder with a PDF 1.7 header.
func New() *Builder {
	b := &Builder{}
	b.Buf.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return b
}

// From returns a builder that appends to an existing file whose last section
// starts at prev and which has size object numbers.
func From(data []byte, prev, size int) *Builder {
	b := &Builder{prev: prev, size: size}
	b.Buf.Write(data)
	return b
}

// Bytes returns the file as it is now.
func (b *Builder) Bytes() []byte { return slices.Clone(b.Buf.Bytes()) }

// Len returns the offset at which the next byte will be written.
func (b *Builder) Len() int { return b.Buf.Len() }

// Prev returns the offset of the last cross-reference section.
func (b *Builder) Prev() int { return b.prev }

// Size returns the highest object number so far plus one.
func (b *Builder) Size() int { return b.size }

// Raw writes text as it is.
func (b *Builder) Raw(text string) { b.Buf.WriteString(text) }

func (b *Builder) enter(num int, e entry) {
	if b.entries == nil {
		b.entries = map[int]entry{}
	}
	b.entries[num] = e
	b.size = max(b.size, num+1)
}

// Object writes "num 0 obj", the body and endobj, and returns the offset.
func (b *Builder) Object(num int, body string) int {
	at := b.Len()
	b.enter(num, entry{kind: 'n', offset: at})
	fmt.Fprintf(&b.Buf, "%d 0 obj\n%s\nendobj\n", num, body)
	return at
}

// Entry enters an offset for num without writing an object.
func (b *Builder) Entry(num, offset int) { b.enter(num, entry{kind: 'n', offset: offset}) }

// Free marks num as free.
func (b *Builder) Free(num int) { b.enter(num, entry{kind: 'f'}) }

// Stream writes a stream object; dict is the inside of its dictionary without
// Length.
func (b *Builder) Stream(num int, dict, data string) int {
	return b.Object(num, fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

// Flate compresses data as FlateDecode expects it.
func Flate(data string) string {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write([]byte(data))
	w.Close()
	return out.String()
}

// ObjectStream writes the object stream num with the given objects: number,
// body, number, body …
func (b *Builder) ObjectStream(num int, objects ...any) {
	var head, body strings.Builder
	for i := 0; i+1 < len(objects); i += 2 {
		fmt.Fprintf(&head, "%d %d ", objects[i], body.Len())
		fmt.Fprintf(&body, "%s ", objects[i+1])
		b.enter(objects[i].(int), entry{kind: 'c', offset: num, index: i / 2})
	}
	b.Stream(num, fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode", len(objects)/2, head.Len()),
		Flate(head.String()+body.String()))
}

// runs returns the entered numbers in runs of consecutive ones.
func (b *Builder) runs(keep func(entry) bool) [][]int {
	var nums []int
	for num, e := range b.entries {
		if keep(e) {
			nums = append(nums, num)
		}
	}
	slices.Sort(nums)
	var out [][]int
	for i, num := range nums {
		if i > 0 && nums[i-1] == num-1 {
			out[len(out)-1] = append(out[len(out)-1], num)
		} else {
			out = append(out, []int{num})
		}
	}
	return out
}

// Table writes a classic table, trailer, startxref and %%EOF for the objects
// since the last section. extra is the inside of the trailer dictionary
// besides Size and Prev.
func (b *Builder) Table(extra string) {
	b.table(extra, func(e entry) bool { return e.kind != 'c' })
	b.entries = nil
}

func (b *Builder) table(extra string, keep func(entry) bool) {
	at := b.Len()
	b.Raw("xref\n")
	if b.prev == 0 {
		b.Raw("0 1\n0000000000 65535 f \n")
	}
	for _, run := range b.runs(keep) {
		fmt.Fprintf(&b.Buf, "%d %d\n", run[0], len(run))
		for _, num := range run {
			if e := b.entries[num]; e.kind == 'n' {
				fmt.Fprintf(&b.Buf, "%010d 00000 n \n", e.offset)
			} else {
				b.Raw("0000000000 00001 f \n")
			}
		}
	}
	fmt.Fprintf(&b.Buf, "trailer\n<</Size %d%s%s>>\n", b.size, b.prevEntry(), extra)
	b.end(at)
}

func (b *Builder) prevEntry() string {
	if b.prev == 0 {
		return ""
	}
	return fmt.Sprintf("/Prev %d", b.prev)
}

func (b *Builder) end(at int) {
	fmt.Fprintf(&b.Buf, "startxref\n%d\n%%%%EOF\n", at)
	b.prev = at
}

// XRefStream writes a cross-reference stream as object num, with a PNG
// predictor as most producers have it, then startxref and %%EOF.
func (b *Builder) XRefStream(num int, extra string) {
	at := b.Len()
	b.enter(num, entry{kind: 'n', offset: at})
	b.rows(num, extra+b.prevEntry(), func(entry) bool { return true })
	b.end(at)
	b.entries = nil
}

// Hybrid writes a table for the objects of their own and an XRefStm, object
// num, for those in object streams (ISO 32000-2 7.5.8.4).
func (b *Builder) Hybrid(num int, extra string) {
	at := b.Len()
	b.rows(num, "", func(e entry) bool { return e.kind == 'c' })
	b.size = max(b.size, num+1)
	b.Entry(num, at)
	b.table(fmt.Sprintf("%s/XRefStm %d", extra, at), func(e entry) bool { return e.kind != 'c' })
	b.entries = nil
}

func (b *Builder) rows(num int, extra string, keep func(entry) bool) {
	const width = 1 + 4 + 2
	var data bytes.Buffer
	var index strings.Builder
	above := make([]byte, width)
	for _, run := range b.runs(keep) {
		fmt.Fprintf(&index, "%d %d ", run[0], len(run))
		for _, n := range run {
			e := b.entries[n]
			row := []byte{1, byte(e.offset >> 24), byte(e.offset >> 16), byte(e.offset >> 8), byte(e.offset),
				byte(e.index >> 8), byte(e.index)}
			row[0] = map[byte]byte{'f': 0, 'n': 1, 'c': 2}[e.kind]
			data.WriteByte(2) // PNG up
			for i := range row {
				data.WriteByte(row[i] - above[i])
			}
			above = row
		}
	}
	packed := Flate(data.String())
	fmt.Fprintf(&b.Buf, "%d 0 obj\n<</Type/XRef/W[1 4 2]/Index[%s]/Size %d%s/Filter/FlateDecode"+
		"/DecodeParms<</Predictor 12/Columns %d>>/Length %d>>\nstream\n%s\nendstream\nendobj\n",
		num, index.String(), max(b.size, num+1), extra, width, len(packed), packed)
}

// Page writes a document of one page as objects 1 to 4: catalogue, page tree,
// page and content stream. catalog and page are more dictionary entries.
func (b *Builder) Page(catalog, page, content string) {
	b.Object(1, "<</Type/Catalog/Pages 2 0 R"+catalog+">>")
	b.Object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	b.Object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"+page+">>")
	b.Stream(4, "", content)
}

// Text is the content of a page that draws some text.
const Text = "BT /F1 12 Tf 72 700 Td (Quyet dinh so 32) Tj ET"

// Root is the trailer entry of the catalogue that Page writes.
const Root = "/Root 1 0 R"
