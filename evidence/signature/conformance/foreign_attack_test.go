package conformance

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
)

// written is an object as it is written into a file; what is a stream loses
// its data.
func written(o syntax.Object) string {
	switch v := o.(type) {
	case syntax.Bool:
		return strconv.FormatBool(bool(v))
	case syntax.Integer:
		return strconv.FormatInt(int64(v), 10)
	case syntax.Real:
		return strconv.FormatFloat(float64(v), 'f', -1, 64)
	case syntax.Name:
		return writtenName(v)
	case syntax.String:
		return "<" + hex.EncodeToString(v.Bytes()) + ">"
	case syntax.Ref:
		return fmt.Sprintf("%d %d R", v.Num, v.Gen)
	case syntax.Array:
		var b strings.Builder
		for _, item := range v {
			b.WriteString(written(item) + " ")
		}
		return "[" + b.String() + "]"
	case *syntax.Dict:
		return writtenDict(v, nil)
	}
	return "null"
}

func writtenName(n syntax.Name) string {
	var b strings.Builder
	for _, c := range []byte(n) {
		if syntax.IsRegular(c) && c != '#' && c > ' ' && c < 127 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "#%02x", c)
		}
	}
	return "/" + b.String()
}

// writtenDict writes a dictionary with some entries changed; an empty one is
// left out.
func writtenDict(d *syntax.Dict, change map[syntax.Name]string) string {
	var b strings.Builder
	for _, e := range d.Entries {
		if _, ok := change[e.Key]; !ok {
			b.WriteString(writtenName(e.Key) + " " + written(e.Value) + " ")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(change)) {
		if change[key] != "" {
			b.WriteString(writtenName(key) + " " + change[key] + " ")
		}
	}
	return "<<" + b.String() + ">>"
}

// victim is a foreign file that must be accepted, opened to be attacked.
type victim struct {
	foreign
	file     *syntax.File
	last     *syntax.Revision
	root     syntax.Ref
	catalog  *syntax.Dict
	pageRef  syntax.Ref
	page     *syntax.Dict
	size     int
	startAt  int  // what startxref says
	isStream bool // the last section is a stream
}

var startxref = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF`)

func openVictim(f foreign) *victim {
	file, err := syntax.Open(f.data, syntax.Limits{})
	if err != nil || file.Encrypted() {
		return nil
	}
	v := &victim{foreign: f, file: file, last: file.Last()}
	all := startxref.FindAllSubmatch(f.data, -1)
	v.root, _ = v.last.Trailer().Get("Root").(syntax.Ref)
	v.catalog, _ = v.last.Catalog()
	size, _ := v.last.Trailer().Get("Size").(syntax.Integer)
	if len(all) == 0 || v.catalog == nil || v.root.Num == 0 || size == 0 {
		return nil
	}
	v.size = int(size)
	v.startAt, _ = strconv.Atoi(string(all[len(all)-1][1]))
	v.isStream = !bytes.HasPrefix(f.data[min(v.startAt, len(f.data)):], []byte("xref"))
	node, ref := syntax.Object(v.catalog.Get("Pages")), syntax.Ref{}
	for range 20 {
		ref, _ = node.(syntax.Ref)
		d, _ := v.last.Dict(node)
		kids, _ := v.last.Array(d.Get("Kids"))
		if len(kids) == 0 {
			v.page, v.pageRef = d, ref
			break
		}
		node = kids[0]
	}
	if v.page == nil || v.pageRef.Num == 0 {
		return nil
	}
	return v
}

// update appends a revision in the manner of the last one.
func (v *victim) update(objects map[int]string) []byte {
	b := bytes.NewBuffer(slices.Clone(v.data))
	if b.Bytes()[b.Len()-1] != '\n' {
		b.WriteByte('\n')
	}
	at := map[int]int{}
	for _, num := range slices.Sorted(maps.Keys(objects)) {
		at[num] = b.Len()
		fmt.Fprintf(b, "%d %d obj\n%s\nendobj\n", num, v.generation(num), objects[num])
	}
	size := max(v.size, slices.Max(slices.Collect(maps.Keys(objects)))+1)
	trailer := map[syntax.Name]string{"Prev": strconv.Itoa(v.startAt), "Size": strconv.Itoa(size), "XRefStm": "",
		"Type": "", "W": "", "Index": "", "Length": "", "Filter": "", "DecodeParms": ""}
	start := b.Len()
	if !v.isStream {
		b.WriteString("xref\n")
		for _, num := range slices.Sorted(maps.Keys(at)) {
			fmt.Fprintf(b, "%d 1\n%010d %05d n \n", num, at[num], v.generation(num))
		}
		fmt.Fprintf(b, "trailer\n%s\n", writtenDict(v.last.Trailer(), trailer))
	} else {
		trailer["Size"] = strconv.Itoa(size + 1)
		at[size] = start
		var index, rows strings.Builder
		for _, num := range slices.Sorted(maps.Keys(at)) {
			fmt.Fprintf(&index, "%d 1 ", num)
			fmt.Fprintf(&rows, "01%08x%04x", at[num], v.generation(num))
		}
		raw, _ := hex.DecodeString(rows.String())
		trailer["Type"], trailer["W"], trailer["Index"], trailer["Length"] = "/XRef", "[1 4 2]", "["+index.String()+"]", strconv.Itoa(len(raw))
		fmt.Fprintf(b, "%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n", size, writtenDict(v.last.Trailer(), trailer), raw)
	}
	fmt.Fprintf(b, "startxref\n%d\n%%%%EOF\n", start)
	return b.Bytes()
}

func (v *victim) generation(num int) int {
	if num < v.size {
		return v.last.Generation(num)
	}
	return 0
}

func content(ops string) string { return stream("", ops) }

// attacks are changes that no reader's user agreed to. Each returns nil where
// the file has nothing to attack in this way.
var attacks = map[string]func(v *victim) []byte{
	"page content replaced": func(v *victim) []byte {
		return v.update(map[int]string{v.pageRef.Num: writtenDict(v.page, map[syntax.Name]string{"Contents": fmt.Sprintf("%d 0 R", v.size)}), v.size: content("0 0 9 9 re f")})
	},
	"white box over the page": func(v *victim) []byte {
		old := written(v.page.Get("Contents"))
		if a, _ := v.last.Array(v.page.Get("Contents")); a != nil {
			old = strings.Trim(written(a), "[]")
		}
		return v.update(map[int]string{v.pageRef.Num: writtenDict(v.page, map[syntax.Name]string{"Contents": fmt.Sprintf("[%s %d 0 R]", old, v.size)}), v.size: content("q 1 g -9999 -9999 29999 29999 re f Q")})
	},
	"page cut off": func(v *victim) []byte {
		return v.update(map[int]string{v.pageRef.Num: writtenDict(v.page, map[syntax.Name]string{"MediaBox": "[0 0 100 100]", "CropBox": "[0 0 100 100]"})})
	},
	"page turned": func(v *victim) []byte {
		return v.update(map[int]string{v.pageRef.Num: writtenDict(v.page, map[syntax.Name]string{"Rotate": "180", "UserUnit": "2"})})
	},
	"page added": func(v *victim) []byte {
		ref, ok := v.catalog.Get("Pages").(syntax.Ref)
		pages, _ := v.last.Dict(ref)
		kids, _ := v.last.Array(pages.Get("Kids"))
		count, _ := v.last.Resolve(pages.Get("Count"))
		n, _ := count.(syntax.Integer)
		if !ok || len(kids) == 0 {
			return nil
		}
		return v.update(map[int]string{
			ref.Num: writtenDict(pages, map[syntax.Name]string{"Kids": "[" + strings.Trim(written(kids), "[]") + fmt.Sprintf(" %d 0 R]", v.size), "Count": strconv.Itoa(int(n) + 1)}),
			v.size:  fmt.Sprintf("<</Type/Page/Parent %s/MediaBox[0 0 595 842]/Contents %d 0 R>>", written(ref), v.size+1), v.size + 1: content("0 0 9 9 re f"),
		})
	},
	"script on opening": func(v *victim) []byte {
		return v.update(map[int]string{v.root.Num: writtenDict(v.catalog, map[syntax.Name]string{"OpenAction": "<</S/JavaScript/JS(app.alert(1))>>"})})
	},
	"optional content": func(v *victim) []byte {
		return v.update(map[int]string{v.root.Num: writtenDict(v.catalog, map[syntax.Name]string{"OCProperties": "<</OCGs[]/D<</BaseState/OFF>>>>"})})
	},
	"form without its fields": func(v *victim) []byte {
		return v.update(map[int]string{v.root.Num: writtenDict(v.catalog, map[syntax.Name]string{"AcroForm": "<</Fields[]/SigFlags 3>>"})})
	},
	"white comment over the page": func(v *victim) []byte {
		annots, _ := v.last.Array(v.page.Get("Annots"))
		return v.update(map[int]string{
			v.pageRef.Num: writtenDict(v.page, map[syntax.Name]string{"Annots": "[" + strings.Trim(written(annots), "[]") + fmt.Sprintf(" %d 0 R]", v.size)}),
			v.size:        fmt.Sprintf("<</Type/Annot/Subtype/Stamp/F 4/Rect[-999 -999 2999 2999]/AP<</N %d 0 R>>>>", v.size+1),
			v.size + 1:    stream("/Type/XObject/Subtype/Form/BBox[0 0 10 10]", "1 g 0 0 10 10 re f"),
		})
	},
	"script on the page": func(v *victim) []byte {
		return v.update(map[int]string{v.pageRef.Num: writtenDict(v.page, map[syntax.Name]string{"AA": "<</O<</S/JavaScript/JS(1)>>>>"})})
	},
	"bytes behind the end": func(v *victim) []byte { return append(slices.Clone(v.data), "\nx"...) },
	"object without a section": func(v *victim) []byte {
		out := append(slices.Clone(v.data), fmt.Sprintf("\n%d %d obj\n%s\nendobj\n", v.pageRef.Num, v.generation(v.pageRef.Num),
			writtenDict(v.page, map[syntax.Name]string{"MediaBox": "[0 0 9 9]"}))...)
		return append(out, fmt.Sprintf("startxref\n%d\n%%%%EOF\n", v.startAt)...)
	},
	"section that leaves the form out": func(v *victim) []byte {
		return v.update(map[int]string{v.root.Num: writtenDict(v.catalog, map[syntax.Name]string{"AcroForm": ""})})
	},
	"first byte of a stream": func(v *victim) []byte {
		at := bytes.Index(v.data, []byte("stream\n"))
		if at < 0 {
			return nil
		}
		out := slices.Clone(v.data)
		out[at+10] ^= 1
		return out
	},
}

// harmless are changes that every rule permits.
var harmless = map[string]func(v *victim) []byte{
	"white space behind the end": func(v *victim) []byte { return append(slices.Clone(v.data), "\r\n \n"...) },
	"page written again": func(v *victim) []byte {
		return v.update(map[int]string{v.pageRef.Num: writtenDict(v.page, nil)})
	},
	"validation data": func(v *victim) []byte {
		if v.catalog.Has("DSS") {
			return nil // what was there has to stay
		}
		cert := string(newSetup(ignore{}).person.DER)
		return v.update(map[int]string{
			v.root.Num: writtenDict(v.catalog, map[syntax.Name]string{"DSS": fmt.Sprintf("<</Type/DSS/Certs[%d 0 R]>>", v.size)}),
			v.size:     stream("", cert),
		})
	},
}

// TestAttacksOnForeignFiles changes every file of the corpus that must be
// accepted. None may be intact after an attack, none rejected after what is
// harmless, and each change has its own sentence.
func TestAttacksOnForeignFiles(t *testing.T) {
	s := newSetup(t)
	judger := signature.NewJudger(s.material, s.policy)
	victims, tried, refused := 0, 0, 0
	for _, f := range corpus(t) {
		if !f.mustAccept() {
			continue
		}
		v := openVictim(f)
		if v == nil {
			t.Logf("%s: cannot be changed by this test", f.path)
			continue
		}
		if judger.Judge(pdf.Read(f.data, syntax.Limits{}), nil, s.at).Result != intact {
			continue
		}
		victims++
		for _, name := range slices.Sorted(maps.Keys(attacks)) {
			data := attacks[name](v)
			if data == nil {
				continue
			}
			tried++
			verdict := judger.Judge(pdf.Read(data, syntax.Limits{}), nil, s.at)
			if verdict.Result == intact {
				t.Errorf("%s, %s: intact\n%s", f.path, name, list(verdict))
			}
			if verdict.Reason == "" && verdict.Result != intact {
				t.Errorf("%s, %s: %s without a sentence", f.path, name, verdict.Result)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(harmless)) {
			data := harmless[name](v)
			if data == nil {
				continue
			}
			tried++
			if verdict := judger.Judge(pdf.Read(data, syntax.Limits{}), nil, s.at); verdict.Result != intact {
				refused++
				t.Errorf("%s, %s: %s (%s)", f.path, name, verdict.Result, verdict.Reason)
			}
		}
	}
	fmt.Printf("corpus| attacks on foreign files: %d files, %d changes, %d harmless ones refused\n", victims, tried, refused)
}
