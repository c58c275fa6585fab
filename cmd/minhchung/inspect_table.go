package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"minhchung/evidence/signature"
)

// manifestName is the file of a folder of test files that states what they
// are: a table with tabs, a line of column names, and at least the columns
// path, format and expected.
const manifestName = "manifest.tsv"

// maxManifestLines bounds a manifest.
const maxManifestLines = 1_000_000

// stated is what a manifest says about one file.
type stated struct {
	class string // expected, up to a colon; and what of it a test set
	// accept and reject: whether the file must be called intact, or must not.
	accept, reject bool
}

// tally compares results with what manifests state, class by class.
type tally struct {
	files   map[string]stated // by the file's place
	classes map[string]map[signature.Result]int
	wrong   []wrongResult
}

type wrongResult struct {
	name, class string
	got         signature.Verdict
}

// newTally reads the manifests of the folders among args. It returns nil when
// there is none.
func newTally(e *env, args []string) (*tally, error) {
	t := &tally{files: map[string]stated{}, classes: map[string]map[signature.Result]int{}}
	for _, arg := range args {
		dir, err := filepath.EvalSymlinks(e.path(arg))
		if err != nil {
			continue // said where the targets are listed
		}
		err = t.read(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNoManifest) {
			return nil, fileError(filepath.Join(arg, manifestName), err)
		}
	}
	if len(t.files) == 0 {
		return nil, nil
	}
	return t, nil
}

// errNoManifest is a file of that name that is something else.
var errNoManifest = errors.New("no manifest of test files")

func (t *tally) read(dir string) error {
	f, err := openRegular(filepath.Join(dir, manifestName))
	if err != nil {
		return errors.Join(errNoManifest, err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var path, format, expected, note int
	for n := 0; lines.Scan() && n <= maxManifestLines; n++ {
		col := strings.Split(lines.Text(), "\t")
		if n == 0 {
			path, format, expected, note = slices.Index(col, "path"), slices.Index(col, "format"), slices.Index(col, "expected"), slices.Index(col, "note")
			if min(path, format, expected) < 0 {
				return errNoManifest
			}
			continue
		}
		if len(col) <= max(path, format, expected, note) {
			continue
		}
		text := ""
		if note >= 0 {
			text = col[note]
		}
		t.files[filepath.Join(dir, filepath.FromSlash(col[path]))] = state(col[format], col[expected], text)
	}
	return lines.Err()
}

// state sorts one line. Of formats without a reader nothing is demanded, nor
// where the statement rests on a permission level that only the original test
// set.
func state(format, expected, note string) stated {
	class, _, _ := strings.Cut(expected, ":")
	if !strings.HasPrefix(format, "PDF") {
		kind, _, _ := strings.Cut(format, "-")
		kind, _, _ = strings.Cut(kind, "/")
		return stated{class: kind + ": " + class}
	}
	if strings.Contains(note, "SET BY TEST") {
		return stated{class: "PDF: " + class + " (level set by its test)"}
	}
	return stated{
		class:  "PDF: " + class,
		accept: slices.Contains([]string{"intact", "intact-extended", "revisions-ok"}, class),
		reject: slices.Contains([]string{"forged-attack", "tampered", "modified", "invalid-signature", "invalid-timestamp", "malformed", "unsigned",
			"not-whole-document", "disallowed-modification"}, class),
	}
}

// add counts one file. One that no manifest names is left out.
func (t *tally) add(file target, v signature.Verdict) {
	full, err := filepath.EvalSymlinks(file.full)
	if err != nil {
		return
	}
	s, ok := t.files[full]
	if !ok {
		return
	}
	if t.classes[s.class] == nil {
		t.classes[s.class] = map[signature.Result]int{}
	}
	t.classes[s.class][v.Result]++
	if isIntact := v.Result == signature.ResultIntact; s.accept && !isIntact || s.reject && isIntact {
		t.wrong = append(t.wrong, wrongResult{file.name, s.class, v})
	}
}

// print shows the table: class, files, results; and each file that was judged
// otherwise than stated. With --json it goes to standard error, since each
// line of the other is a file.
func (t *tally) print(in *inspection) error {
	w := in.Stdout
	if in.JSON {
		w = in.Stderr
	}
	lines := []string{in.Lang.Text("inspect.table")}
	for _, class := range slices.Sorted(maps.Keys(t.classes)) {
		sum, parts := 0, []string{}
		for _, r := range resultOrder {
			if n := t.classes[class][r]; n > 0 {
				sum += n
				parts = append(parts, in.Lang.Int(int64(n))+" "+in.word("short", string(r)))
			}
		}
		lines = append(lines, fmt.Sprintf("  %-58s %5s  %s", class, in.Lang.Int(int64(sum)), strings.Join(parts, ", ")))
	}
	if len(t.wrong) == 0 {
		lines = append(lines, in.Lang.Text("inspect.table-right"))
	}
	for _, x := range t.wrong {
		lines = append(lines, in.Lang.Text("inspect.table-wrong", x.name, x.class, in.word("short", string(x.got.Result)), x.got.Reason))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, printable(line)); err != nil {
			return err
		}
	}
	return nil
}

// leaveOut marks the manifests, which are not judged. A nil tally has none.
func (t *tally) leaveOut(targets []target) {
	if t == nil {
		return
	}
	for i, file := range targets {
		if dir, base := filepath.Split(file.full); base == manifestName && t.covers(dir) {
			targets[i].skipped = "inspect.skip-manifest"
		}
	}
}

// covers reports whether the manifest of dir names a file.
func (t *tally) covers(dir string) bool {
	for name := range t.files {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}
