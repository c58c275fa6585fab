package ledger_test

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
)

// The paths are those that C2SP tlog-tiles gives as samples, or follow from
// its rules.
func TestTilePath(t *testing.T) {
	tests := []struct {
		tile tlog.Tile
		path string
	}{
		{tlog.Tile{H: 8, L: 0, N: 1234067, W: 256}, "tile/0/x001/x234/067"},
		{tlog.Tile{H: 8, L: 0, N: 273, W: 112}, "tile/0/273.p/112"},
		{tlog.Tile{H: 8, L: 1, N: 0, W: 256}, "tile/1/000"},
		{tlog.Tile{H: 8, L: 1, N: 1, W: 17}, "tile/1/001.p/17"},
		{tlog.Tile{H: 8, L: 2, N: 0, W: 1}, "tile/2/000.p/1"},
		{tlog.Tile{H: 8, L: -1, N: 0, W: 256}, "tile/entries/000"},
		{tlog.Tile{H: 8, L: -1, N: 1000, W: 3}, "tile/entries/x001/000.p/3"},
	}
	for _, tt := range tests {
		if got := ledger.TilePath(tt.tile); got != tt.path {
			t.Errorf("got %s for %+v, want %s", got, tt.tile, tt.path)
		}
		if got, err := ledger.ParseTilePath(tt.path); err != nil || got != tt.tile {
			t.Errorf("got %+v, %v for %s, want %+v", got, err, tt.path, tt.tile)
		}
	}
	for _, bad := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/-1/000",
		"tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/x000/001",
		"tile/data/000", "tile/8/0/000", "tile/entries/entries/000", "/tile/0/000", "tile/0/000/", "tile/0/../000",
		"tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	} {
		if got, err := ledger.ParseTilePath(bad); err == nil {
			t.Errorf("got %+v for %q, want an error", got, bad)
		}
	}
}

func TestBundle(t *testing.T) {
	leaves := [][]byte{[]byte("a"), {}, bytes.Repeat([]byte("x"), ledger.MaxLeafBytes)}
	var bundle []byte
	for _, l := range leaves {
		bundle = ledger.AppendBundle(bundle, l)
	}
	if want := []byte{0, 1, 'a', 0, 0, 3, 232, 'x'}; !bytes.HasPrefix(bundle, want) {
		t.Errorf("got bundle % x, want it to begin with % x", bundle[:8], want)
	}
	got, err := ledger.ParseBundle(bundle)
	if err != nil || len(got) != 3 || !bytes.Equal(got[0], leaves[0]) || len(got[1]) != 0 || !bytes.Equal(got[2], leaves[2]) {
		t.Errorf("got %q, %v, want %q", got, err, leaves)
	}
	for _, bad := range [][]byte{{0}, {0, 1}, {0, 2, 'a'}, {0xff, 0xff}, append([]byte{3, 233}, make([]byte, 1001)...), make([]byte, 2*257)} {
		if got, err := ledger.ParseBundle(bad); err == nil {
			t.Errorf("got %d leaves from a bad bundle of %d bytes, want an error", len(got), len(bad))
		}
	}
}

func FuzzParseTilePath(f *testing.F) {
	f.Add("tile/0/x001/x234/067")
	f.Add("tile/entries/000.p/1")
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ledger.ParseTilePath(path)
		if err == nil && ledger.TilePath(tile) != path {
			t.Errorf("got %s from %+v, want %s", ledger.TilePath(tile), tile, path)
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte{0, 1, 'a', 0, 0})
	f.Add([]byte{0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, bundle []byte) {
		leaves, err := ledger.ParseBundle(bundle)
		if err != nil {
			return
		}
		var again []byte
		for _, l := range leaves {
			again = ledger.AppendBundle(again, l)
		}
		if !bytes.Equal(again, bundle) {
			t.Errorf("got % x, want % x", again, bundle)
		}
	})
}
