package postgrestest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// memory is where the server's files are, where there is such a folder: each
// of hundreds of small databases is created with a dozen fsyncs. What a power
// cut does is not what these tests are about.
const memory = "/dev/shm"

// private starts a server in a folder of its own. initdb and postgres refuse
// root, so as root they run as Debian's user postgres.
func private() (url string, stop func(), err error) {
	s, err := newServer()
	if err != nil {
		return "", nil, err
	}
	if err = s.initialise(); err == nil {
		err = s.start()
	}
	if err != nil {
		s.remove()
		return "", nil, err
	}
	return s.url(), s.remove, nil
}

type server struct {
	bin, dir, port string
	cmd            *exec.Cmd // nil while it does not run
}

// newServer makes the folder of a server and chooses its port.
func newServer() (*server, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return nil, errors.New("no /usr/lib/postgresql/*/bin/postgres")
	}
	slices.Sort(found)
	s := &server{bin: filepath.Dir(found[len(found)-1])}
	if s.dir, err = os.MkdirTemp(memory, "mctest-pg-"); err != nil {
		s.dir, err = os.MkdirTemp("", "mctest-pg-")
	}
	if err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		if out, err := exec.Command("chown", "postgres", s.dir).CombinedOutput(); err != nil {
			s.remove()
			return nil, fmt.Errorf("chown: %w: %s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.remove()
		return nil, err
	}
	s.port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	return s, nil
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

// url is that of the superuser.
func (s *server) url() string {
	return fmt.Sprintf("postgres://mctest_admin@127.0.0.1:%s/postgres?sslmode=disable", s.port)
}

// command is a program of PostgreSQL under the right user.
func (s *server) command(name string, args ...string) *exec.Cmd {
	path := filepath.Join(s.bin, name)
	if os.Geteuid() != 0 {
		cmd := exec.Command(path, args...)
		cmd.Dir = s.dir
		return cmd
	}
	cmd := exec.Command("setpriv", append([]string{"--reuid=postgres", "--regid=postgres", "--init-groups", "--", path}, args...)...)
	cmd.Dir = "/"
	return cmd
}

func (s *server) initialise() error {
	return s.do("initdb", "-D", s.data(), "-U", "mctest_admin", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
}

// do runs a program of PostgreSQL to its end.
func (s *server) do(name string, args ...string) error {
	if out, err := s.command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// start starts the server, with settings "name=value" besides, and waits until
// it answers.
func (s *server) start(settings ...string) error {
	args := []string{"-D", s.data(), "-p", s.port, "-k", s.dir, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	s.cmd = s.command("postgres", args...)
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	for range 300 {
		if s.command("pg_isready", "-q", "-h", "127.0.0.1", "-p", s.port).Run() == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the private server did not become ready in 30 s")
}

// quit ends the server at once, as a crash does (SIGQUIT: no checkpoint).
func (s *server) quit() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		_ = s.cmd.Wait() // the exit code says that it was told to
		s.cmd = nil
	}
}

// remove ends the server and removes its folder.
func (s *server) remove() {
	s.quit()
	_ = os.RemoveAll(s.dir)
}
