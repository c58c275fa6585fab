package syntax

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand"
	"strings"
	"testing"
)

// deflate compresses with one of the levels of compress/flate.
func deflate(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// agrees compares the two readers on one stream: what is read here must be
// read there, with the same result.
func agrees(t testing.TB, data []byte) (ok bool) {
	t.Helper()
	var d deflated
	out := make([]byte, 32<<10)
	n, ok := d.inflate(data, out)
	if !ok {
		return false
	}
	want, err := io.ReadAll(flate.NewReader(bytes.NewReader(data)))
	if err != nil || !bytes.Equal(want, out[:n]) {
		t.Fatalf("%x: got %d bytes, want %d, %v", data, n, len(want), err)
	}
	return true
}

// agreesWithin compares inflate at one limit with what it falls back to.
func agreesWithin(t testing.TB, data []byte, limit int64) {
	t.Helper()
	got, gotErr := inflate(data, limit)
	if len(data) < 2 || IsSpace(data[0]) || data[0]&0x0f == 8 && (int(data[0])<<8|int(data[1]))%31 == 0 {
		return // a header, which is not the matter here
	}
	p := inflaters.New().(*inflater)
	p.source.Reset(data)
	if err := p.reader.(flate.Resetter).Reset(&p.source, nil); err != nil {
		t.Fatal(err)
	}
	want, wantErr := p.read(limit, 0)
	if errors.Is(gotErr, errFull) && int64(len(want)) > limit {
		want, wantErr = want[:limit], errFull // it broke off just behind
	}
	if !bytes.Equal(got, want) || (gotErr == nil) != (wantErr == nil) || errors.Is(gotErr, errFull) != errors.Is(wantErr, errFull) {
		t.Fatalf("%x within %d: got %d bytes, %v, want %d, %v", data, limit, len(got), gotErr, len(want), wantErr)
	}
}

// deflateSamples are contents of several kinds, compressed at every level.
func deflateSamples(t testing.TB) [][]byte {
	random := rand.New(rand.NewSource(1))
	noise := make([]byte, 3000)
	random.Read(noise)
	skewed := make([]byte, 9000) // codes of all lengths
	for i := range skewed {
		skewed[i] = byte(random.ExpFloat64() * 9)
	}
	var out [][]byte
	for _, data := range [][]byte{
		nil, []byte("q"), noise, skewed, bytes.Repeat([]byte{0}, 20000),
		[]byte(strings.Repeat("BT /F1 12 Tf 72 700 Td [<0024>-3<0025>] TJ ET\n", 300)),
		append(bytes.Repeat(noise[:700], 4), skewed...),
	} {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			out = append(out, deflate(t, data, level))
		}
	}
	return out
}

// TestDeflate reads what compressors write, and nothing that is broken off.
func TestDeflate(t *testing.T) {
	read := 0
	for _, data := range deflateSamples(t) {
		if agrees(t, data) {
			read++
		}
		for n := range len(data) {
			if n < 300 || n > len(data)-20 {
				agrees(t, data[:n])
			}
		}
		for _, limit := range []int64{1, 2, 3, 44, 45, 46, 1024, 2999, 3000, 3001, 9000, 32 << 10, 33 << 10} {
			agreesWithin(t, data, limit)
		}
	}
	if all := len(deflateSamples(t)); read < all*3/4 {
		t.Errorf("got %d of %d streams read, want most of them", read, all)
	}
}

// TestDeflateBroken turns bits.
func TestDeflateBroken(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	for _, data := range deflateSamples(t) {
		for range 200 {
			if len(data) == 0 {
				continue
			}
			at, bit := random.Intn(min(len(data), 400)), random.Intn(8)
			data[at] ^= 1 << bit
			agrees(t, data)
			agreesWithin(t, data, random.Int63n(4000)+1)
			data[at] ^= 1 << bit
		}
	}
}

func FuzzDeflate(f *testing.F) {
	for _, data := range deflateSamples(f) {
		f.Add(data, uint16(100))
	}
	f.Fuzz(func(t *testing.T, data []byte, limit uint16) {
		agrees(t, data)
		agreesWithin(t, data, int64(limit)+1)
	})
}
