package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What a demo's folder holds. DIR/data, which the command makes, is not ours.
const (
	registerFile = "register.csv"
	filesFolder  = "files"
	// markerFile makes a folder the demo's own. It is written first and says
	// when everything else is there.
	markerFile    = "minhchung-demo.json"
	markerVersion = 1
)

var folders = []string{filesFolder, "trust", "roster"}

// marker is {"v":1,"rows":1861,"seed":0,"complete":true}.
type marker struct {
	V        int    `json:"v"`
	Rows     int    `json:"rows"`
	Seed     uint64 `json:"seed"`
	Complete bool   `json:"complete"`
}

// claim makes dir the demo's own, or finds that want is there already. What
// an interrupted generation left is removed, by the names that its plan
// gives; other files are never touched.
func claim(dir string, want marker) (reused bool, err error) {
	got, err := readMarker(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		nothing, err := empty(dir)
		if err != nil {
			return false, err
		}
		if !nothing {
			return false, fmt.Errorf("%s: %w", dir, ErrForeignDir)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return false, fmt.Errorf("making the demo's folder: %w", err)
		}
		return false, finish(dir, want)
	case err != nil:
		return false, err
	case got.Complete && got.V == want.V && got.Rows == want.Rows && got.Seed == want.Seed:
		return true, nil
	case got.Complete || got.V != want.V:
		return false, fmt.Errorf("%s: %w: %d rows, seed %d", dir, ErrOtherDemo, got.Rows, got.Seed)
	}
	if err := clearInterrupted(dir, got); err != nil {
		return false, err
	}
	return false, finish(dir, want)
}

// readMarker returns fs.ErrNotExist when there is none.
func readMarker(dir string) (marker, error) {
	data, err := os.ReadFile(filepath.Join(dir, markerFile))
	if err != nil {
		return marker{}, fmt.Errorf("looking for a demo: %w", err)
	}
	var m marker
	if err := json.Unmarshal(data, &m); err != nil {
		return marker{}, fmt.Errorf("%s: %w: its %s is damaged", dir, ErrForeignDir, markerFile)
	}
	return m, nil
}

// finish writes the marker; a crash before it leaves the older one.
func finish(dir string, m marker) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return write(dir, markerFile, append(data, '\n'))
}

func clearInterrupted(dir string, m marker) error {
	p, err := newPlan(m.Rows, m.Seed)
	if err != nil {
		return fmt.Errorf("%s: %w: its %s is damaged", dir, ErrForeignDir, markerFile)
	}
	for _, name := range p.paths() {
		for _, suffix := range []string{"", ".part"} {
			if err := remove(dir, name+suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

// paths lists every file of a plan but the marker, with slashes.
func (p *plan) paths() []string {
	out := append([]string{registerFile, anchorFile, ca1File, ca2File}, crlFiles()...)
	for i, id := range rosterIDs() {
		out = append(out, rosterFile(i, id))
	}
	for i := range p.entries {
		if name := p.entries[i].name; name != "" {
			out = append(out, filesFolder+"/"+name)
		}
	}
	return out
}
