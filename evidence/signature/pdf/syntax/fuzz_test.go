package syntax_test

import (
	"os"
	"path/filepath"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// touch reads everything a file gives, as a hostile one would like us to.
func touch(f *syntax.File) {
	for _, r := range f.Revisions() {
		r.Changed()
		r.Catalog()
		for num := range r.Objects() {
			o, _ := r.Object(num)
			r.Location(num)
			r.Generation(num)
			switch o := o.(type) {
			case *syntax.Stream:
				r.Decode(o)
			case *syntax.Dict:
				for _, e := range o.Entries {
					r.Resolve(e.Value)
				}
			case syntax.String:
				o.Bytes()
			}
		}
	}
	f.Trailing()
}

// small are budgets that keep one input of a fuzzer quick.
var small = syntax.Limits{Objects: 1 << 14, Steps: 1 << 20, StreamBytes: 1 << 20, Bytes: 8 << 20, Revisions: 100}

func FuzzOpen(f *testing.F) {
	f.Add(classic().Bytes())
	f.Add(compressed().Bytes())
	f.Add(hybrid().Bytes())
	f.Add(linearized())
	f.Add(pdftest.Signed(pdftest.Fake))
	files, err := filepath.Glob("testdata/*.pdf")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds in testdata")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := syntax.Open(data, small)
		if err != nil {
			return
		}
		touch(file)
		end := int64(0)
		for _, r := range file.Revisions() {
			if r.Start != end || r.End < r.Start || r.End > int64(len(data)) || r.EOF > r.End {
				if !file.Repaired {
					t.Fatalf("revision %d from %d to %d (EOF %d) behind one that ends at %d",
						r.Index, r.Start, r.End, r.EOF, end)
				}
			}
			end = r.End
		}
	})
}
