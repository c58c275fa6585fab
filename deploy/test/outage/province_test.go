//go:build linux

// Package outage stops the engines of a province while documents are uploaded
// and searched, as an operator would see it: with the built program, the
// scripts and real servers. What was acknowledged is then looked for in
// PostgreSQL and on the S3 server's disk, without the program.
//
// deploy/test/outage.sh runs it; by itself:
//
//	go test ./deploy/test/outage -parallel 8 -v -program dist/minhchung -outage 10s
package outage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	programFlag = flag.String("program", "", "the program; without it nothing is tried")
	dirFlag     = flag.String("dir", "", "a folder for the provinces, which the user postgres can reach; default: the temporary folder")
	lengthFlag  = flag.Duration("outage", time.Minute, "how long an engine is stopped")
	toxiFlag    = flag.String("toxiproxy", "", "URL of a toxiproxy server; without it no faults of the network are tried")
)

// The test commune of the program's demo.
const (
	unit, period = "xa-thu-nghiem", "2022"
	book         = unit + "/" + period
	rows         = 160
)

// office makes the demo's register and files, once, and compiles the readers of
// texts for all provinces, unless MINHCHUNG_CACHE names some that are.
var office = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(*dirFlag, "mctest-office-")
	if err != nil {
		return "", err
	}
	if os.Getenv("MINHCHUNG_CACHE") == "" {
		if err := os.Setenv("MINHCHUNG_CACHE", filepath.Join(dir, "cache")); err != nil {
			return dir, err
		}
	}
	out, err := exec.Command(*programFlag, "demo", "--serve=false", "--dir", filepath.Join(dir, "demo"), "--rows", strconv.Itoa(rows)).CombinedOutput()
	if err != nil {
		err = errors.Join(err, errors.New(string(out)))
	}
	return dir, err
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if *programFlag != "" {
		if dir, _ := office(); dir != "" {
			_ = os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// province is a set of engines of its own and the program serving on them.
type province struct {
	t     *testing.T
	dir   string // that of deploy/province.sh
	env   []string
	files []string
	url   string // of the pages, with a slash at its end

	serve  *exec.Cmd
	log    bytes.Buffer
	exited chan struct{} // closed when serve has ended
}

// newProvince starts the engines and imports the register without files. env
// is for deploy/province.sh; prepare, when set, is called before the program
// first runs.
func newProvince(t *testing.T, prepare func(p *province), env ...string) *province {
	t.Helper()
	source, err := office()
	must(t, err)
	dir, err := os.MkdirTemp(*dirFlag, "mctest-province-")
	must(t, err)
	must(t, os.Chmod(dir, 0o711)) // PostgreSQL runs as another user
	p := &province{t: t, dir: filepath.Join(dir, "province"), env: env, exited: make(chan struct{})}
	t.Cleanup(func() {
		p.script("stop")
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	must(t, os.Mkdir(p.dir, 0o711))
	for _, name := range []string{"pg.port", "s3.port", "metrics.port"} {
		p.choosePort(name)
	}
	p.script("start")
	if prepare != nil {
		prepare(p)
	}
	p.files, err = filepath.Glob(filepath.Join(source, "demo/files/*.pdf"))
	must(t, err)
	registers, err := filepath.Glob(filepath.Join(source, "demo/*.csv"))
	must(t, err)
	if len(p.files) < rows/2 || len(registers) != 1 {
		t.Fatalf("the demo made %d files and %d registers", len(p.files), len(registers))
	}
	none := filepath.Join(dir, "none")
	must(t, os.Mkdir(none, 0o700))
	p.run("unit", "add", unit, "--name", "UBND xã Thử nghiệm")
	p.run("import", "--unit", unit, "--period", period, "--register", registers[0], "--files", none)
	p.begin()
	return p
}

// port is the last one that was chosen. Scripts that look for free ports at the
// same time may find the same ones.
var port atomic.Int64

// choosePort writes a free port to the file that deploy/province.sh reads it
// from: below those that the system gives to outgoing connections.
func (p *province) choosePort(name string) {
	p.t.Helper()
	port.CompareAndSwap(0, 20_000+int64(os.Getpid()%1000)*12)
	for {
		free := fmt.Sprint(port.Add(1))
		if l, err := net.Listen("tcp", "127.0.0.1:"+free); err == nil {
			must(p.t, l.Close())
			must(p.t, os.WriteFile(filepath.Join(p.dir, name), []byte(free+"\n"), 0o644))
			return
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *province) config() string { return filepath.Join(p.dir, "minhchung.toml") }

// script runs deploy/province.sh.
func (p *province) script(verb string) {
	p.t.Helper()
	cmd := exec.Command("../../province.sh", verb, p.dir)
	cmd.Env = append(os.Environ(), p.env...)
	// The servers keep its files open: a pipe would never end.
	out, err := os.CreateTemp("", "mctest-script-")
	must(p.t, err)
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		p.t.Fatalf("province.sh %s: %v: %s", verb, err, said)
	}
}

// run runs a command of the program and returns what it printed.
func (p *province) run(args ...string) string {
	p.t.Helper()
	cmd := exec.Command(*programFlag, append(args, "--config", p.config(), "--lang", "en")...)
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("minhchung %s: %v\n%s%s\n%s", strings.Join(args, " "), err, &out, &notes, p.lastNotes())
	}
	return out.String()
}

// begin starts the pages.
func (p *province) begin() {
	p.t.Helper()
	p.serve = exec.Command(*programFlag, "serve", "--listen", "127.0.0.1:0", "--json", "--config", p.config())
	p.serve.Stderr = &p.log
	p.serve.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // when this test is killed
	out, err := p.serve.StdoutPipe()
	must(p.t, err)
	must(p.t, p.serve.Start())
	var first struct{ Address string }
	err = json.NewDecoder(out).Decode(&first)
	go func() {
		_, _ = io.Copy(io.Discard, out)
		_ = p.serve.Wait() // end looks at the exit code
		close(p.exited)
	}()
	p.t.Cleanup(func() {
		_ = p.serve.Process.Kill()
		<-p.exited
		if p.t.Failed() {
			p.t.Logf("serve noted: %s", p.lastNotes())
		}
	})
	if err != nil {
		_ = p.serve.Process.Kill()
		<-p.exited
		p.t.Fatalf("serve said no address: %v: %s", err, p.lastNotes())
	}
	p.url = first.Address
}

// end ends the pages as an operator does. That they ran until now is what
// "without a restart" means.
func (p *province) end() {
	p.t.Helper()
	select {
	case <-p.exited:
		p.t.Fatalf("serve ended by itself: %s", p.serve.ProcessState)
	default:
	}
	must(p.t, p.serve.Process.Signal(os.Interrupt))
	<-p.exited
	if code := p.serve.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("serve ended with code %d: %s", code, p.lastNotes())
	}
}

// lastNotes is the end of what serve noted; it has to have ended.
func (p *province) lastNotes() string {
	select {
	case <-p.exited:
		notes := p.log.String()
		return notes[max(0, len(notes)-6000):]
	default:
		return "(serve still runs)"
	}
}

// file reads a small file of the province.
func (p *province) file(name string) string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	must(p.t, err)
	return strings.TrimSpace(string(b))
}

// replace changes the configuration: old, which it must have, by now.
func (p *province) replace(old, now string) {
	p.t.Helper()
	config := p.file("minhchung.toml")
	if !strings.Contains(config, old) {
		p.t.Fatalf("the configuration does not have %s: %s", old, config)
	}
	must(p.t, os.WriteFile(p.config(), []byte(strings.ReplaceAll(config, old, now)+"\n"), 0o600))
}

// pgControl runs pg_ctl on the province's PostgreSQL.
func (p *province) pgControl(args ...string) {
	p.t.Helper()
	p.postgres("pg_ctl", append([]string{"-D", filepath.Join(p.dir, "pg/data")}, args...)...)
}

// postgres runs a program of PostgreSQL, which refuses root.
func (p *province) postgres(program string, args ...string) {
	p.t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	must(p.t, err)
	command := append([]string{found[len(found)-1]}, args...)
	if os.Geteuid() == 0 {
		command = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%s %v: %v: %s", program, args, err, out)
	}
}

// signal sends a signal to a process and its children.
func (p *province) signal(pid string, s syscall.Signal) {
	p.t.Helper()
	first, err := strconv.Atoi(pid)
	must(p.t, err)
	must(p.t, syscall.Kill(first, s))
	children, _ := exec.Command("pgrep", "-P", pid).Output() // exits 1 without any
	for _, child := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(n, s) // it may have ended meanwhile
		}
	}
}

func (p *province) postmaster() string {
	p.t.Helper()
	return firstLine(p.file("pg/data/postmaster.pid"))
}

func firstLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}

// ready asks /readyz which engines answer.
func (p *province) ready() map[string]string {
	p.t.Helper()
	res, err := http.Get(p.url + "readyz")
	must(p.t, err)
	defer res.Body.Close()
	var said struct{ Engines map[string]string }
	must(p.t, json.NewDecoder(res.Body).Decode(&said))
	return said.Engines
}

// until waits for something that has to come by itself, three minutes at most.
func (p *province) until(what string, done func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 3*time.Minute)
	defer cancel()
	for !done() {
		if p.t.Failed() {
			p.t.FailNow() // it will not come
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("it did not come to this: %s", what)
		case <-p.exited:
			p.t.Fatalf("serve ended: %s", p.lastNotes())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
