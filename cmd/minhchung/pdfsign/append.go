package pdfsign

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"minhchung/evidence/signature/pdf/syntax"
)

// Append appends a revision with an empty, invisible signature to file and
// returns all of it, as Layout does for the files of the demo. It is for files
// that others wrote: pdfsign 1.0.0-rc1 writes their catalogue anew, and loses
// the structure tree (/StructTreeRoot null), the form's DA and DR and what it
// cannot resolve. Here the catalogue keeps its number and every entry, and
// only the form gains the field (ISO 32000-2 7.5.6, 12.7.3).
//
// Files that are encrypted, or that two readers could read differently, are
// refused.
func Append(file []byte, p Plan) ([]byte, error) {
	if len(p.Chain) == 0 {
		return nil, errors.New("appending a signature: no certificate")
	}
	u, err := newUpdate(file)
	if err != nil {
		return nil, fmt.Errorf("appending a signature: %w", err)
	}
	page, err := u.firstPage()
	if err != nil {
		return nil, fmt.Errorf("appending a signature: %w", err)
	}
	value := u.add(p.dictionary())
	field := u.size
	name, err := u.addField(field)
	if err != nil {
		return nil, fmt.Errorf("appending a signature: %w", err)
	}
	u.add(fmt.Sprintf("<</Type/Annot/Subtype/Widget/FT/Sig/T%s/V %d 0 R/Rect[0 0 0 0]/P %d %d R/F 132>>", textString(name), value, page.Num, page.Gen))
	u.close()
	out := u.buf.Bytes()
	return out, fillRange(out, len(file))
}

const rangeBlank = "/ByteRange [0 ********** ********** **********]"

// dictionary is the signature dictionary (ISO 32000-2 12.8.1) of a PAdES
// baseline signature (EN 319 142-1 6.3), with room for the CMS.
func (p Plan) dictionary() string {
	room := 2048 + valueBytes + p.Room
	for _, c := range p.Chain {
		room += len(c.Raw)
	}
	var b strings.Builder
	b.WriteString("<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached" + rangeBlank + "/Contents <" + strings.Repeat("00", room) + ">")
	fmt.Fprintf(&b, "/M(%s)", pdfDate(p.At))
	for _, entry := range [][2]string{{"Name", p.Name}, {"Reason", p.Reason}} {
		if entry[1] != "" {
			b.WriteString("/" + entry[0] + textString(entry[1]))
		}
	}
	return b.String() + ">>"
}

// pdfDate writes a moment as ISO 32000-2 7.9.4 wants it.
func pdfDate(t time.Time) string {
	_, offset := t.Zone()
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return fmt.Sprintf("D:%s%c%02d'%02d'", t.Format("20060102150405"), sign, offset/3600, offset/60%60)
}

// fillRange puts the numbers into the ByteRange of the revision that starts
// at from.
func fillRange(file []byte, from int) error {
	at := bytes.Index(file[from:], []byte(rangeBlank))
	if at < 0 {
		return errors.New("no empty ByteRange in a revision of our own")
	}
	at += from
	start := at + bytes.IndexByte(file[at:], '<')
	end := start + bytes.IndexByte(file[start:], '>') + 1
	text := fmt.Sprintf("/ByteRange [0 %d %d %d", start, end, len(file)-end)
	copy(file[at:], text+strings.Repeat(" ", len(rangeBlank)-1-len(text))+"]")
	return nil
}

// update is an incremental update in the making.
type update struct {
	rev     *syntax.Revision
	root    syntax.Ref
	buf     bytes.Buffer
	size    int // number of the next new object
	prev    int64
	offsets []placed
}

type placed struct{ num, gen, offset int }

var startXref = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF`)

func newUpdate(file []byte) (*update, error) {
	f, err := syntax.Open(file, syntax.Limits{})
	if err != nil {
		return nil, err
	}
	if f.Repaired || f.Encrypted() || !bytes.HasPrefix(file, []byte("%PDF-")) {
		return nil, errors.New("a repaired, encrypted or shifted file")
	}
	u := &update{rev: f.Last()}
	last := startXref.FindAllSubmatch(file[max(0, len(file)-2048):], -1)
	if last == nil {
		return nil, errors.New("no startxref at the end")
	}
	if u.prev, err = strconv.ParseInt(string(last[len(last)-1][1]), 10, 64); err != nil {
		return nil, err
	}
	root, ok := u.rev.Trailer().Get("Root").(syntax.Ref)
	if !ok {
		return nil, errors.New("the trailer names no catalogue")
	}
	u.root = root
	if n, ok := u.rev.Trailer().Get("Size").(syntax.Integer); ok {
		u.size = int(min(n, 1<<23))
	}
	for num := range u.rev.Objects() {
		u.size = max(u.size, num+1)
	}
	u.buf.Write(file)
	u.buf.WriteByte('\n')
	return u, nil
}

// firstPage follows the first kids of the page tree (ISO 32000-2 7.7.3).
func (u *update) firstPage() (syntax.Ref, error) {
	catalog, err := u.rev.Catalog()
	if err != nil {
		return syntax.Ref{}, err
	}
	next := catalog.Get("Pages")
	for range 64 {
		node, err := u.rev.Dict(next)
		if err != nil {
			return syntax.Ref{}, err
		}
		kids, err := u.rev.Array(node.Get("Kids"))
		if err != nil {
			return syntax.Ref{}, err
		}
		if len(kids) == 0 {
			if ref, ok := next.(syntax.Ref); ok && node.Get("Type") == syntax.Name("Page") {
				return ref, nil
			}
			break
		}
		next = kids[0]
	}
	return syntax.Ref{}, errors.New("no first page")
}

// addField puts the field into the form and returns a name for it that no
// other field has. The form is written as the object it was; one that is part
// of the catalogue, or new, with the catalogue.
func (u *update) addField(num int) (name string, err error) {
	catalog, err := u.rev.Catalog()
	if err != nil {
		return "", err
	}
	form, err := u.rev.Dict(catalog.Get("AcroForm"))
	if err != nil {
		return "", err
	}
	if catalog.Duplicate || form != nil && form.Duplicate {
		return "", errors.New("an entry of catalogue or form is there twice")
	}
	var fields syntax.Array
	if form != nil {
		if fields, err = u.rev.Array(form.Get("Fields")); err != nil {
			return "", err
		}
	}
	if name, err = u.freeName(fields); err != nil {
		return "", err
	}
	grown := with(form, "Fields", append(slices.Clone(fields), syntax.Ref{Num: num}))
	grown = with(grown, "SigFlags", syntax.Integer(3)) // SignaturesExist, AppendOnly: table 225
	if ref, ok := catalog.Get("AcroForm").(syntax.Ref); ok {
		return name, u.replace(ref, grown)
	}
	return name, u.replace(u.root, with(catalog, "AcroForm", grown))
}

// with returns a copy of d with one entry set.
func with(d *syntax.Dict, key syntax.Name, value syntax.Object) *syntax.Dict {
	out := &syntax.Dict{}
	if d != nil {
		out.Entries = slices.Clone(d.Entries)
	}
	for i := range out.Entries {
		if out.Entries[i].Key == key {
			out.Entries[i].Value = value
			return out
		}
	}
	out.Entries = append(out.Entries, syntax.Entry{Key: key, Value: value})
	return out
}

// freeName counts up from the number of fields.
func (u *update) freeName(fields syntax.Array) (string, error) {
	taken := map[string]bool{}
	for _, f := range fields {
		d, err := u.rev.Dict(f)
		if err != nil {
			return "", err
		}
		if s, ok := d.Get("T").(syntax.String); ok {
			// In UTF-16 every other byte is zero for these names.
			taken[strings.TrimPrefix(strings.ReplaceAll(string(s.Bytes()), "\x00", ""), "\xfe\xff")] = true
		}
	}
	for n := len(fields) + 1; ; n++ {
		if name := fmt.Sprintf("Signature %d", n); !taken[name] {
			return name, nil
		}
	}
}

// add writes a new object and returns its number.
func (u *update) add(body string) int {
	num := u.size
	u.size++
	u.write(num, 0, []byte(body))
	return num
}

// replace writes a newer version of an object under its number.
func (u *update) replace(ref syntax.Ref, d *syntax.Dict) error {
	body, err := serialize(nil, d)
	if err == nil {
		u.write(ref.Num, u.rev.Generation(ref.Num), body)
	}
	return err
}

func (u *update) write(num, gen int, body []byte) {
	u.offsets = append(u.offsets, placed{num, gen, u.buf.Len()})
	fmt.Fprintf(&u.buf, "%d %d obj\n%s\nendobj\n", num, gen, body)
}

// close writes the cross-reference section in the form that the file has
// (ISO 32000-2 7.5.4, 7.5.8) and the trailer.
func (u *update) close() {
	old := u.rev.Trailer()
	at := u.buf.Len()
	trailer := &syntax.Dict{}
	for _, key := range []syntax.Name{"Root", "Info", "ID"} {
		if old.Has(key) {
			trailer = with(trailer, key, old.Get(key))
		}
	}
	trailer = with(trailer, "Prev", syntax.Integer(u.prev))
	if old.Get("Type") == syntax.Name("XRef") {
		u.closeStream(trailer, at)
	} else {
		u.closeTable(trailer)
	}
	fmt.Fprintf(&u.buf, "startxref\n%d\n%%%%EOF\n", at)
}

func (u *update) closeTable(trailer *syntax.Dict) {
	u.sortOffsets()
	u.buf.WriteString("xref\n")
	for _, p := range u.offsets {
		fmt.Fprintf(&u.buf, "%d 1\n%010d %05d n \n", p.num, p.offset, p.gen)
	}
	body, _ := serialize(nil, with(trailer, "Size", syntax.Integer(u.size))) // of a parsed file
	fmt.Fprintf(&u.buf, "trailer\n%s\n", body)
}

func (u *update) closeStream(trailer *syntax.Dict, at int) {
	num := u.size
	u.size++
	u.offsets = append(u.offsets, placed{num, 0, at})
	u.sortOffsets()
	var rows []byte
	var index syntax.Array
	for _, p := range u.offsets {
		rows = append(rows, 1)
		rows = binary.BigEndian.AppendUint32(rows, uint32(p.offset))
		rows = binary.BigEndian.AppendUint16(rows, uint16(p.gen))
		index = append(index, syntax.Integer(p.num), syntax.Integer(1))
	}
	for _, e := range []syntax.Entry{
		{Key: "Type", Value: syntax.Name("XRef")}, {Key: "Size", Value: syntax.Integer(u.size)},
		{Key: "W", Value: syntax.Array{syntax.Integer(1), syntax.Integer(4), syntax.Integer(2)}},
		{Key: "Index", Value: index}, {Key: "Length", Value: syntax.Integer(len(rows))},
	} {
		trailer = with(trailer, e.Key, e.Value)
	}
	body, _ := serialize(nil, trailer) // of a parsed file
	fmt.Fprintf(&u.buf, "%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n", num, body, rows)
}

func (u *update) sortOffsets() {
	slices.SortFunc(u.offsets, func(a, b placed) int { return a.num - b.num })
}
