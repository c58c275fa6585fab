package syntax_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// TestHostile opens files made to exhaust a parser and touches all they have.
// Time and allocation are bounded by the file's size, not by its claims.
func TestHostile(t *testing.T) {
	entries := func(n int) []byte {
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog>>")
		var rows strings.Builder
		fmt.Fprintf(&rows, "%%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 %d\n", n)
		rows.WriteString(strings.Repeat("0000000009 00000 n \n", n))
		rows.WriteString("trailer<</Root 1 0 R>>\nstartxref\n40\n%%EOF")
		return bytes.Replace([]byte(rows.String()), []byte("startxref\n40"),
			fmt.Appendf(nil, "startxref\n%d", strings.Index(rows.String(), "xref")), 1)
	}
	revisions := func(n int) []byte {
		b := classic()
		for range n {
			b.Object(5, "(x)")
			b.Table(pdftest.Root)
		}
		return b.Bytes()
	}
	chain := func(n int) []byte { // every Length lies in the next object
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog>>")
		for i := 2; i < n; i++ {
			b.Object(i, fmt.Sprintf("%d 0 R", i+1))
		}
		b.Object(n, "2 0 R")
		b.Table(pdftest.Root)
		return b.Bytes()
	}
	unended := func(n int) []byte { // each stream is searched to the end of the file
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog>>")
		for i := 2; i < n; i++ {
			b.Object(i, "<</Length 99999999>>\nstream\nx")
		}
		b.Table(pdftest.Root)
		return b.Bytes()
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"100,000 entries to one object", entries(100000)},
		{"1,500 revisions", revisions(1500)},
		{"5,000 revisions", revisions(5000)},
		{"a chain of 50,000 references", chain(50000)},
		{"20,000 streams without an end", unended(20000)},
		{"4 MB of obj", append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("1 0 obj\n"), 1<<19)...)},
		{"4 MB of trailer", append([]byte("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n"), bytes.Repeat([]byte("trailer<</Root 1 0 R/A["), 1<<17)...)},
		{"4 MB of %%EOF", append([]byte("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n"), bytes.Repeat([]byte("%%EOF\n"), 1<<19)...)},
		{"4 MB of object streams", append([]byte("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n"),
			bytes.Repeat([]byte("9 0 obj<</Type/ObjStm/N 9/First 9/Length 3>>stream\n1 0\nendstream endobj\n"), 1<<16)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			f, err := syntax.Open(c.data, syntax.Limits{})
			if err == nil {
				for num := range f.Last().Objects() {
					if o, err := f.Last().Object(num); err == nil {
						if s, ok := o.(*syntax.Stream); ok {
							f.Last().Decode(s)
						}
					}
				}
			}
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			t.Logf("%v, %d kB allocated, err %v", took, (after.TotalAlloc-before.TotalAlloc)>>10, err)
			if took > 30*time.Second { // a hang: a busy machine with the race detector takes 4 s
				t.Errorf("took %v, want under 30s", took)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 256<<20 {
				t.Errorf("allocated %d bytes in all, want under 256 MB", got)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	data := classic().Bytes()
	nested := pdftest.New()
	nested.Object(1, "<</Type/Catalog/T"+strings.Repeat("[", 30)+strings.Repeat("]", 30)+">>")
	nested.Table(pdftest.Root)
	for _, c := range []struct {
		name   string
		data   []byte
		limits syntax.Limits
	}{
		{"entries", data, syntax.Limits{Objects: 3}},
		{"revisions", append(data, fmt.Sprintf("xref\n0 0\ntrailer<</Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n",
			second(data)-0, len(data))...), syntax.Limits{Revisions: 1}},
	} {
		if _, err := syntax.Open(c.data, c.limits); !errors.Is(err, syntax.ErrOverLimit) {
			t.Errorf("%s: got %v, want ErrOverLimit", c.name, err)
		}
	}
	f, err := syntax.Open(nested.Bytes(), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Last().Object(1); err != nil {
		t.Errorf("30 levels: got %v, want none", err)
	}
	if _, err := syntax.Open(nested.Bytes(), syntax.Limits{Depth: 20}); err == nil {
		t.Error("30 levels with a limit of 20: got no error")
	}
}

// TestMutations changes bytes of good files at random: nothing may panic,
// hang or leave the file.
func TestMutations(t *testing.T) {
	n := 10000
	if testing.Short() {
		n = 500
	}
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewSource(seed))
	t.Logf("seed %d", seed)
	files := [][]byte{classic().Bytes(), compressed().Bytes(), hybrid().Bytes(), linearized(), pdftest.Signed(pdftest.Fake)}
	for range n {
		data := bytes.Clone(files[random.Intn(len(files))])
		for range 1 + random.Intn(4) {
			at := random.Intn(len(data))
			switch random.Intn(4) {
			case 0:
				data[at] ^= 1 << random.Intn(8)
			case 1:
				data[at] = "0123456789[]<>()/ \n"[random.Intn(19)]
			case 2:
				data = append(data[:at], data[min(len(data), at+random.Intn(9)):]...)
			case 3:
				data = append(data[:at:at], append(bytes.Clone(data[random.Intn(at+1):at]), data[at:]...)...)
			}
			if len(data) == 0 {
				break
			}
		}
		if f, err := syntax.Open(data, small); err == nil {
			touch(f)
		}
	}
}
