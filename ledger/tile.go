package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// TilePath returns the path of a tile as C2SP tlog-tiles has it, such as
// "tile/0/x001/234" or "tile/1/000.p/17". Level -1 is the bundle of entries
// under a tile of level 0: "tile/entries/000.p/17".
func TilePath(t tlog.Tile) string {
	rest, ok := strings.CutPrefix(t.Path(), fmt.Sprintf("tile/%d/", TileHeight))
	if !ok {
		panic(fmt.Sprintf("ledger: a tile of height %d", t.H))
	}
	if after, ok := strings.CutPrefix(rest, "data/"); ok {
		rest = "entries/" + after
	}
	return "tile/" + rest
}

// ParseTilePath is the inverse of TilePath and accepts nothing else.
func ParseTilePath(path string) (tlog.Tile, error) {
	const maxPath = 64 // N has at most 7 path elements
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > maxPath {
		return tlog.Tile{}, fmt.Errorf("%.64q is not the path of a tile", path)
	}
	if after, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + after
	}
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", TileHeight, rest))
	if err != nil || t.L > 63 || t.N < 0 || TilePath(t) != path {
		return tlog.Tile{}, fmt.Errorf("%.64q is not the path of a tile", path)
	}
	return t, nil
}

// AppendBundle appends one leaf to an entry bundle: its length as a big-endian
// uint16, then its bytes (C2SP tlog-tiles, "Log entries").
func AppendBundle(bundle, leaf []byte) []byte {
	if len(leaf) > MaxLeafBytes {
		panic(fmt.Sprintf("ledger: a leaf of %d bytes", len(leaf)))
	}
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(leaf)))
	return append(bundle, leaf...)
}

// ParseBundle splits an entry bundle into its leaves, which share its memory.
// It does not parse the leaves.
func ParseBundle(bundle []byte) ([][]byte, error) {
	var leaves [][]byte
	for len(bundle) > 0 {
		if len(leaves) == tileWidth {
			return nil, fmt.Errorf("the bundle has more than %d entries", tileWidth)
		}
		if len(bundle) < 2 {
			return nil, errors.New("the bundle ends inside a length")
		}
		n := int(binary.BigEndian.Uint16(bundle))
		bundle = bundle[2:]
		if n > MaxLeafBytes || n > len(bundle) {
			return nil, fmt.Errorf("entry %d of the bundle has an impossible length of %d bytes", len(leaves), n)
		}
		leaves = append(leaves, bundle[:n:n])
		bundle = bundle[n:]
	}
	return leaves, nil
}
