package config

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// planted is a secret that must be seen nowhere.
const planted = "bi-mat-khong-duoc-lo-7f3a9c"

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "minhchung.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const s3Table = `
[objects]
engine = "s3"
[objects.s3]
url = "https://s3.example.vn"
bucket = "minhchung"
key = "khoa"
secret = "file:s3-secret"
`

func TestLoad(t *testing.T) {
	file := writeConfig(t, `
data = "du-lieu"
wait = "1m30s"
file_bytes = 1_000
[serve]
metrics = "127.0.0.1:9464"
`+s3Table)
	got, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(file)
	want := Config{Data: filepath.Join(dir, "du-lieu"), Wait: Duration(90 * time.Second), FileBytes: 1000,
		Serve: Serve{Metrics: "127.0.0.1:9464"},
		Objects: Objects{Engine: "s3", S3: S3{URL: "https://s3.example.vn", Bucket: "minhchung", Key: "khoa",
			Secret: Secret("file:" + filepath.Join(dir, "s3-secret"))}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want FileError // File is filled in
	}{
		"unknown":           {"data = \"x\"\nworker = 3\n", FileError{Line: 2, Code: CodeUnknown, Key: "worker", Detail: "workers"}},
		"unknown in table":  {"[serve]\n\nlisten_on = \"x\"", FileError{Line: 3, Code: CodeUnknown, Key: "serve.listen_on", Detail: "serve.listen"}},
		"unknown table":     {"[objekts]\nengine = \"s3\"", FileError{Line: 1, Code: CodeUnknown, Key: "objekts", Detail: "objects"}},
		"like nothing":      {"zzzzzzzzzzzz = 1", FileError{Line: 1, Code: CodeUnknown, Key: "zzzzzzzzzzzz"}},
		"syntax":            {"data = \"x\"\nwait : 3", FileError{Line: 2, Code: CodeSyntax}},
		"type":              {"\nworkers = \"ba\"", FileError{Line: 2, Code: CodeSyntax, Key: "workers"}},
		"duration":          {"wait = \"soon\"", FileError{Line: 1, Code: CodeSyntax, Key: "wait"}},
		"negative duration": {"wait = \"-1s\"", FileError{Line: 1, Code: CodeSyntax, Key: "wait"}},
		"negative":          {"\nworkers = -1", FileError{Line: 2, Code: CodeValue, Key: "workers"}},
		"address":           {"[serve]\nlisten = \"8080\"", FileError{Line: 2, Code: CodeValue, Key: "serve.listen"}},
		"engine":            {"[objects]\nengine = \"ftp\"", FileError{Line: 2, Code: CodeChoice, Key: "objects.engine", Detail: "disk, s3"}},
		"not chosen":        {"[objects.s3]\nurl = \"https://s3.example.vn\"", FileError{Line: 2, Code: CodeUnused, Key: "objects.s3.url", Detail: "s3"}},
		"missing":           {strings.Replace(s3Table, "bucket = \"minhchung\"\n", "", 1), FileError{Line: 4, Code: CodeMissing, Key: "objects.s3.bucket", Detail: "s3"}},
		"inline":            {strings.Replace(s3Table, "file:s3-secret", planted, 1), FileError{Line: 8, Code: CodeInline, Key: "objects.s3.secret"}},
		"no URL":            {"[sql]\nengine = \"postgres\"", FileError{Line: 1, Code: CodeMissing, Key: "sql.postgres.url", Detail: "postgres"}},
		"password in URL":   {"[sql]\nengine = \"postgres\"\n[sql.postgres]\nurl = \"postgres://a:" + planted + "@h/d\"", FileError{Line: 4, Code: CodeInline, Key: "sql.postgres.url"}},
		"password behind":   {"[sql]\nengine = \"postgres\"\n[sql.postgres]\nurl = \"postgres://a@h/d?password=" + planted + "\"", FileError{Line: 4, Code: CodeInline, Key: "sql.postgres.url"}},
		"not a URL":         {"[sql]\nengine = \"postgres\"\n[sql.postgres]\nurl = \"host=h password=" + planted + "\"", FileError{Line: 4, Code: CodeValue, Key: "sql.postgres.url"}},
		"search server":     {"[search]\nengine = \"meili\"\n[search.meili]\nurl = \"http://meili.example.vn\"", FileError{Line: 4, Code: CodeValue, Key: "search.meili.url"}},
		"search key":        {"[search]\nengine = \"meili\"\n[search.meili]\nurl = \"https://meili.example.vn\"\nkey = \"" + planted + "\"", FileError{Line: 5, Code: CodeInline, Key: "search.meili.key"}},
		"credential path":   {strings.Replace(s3Table, "file:s3-secret", "credential:../"+planted, 1), FileError{Line: 8, Code: CodeInline, Key: "objects.s3.secret"}},
	} {
		file := writeConfig(t, c.text)
		_, err := Load(file)
		var got *FileError
		if !errors.As(err, &got) {
			t.Errorf("%s: got %v, want a FileError", name, err)
			continue
		}
		if strings.Contains(err.Error(), planted) {
			t.Errorf("%s: the secret is in the error: %v", name, err)
		}
		c.want.File = file
		if c.want.Detail == "" && got.Code != CodeUnknown {
			c.want.Detail = got.Detail // words of the decoder
		}
		if *got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, *got, c.want)
		}
	}
	var got *FileError
	if _, err := Load(filepath.Join(t.TempDir(), "none.toml")); !errors.As(err, &got) || got.Code != CodeUnreadable {
		t.Errorf("no file: got %v, want %s", err, CodeUnreadable)
	}
}

var option = regexp.MustCompile(`^(#?)([a-z0-9_]+) = (.+)$`)

// sample reads a sample configuration: its options, with those behind a # too,
// and the same text with all of them switched on.
func sample(t *testing.T, file string) (options []string, all []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	table, said := "", false
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		bare := strings.TrimPrefix(line, "#")
		switch m := option.FindStringSubmatch(line); {
		case strings.HasPrefix(bare, "["):
			table, line = strings.Trim(bare, "[]")+".", bare
		case m != nil:
			options, line = append(options, table+m[2]), bare
			if !said {
				t.Errorf("%s: %s has no comment", file, table+m[2])
			}
		case line == "":
			said = false
		default:
			if !strings.HasPrefix(line, "# ") {
				t.Errorf("%s: %q is neither a comment nor an option", file, line)
			}
			said = true
		}
		out.WriteString(line + "\n")
	}
	return options, out.Bytes()
}

// TestSamplesShowEveryOption: each option once, with a comment, and with a
// value that the program takes.
func TestSamplesShowEveryOption(t *testing.T) {
	want := keys(reflect.TypeFor[Config](), "")
	slices.Sort(want)
	if len(want) < 18 {
		t.Fatalf("got only %d options: the test looks in the wrong place", len(want))
	}
	for _, name := range []string{"minhchung.toml", "province.toml"} {
		file := filepath.Join("..", "..", "..", "deploy", name)
		got, all := sample(t, file)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has the options\n%v, the program\n%v", name, got, want)
		}
		var c Config
		if err := toml.NewDecoder(bytes.NewReader(all)).DisallowUnknownFields().Decode(&c); err != nil {
			t.Errorf("%s with all options on: %v", name, err)
		}
		if _, err := Load(file); err != nil {
			t.Errorf("%s as it is: %v", name, err)
		}
	}
	if _, err := Load(filepath.Join("..", "..", "..", "deploy", "compose", "minhchung.toml")); err != nil {
		t.Errorf("that of the containers: %v", err)
	}
	office, err := Load(filepath.Join("..", "..", "..", "deploy", "minhchung.toml"))
	if err != nil || !reflect.DeepEqual(office, Config{}) {
		t.Errorf("the office's sample: got %+v and %v, want the defaults", office, err)
	}
}

// TestFieldsAreTheManual: every field that can be set has a comment.
func TestFieldsAreTheManual(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	ast.Inspect(f, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok && field.Tag != nil {
			if fields++; field.Doc == nil {
				t.Errorf("%s has no comment", field.Names[0])
			}
		}
		return true
	})
	if fields < 18 {
		t.Errorf("found %d fields: the test looks in the wrong place", fields)
	}
}

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good", planted+"\n", 0o600)
	if got, err := Secret("file:" + good).read(); err != nil || got != planted {
		t.Errorf("file: got %q and %v, want the secret without its line end", got, err)
	}
	if _, err := Secret("credential:good").read(); !errors.Is(err, errNotPassed) {
		t.Errorf("credential without systemd: got %v, want errNotPassed", err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if got, err := Secret("credential:good").read(); err != nil || got != planted {
		t.Errorf("credential: got %q and %v, want the secret", got, err)
	}
	bad := map[string]Secret{
		"missing": "file:" + Secret(filepath.Join(dir, "none")),
		"empty":   "file:" + Secret(write("empty", "\n", 0o600)),
		"folder":  "file:" + Secret(dir),
		"huge":    "file:" + Secret(write("huge", strings.Repeat(planted, 4000), 0o600)),
	}
	if runtime.GOOS != "windows" {
		bad["open to all"] = "file:" + Secret(write("open", planted, 0o644))
	}
	for name, secret := range bad {
		if got, err := secret.read(); err == nil || got != "" || strings.Contains(err.Error(), planted) {
			t.Errorf("%s: got %q and %v, want an error without the secret", name, got, err)
		}
	}
	if _, err := bad["missing"].read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v, want fs.ErrNotExist", err)
	}
}
