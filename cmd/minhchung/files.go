package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"minhchung/evidence"
	"minhchung/evidence/register"
)

// maxFileBytes is the most one document may have.
const maxFileBytes = 50 << 20

// localFile is a regular file below the folder of an import.
type localFile struct {
	rel  string // slash path below the folder, NFC
	full string
	size int64
}

// skippedFile is something in the folder that is not taken, and why.
type skippedFile struct {
	Name   string `json:"file"`
	Reason string `json:"reason"` // catalogue key "skip.…" without its prefix
}

// listFiles walks a folder in name order. What is not a regular file or too
// large is listed beside, never silently left out.
func listFiles(e *env, dir string) ([]localFile, []skippedFile, error) {
	full := e.path(dir)
	info, err := os.Stat(full)
	if err != nil {
		return nil, nil, fileError(dir, err)
	}
	if !info.IsDir() {
		return nil, nil, usage("cli.not-a-folder", dir)
	}
	var files []localFile
	var skipped []skippedFile
	err = filepath.WalkDir(full, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(full, path)
		rel = shownName(filepath.ToSlash(rel))
		if err != nil && path == full {
			return fileError(dir, err) // no file at all is no import
		}
		if err != nil {
			skipped = append(skipped, skippedFile{rel, "unreadable"})
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		switch {
		case err != nil:
			skipped = append(skipped, skippedFile{rel, "unreadable"})
		case !info.Mode().IsRegular():
			skipped = append(skipped, skippedFile{rel, "not-regular"})
		default:
			files = append(files, localFile{rel, path, info.Size()})
		}
		return nil
	})
	sort.Slice(files, func(i, j int) bool { return files[i].rel < files[j].rel })
	return files, skipped, err
}

// shownName is a name as the register would have it. File systems of Linux
// take any bytes: what is not UTF-8 could not become a leaf, and is escaped.
func shownName(name string) string {
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, name[0])
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return norm.NFC.String(b.String())
}

// open opens the file as the intake wants it. It must still be the regular
// file that was listed: opening a FIFO would hang.
func (f localFile) open() (io.ReadSeekCloser, error) {
	info, err := os.Lstat(f.full)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	return os.Open(f.full)
}

// matching is which file belongs to which rows, and both sides' rests.
type matching struct {
	files       []evidence.File
	rowsWithout []string // row ids
	ambiguous   []string // files that could belong to several rows
	secret      []string // files of secret rows: refused before they are stored
}

// matchFiles ties files to rows by the register's file column, then by
// number, notation and date in the name. Secret rows take part, so that their
// files are recognised and refused.
func matchFiles(reg evidence.Register, files []localFile) matching {
	rows := append(append([]evidence.Row{}, reg.Rows...), reg.Secret...)
	secret := map[string]bool{}
	for _, r := range reg.Secret {
		secret[r.ID] = true
	}
	list := make([]register.File, len(files))
	for i, f := range files {
		list[i] = register.File{Path: f.rel}
	}
	found := register.MatchFiles(rows, list)
	byPath := map[string]*evidence.File{}
	refused := map[string]bool{}
	for _, p := range found.Pairs {
		if secret[p.Row] {
			refused[p.Path] = true
			continue
		}
		if byPath[p.Path] == nil {
			byPath[p.Path] = &evidence.File{By: p.By}
		}
		byPath[p.Path].Rows = append(byPath[p.Path].Rows, p.Row)
	}
	var m matching
	for _, a := range found.Ambiguous {
		// A file that may be a secret document's is refused like one that is.
		if slices.ContainsFunc(a.Rows, func(id string) bool { return secret[id] }) {
			for _, p := range a.Paths {
				refused[p] = true
			}
			continue
		}
		m.ambiguous = append(m.ambiguous, a.Paths...)
	}
	for _, id := range found.RowsWithout {
		if !secret[id] {
			m.rowsWithout = append(m.rowsWithout, id)
		}
	}
	matched := func(rel string) bool { return byPath[rel] != nil }
	for _, f := range files {
		if !matched(f.rel) && register.MayBeSecret(f.rel, reg.Secret) {
			refused[f.rel] = true
		}
	}
	refuseCopies(files, refused)
	for _, f := range files {
		if refused[f.rel] {
			m.secret = append(m.secret, f.rel)
			continue
		}
		file := evidence.File{Name: f.rel, Open: f.open, Size: f.size}
		if match := byPath[f.rel]; match != nil {
			file.Rows, file.By = match.Rows, match.By
		}
		m.files = append(m.files, file)
	}
	return m
}

// refuseCopies refuses the files that have the same bytes as a refused one,
// whatever row they are of: a copy of a secret document is one. Only files of
// the same size are read.
func refuseCopies(files []localFile, refused map[string]bool) {
	sizes := map[int64]bool{}
	for _, f := range files {
		if refused[f.rel] && f.size > 0 {
			sizes[f.size] = true
		}
	}
	if len(sizes) == 0 {
		return
	}
	secret, others := map[[sha256.Size]byte]bool{}, map[string][sha256.Size]byte{}
	for _, f := range files {
		if !sizes[f.size] {
			continue
		}
		sum, err := f.digest()
		switch {
		case err != nil: // what cannot be read cannot be stored either
		case refused[f.rel]:
			secret[sum] = true
		default:
			others[f.rel] = sum
		}
	}
	for rel, sum := range others {
		if secret[sum] {
			refused[rel] = true
		}
	}
}

func (f localFile) digest() (sum [sha256.Size]byte, err error) {
	r, err := f.open()
	if err != nil {
		return sum, err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
