package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"minhchung/evidence/postgres"
	"minhchung/evidence/postgres/postgrestest"
)

// TestPostgresScripts runs the files of testdata/postgres beside a database.
func TestPostgresScripts(t *testing.T) {
	server := &postgrestest.Server{URL: os.Getenv("PG_URL"), Migrate: postgres.Migrate}
	t.Cleanup(server.Stop)
	d := server.Open(t)
	cache := compileReaders(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/postgres",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			inherit(e, cache)
			app, err := url.Parse(d.App)
			if err != nil {
				return err
			}
			password, _ := app.User.Password()
			app.User = url.User(app.User.Username())
			config := fmt.Sprintf("data = \"province\"\n[sql]\nengine = \"postgres\"\n[sql.postgres]\nurl = %q\npassword = \"file:pg-app\"\n", app)
			for name, content := range map[string]string{"province.toml": config, "pg-app": password} {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), []byte(content), 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
