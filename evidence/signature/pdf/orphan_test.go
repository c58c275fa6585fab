package pdf

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// mentionsOf lists what mention finds, as the search for orphans does.
func mentionsOf(data []byte) (all []int) {
	for at := 0; ; {
		n := mention(data, at)
		if n < 0 {
			return all
		}
		all, at = append(all, n), n+len(rangeName)
	}
}

// A name is found wherever it stands, with its slash and as nothing else.
func TestMention(t *testing.T) {
	pieces := [][]byte{[]byte(rangeName), []byte(rangeName[1:]), []byte("/"), []byte("/Byte"), []byte("B"), []byte("x"), []byte("//")}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var data []byte
		for range random.IntN(8) {
			data = append(data, pieces[random.IntN(len(pieces))]...)
		}
		var want []int
		for at := 0; ; {
			i := bytes.Index(data[at:], []byte(rangeName))
			if i < 0 {
				break
			}
			want, at = append(want, at+i), at+i+len(rangeName)
		}
		got := mentionsOf(data)
		if len(got) != len(want) {
			t.Fatalf("%q: got %v, want %v", data, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%q: got %v, want %v", data, got, want)
			}
		}
	}
}
