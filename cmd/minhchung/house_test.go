package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const root = "../.."

// layers from left to right: a package imports its own or one to the left.
var layers = []string{"ledger", "evidence", "search", "cmd"}

// shared are modules that are not engines and may be used anywhere.
var shared = []string{"golang.org/x/"}

type source struct {
	dir  string // slash path from the module root
	path string
	file *ast.File
	test bool
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (rel == "deploy/test" || strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{filepath.ToSlash(filepath.Dir(rel)), rel, f, strings.HasSuffix(path, "_test.go")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("found no Go source")
	}
	return all
}

func imports(f *ast.File) []string {
	var paths []string
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

func layerOf(dir string) int {
	first, _, _ := strings.Cut(dir, "/")
	return slices.Index(layers, first)
}

func TestLayers(t *testing.T) {
	for _, s := range sources(t) {
		from := layerOf(s.dir)
		if from < 0 {
			t.Errorf("%s: Go source outside %v", s.path, layers)
			continue
		}
		for _, path := range imports(s.file) {
			inner, ours := strings.CutPrefix(path, "minhchung/")
			if !ours {
				continue
			}
			if to := layerOf(inner); to > from {
				t.Errorf("%s imports %s: a package never imports to the right", s.path, path)
			}
		}
	}
}

// TestSignatureIsPure keeps the judgement free of the domain and of I/O.
func TestSignatureIsPure(t *testing.T) {
	forbidden := []string{"os", "net", "net/http", "database/sql", "minhchung/evidence"}
	for _, s := range sources(t) {
		if s.dir != "evidence/signature" || s.test {
			continue
		}
		for _, path := range imports(s.file) {
			if slices.Contains(forbidden, path) {
				t.Errorf("%s imports %s: Judge does no I/O", s.path, path)
			}
		}
	}
}

// TestEnginesAreLeaves: each third-party module is imported by one package.
func TestEnginesAreLeaves(t *testing.T) {
	users := map[string][]string{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, path := range imports(s.file) {
			if m := module(t, path); m != "" && !slices.Contains(users[m], s.dir) {
				users[m] = append(users[m], s.dir)
			}
		}
	}
	if len(users) == 0 {
		t.Fatal("found no third-party import: the test looks in the wrong place")
	}
	for m, dirs := range users {
		if len(dirs) > 1 {
			t.Errorf("%s is imported by %v: drivers are leaves", m, dirs)
		}
	}
}

func goMod(t *testing.T) *modfile.File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.Parse("go.mod", b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func module(t *testing.T, path string) string {
	if !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		return "" // standard library or our own
	}
	for _, prefix := range shared {
		if strings.HasPrefix(path, prefix) {
			return ""
		}
	}
	for _, r := range goMod(t).Require {
		if path == r.Mod.Path || strings.HasPrefix(path, r.Mod.Path+"/") {
			return r.Mod.Path
		}
	}
	return path
}

func TestDependenciesAreNamed(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(root, "deploy", "DEPENDENCIES.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range goMod(t).Require {
		if !r.Indirect && !strings.Contains(string(doc), r.Mod.Path) {
			t.Errorf("%s has no line in deploy/DEPENDENCIES.md", r.Mod.Path)
		}
	}
}

func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		documented[s.dir] = documented[s.dir] || s.file.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

// TestEnvironmentIsReadInConfig keeps settings in one place.
func TestEnvironmentIsReadInConfig(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.dir == "cmd/minhchung/config" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(root, s.path))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "os.Getenv(") || strings.Contains(string(b), "os.LookupEnv(") {
			t.Errorf("%s reads the environment: only config does", s.path)
		}
	}
}
