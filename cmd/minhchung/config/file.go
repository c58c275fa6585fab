package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// FileError is what is wrong with a configuration file. It never shows a
// value, which may be a password in the wrong place.
type FileError struct {
	File string
	Line int // from 1; 0 when it is about the file as a whole
	Code string
	// Key is the option, such as "objects.s3.url"; Detail depends on the code.
	Key, Detail string
}

// The codes of a FileError.
const (
	CodeUnreadable = "unreadable" // the file; Detail says why
	CodeSyntax     = "syntax"     // Detail says what TOML asks for
	CodeUnknown    = "unknown"    // no such option; Detail is the nearest one, or ""
	CodeMissing    = "missing"    // the chosen engine needs it; Detail is the engine
	CodeUnused     = "unused"     // it is set for an engine that is not chosen; Detail is that engine
	CodeChoice     = "choice"     // Detail lists what may stand there
	CodeValue      = "value"      // Detail says what is wrong
	CodeInline     = "inline"     // a secret is written into the file
	CodeSecret     = "secret"     // a secret cannot be read; Detail says why
)

// Error implements error.
func (e *FileError) Error() string {
	text := e.File
	if e.Line > 0 {
		text += fmt.Sprintf(":%d", e.Line)
	}
	return strings.TrimRight(fmt.Sprintf("%s: %s %s %s", text, e.Code, e.Key, e.Detail), " ")
}

// Load reads a configuration file (TOML 1.0). Every error is a *FileError: an
// option that does not exist, that an engine needs, or that nothing uses.
func Load(file string) (Config, error) {
	var c Config
	b, err := os.ReadFile(file)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return c, &FileError{File: file, Code: CodeUnreadable, Detail: err.Error()}
	}
	decoder := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, decodeError(file, err)
	}
	if e := c.check(); e != nil {
		e.File, e.Line = file, lineOf(b, e.Key)
		return c, e
	}
	full, err := filepath.Abs(file)
	if err != nil {
		return c, &FileError{File: file, Code: CodeUnreadable, Detail: err.Error()}
	}
	c.resolve(filepath.Dir(full))
	return c, nil
}

func decodeError(file string, err error) error {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		first := unknown.Errors[0]
		line, _ := first.Position()
		key := strings.Join(first.Key(), ".")
		return &FileError{File: file, Line: line, Code: CodeUnknown, Key: key, Detail: Nearest(key, withTables(keys(reflect.TypeFor[Config](), "")))}
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		return &FileError{File: file, Line: line, Code: CodeSyntax, Key: strings.Join(wrong.Key(), "."), Detail: strings.TrimPrefix(wrong.Error(), "toml: ")}
	}
	return &FileError{File: file, Code: CodeSyntax, Detail: err.Error()}
}

// keys lists the options of a struct, tables within it too.
func keys(t reflect.Type, prefix string) (all []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name := prefix + f.Tag.Get("toml")
		if f.Type.Kind() == reflect.Struct {
			all = append(all, keys(f.Type, name+".")...)
			continue
		}
		all = append(all, name)
	}
	return all
}

// withTables adds the names of the tables that the options are in.
func withTables(options []string) []string {
	all := slices.Clone(options)
	for _, option := range options {
		for i, r := range option {
			if table := option[:i]; r == '.' && !slices.Contains(all, table) {
				all = append(all, table)
			}
		}
	}
	return all
}

// lineOf finds the line of an option that was decoded, or of the nearest table
// around it; 0 when there is none.
func lineOf(b []byte, key string) (line int) {
	table := ""
	for i, text := range strings.Split(string(b), "\n") {
		text = strings.TrimSpace(text)
		if name, ok := strings.CutPrefix(text, "["); ok {
			table = strings.TrimSpace(strings.Split(name, "]")[0]) + "."
			if strings.HasPrefix(key, table) {
				line = i + 1
			}
			continue
		}
		name, _, ok := strings.Cut(text, "=")
		if ok && table+strings.TrimSpace(name) == key {
			return i + 1
		}
	}
	return line
}

// check looks at what the decoder cannot. The error has neither file nor line.
func (c Config) check() *FileError {
	for key, n := range map[string]int64{
		"workers": int64(c.Workers), "file_memory": c.FileMemory, "file_bytes": c.FileBytes,
		"sql.postgres.connections": int64(c.SQL.Postgres.Connections), "objects.s3.part_bytes": c.Objects.S3.PartBytes,
		"search.scan_pages": int64(c.Search.ScanPages),
	} {
		if n < 0 {
			return &FileError{Code: CodeValue, Key: key, Detail: "it is negative"}
		}
	}
	for key, address := range map[string]string{"serve.listen": c.Serve.Listen, "serve.metrics": c.Serve.Metrics} {
		if _, _, err := net.SplitHostPort(address); address != "" && err != nil {
			return &FileError{Code: CodeValue, Key: key, Detail: "it must be host:port"}
		}
	}
	return cmp.Or(c.SQL.check(), c.Objects.check(), c.Search.check())
}

func (q SQL) check() *FileError {
	if err := choice("sql.engine", q.Engine, engineSQLite, enginePostgres); err != nil {
		return err
	}
	if q.Engine != enginePostgres {
		return unused("sql.postgres.", enginePostgres, q.Postgres)
	}
	if q.Postgres.URL == "" {
		return &FileError{Code: CodeMissing, Key: "sql.postgres.url", Detail: enginePostgres}
	}
	for key, address := range map[string]string{"url": q.Postgres.URL, "owner_url": q.Postgres.OwnerURL, "listen_url": q.Postgres.Listen} {
		if address == "" {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" && u.Query().Get("host") == "" {
			return &FileError{Code: CodeValue, Key: "sql.postgres." + key, Detail: "it must be postgres://login@host/database"}
		}
		if _, inline := u.User.Password(); inline || u.Query().Has("password") || u.Query().Has("sslpassword") {
			return &FileError{Code: CodeInline, Key: "sql.postgres." + key}
		}
	}
	return cmp.Or(q.Postgres.Password.checkOptional("sql.postgres.password"), q.Postgres.OwnerPassword.checkOptional("sql.postgres.owner_password"))
}

func (o Objects) check() *FileError {
	if err := choice("objects.engine", o.Engine, engineDisk, engineS3); err != nil {
		return err
	}
	if o.Engine != engineS3 {
		return unused("objects.s3.", engineS3, o.S3)
	}
	for key, value := range map[string]string{"url": o.S3.URL, "bucket": o.S3.Bucket, "key": o.S3.Key, "secret": string(o.S3.Secret)} {
		if value == "" {
			return &FileError{Code: CodeMissing, Key: "objects.s3." + key, Detail: engineS3}
		}
	}
	return o.S3.Secret.check("objects.s3.secret")
}

func (s Search) check() *FileError {
	if err := choice("search.engine", s.Engine, engineBleve, engineMeili); err != nil {
		return err
	}
	if s.Engine != engineMeili {
		return unused("search.meili.", engineMeili, s.Meili)
	}
	if s.Meili.URL == "" {
		return &FileError{Code: CodeMissing, Key: "search.meili.url", Detail: engineMeili}
	}
	u, err := url.Parse(s.Meili.URL)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return &FileError{Code: CodeValue, Key: "search.meili.url", Detail: "it must be http(s)://host:port"}
	case u.User != nil:
		return &FileError{Code: CodeInline, Key: "search.meili.url"}
	case u.Scheme == "http" && !s.Meili.Plain && !thisMachine(u.Hostname()):
		return &FileError{Code: CodeValue, Key: "search.meili.url", Detail: "plain HTTP to another machine; write https:// or plain = true"}
	}
	return s.Meili.Key.checkOptional("search.meili.key")
}

func thisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// choice reports a value that is neither "" nor one of the others.
func choice(key, value string, choices ...string) *FileError {
	if value == "" || slices.Contains(choices, value) {
		return nil
	}
	return &FileError{Code: CodeChoice, Key: key, Detail: strings.Join(choices, ", ")}
}

// unused reports an option of an engine that is not chosen: somebody thinks
// that it is.
func unused(prefix, engine string, table any) *FileError {
	v := reflect.ValueOf(table)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			return &FileError{Code: CodeUnused, Key: prefix + v.Type().Field(i).Tag.Get("toml"), Detail: engine}
		}
	}
	return nil
}

// resolve makes the paths of the file absolute.
func (c *Config) resolve(dir string) {
	if c.Data != "" {
		c.Data = resolved(dir, c.Data)
	}
	if c.Objects.S3.CA != "" {
		c.Objects.S3.CA = resolved(dir, c.Objects.S3.CA)
	}
	for _, secret := range []*Secret{&c.Objects.S3.Secret, &c.SQL.Postgres.Password, &c.SQL.Postgres.OwnerPassword, &c.Search.Meili.Key} {
		*secret = secret.resolve(dir)
	}
}

func resolved(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
