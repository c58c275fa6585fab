package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"minhchung/cmd/minhchung/demo"
	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/search"
)

// served is the program serving in a process of its own.
type served struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string // with a slash at its end
	stderr  bytes.Buffer
	ended   bool
}

// program is the test binary as the program itself: see TestMain.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"minhchung"}, args...)}
}

func serveData(t *testing.T, data string) *served {
	t.Helper()
	return serveBy(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--json")
}

// serveBy starts a command that serves, and whose first output is the address.
func serveBy(t *testing.T, args ...string) *served {
	t.Helper()
	s := &served{t: t, cmd: program(t, args...)}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	var first struct{ Address string }
	if err := json.NewDecoder(out).Decode(&first); err != nil {
		t.Fatalf("got no address: %v: %s", err, &s.stderr)
	}
	s.address = first.Address
	return s
}

func (s *served) kill() {
	if !s.ended {
		s.ended = true
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// stop tells the program to end and returns its exit code.
func (s *served) stop() int {
	s.t.Helper()
	if runtime.GOOS == "windows" {
		s.t.Skip("Windows has no signal that asks another process to end")
	}
	s.ended = true
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	defer watchdog.Stop()
	_ = s.cmd.Wait() // the exit code says it
	return s.cmd.ProcessState.ExitCode()
}

func (s *served) get(path string) (int, string) {
	s.t.Helper()
	res, err := http.Get(s.address + strings.TrimPrefix(path, "/"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func formBody(t *testing.T, paths ...string) (*bytes.Buffer, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		part, err := w.CreateFormFile("file", filepath.Base(path))
		if err == nil {
			_, err = part.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b, w.FormDataContentType()
}

// allFiles are the demo's files.
func allFiles(t *testing.T, d demo.Summary) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(d.Files, "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("got no files, %v", err)
	}
	return paths
}

// TestServe uploads the demo's documents through the form: the indicator is
// the one that import reaches, and every byte and leaf is sound.
func TestServe(t *testing.T) {
	data, d := emptyOffice(t)
	s := serveData(t, data)
	book := fmt.Sprintf("units/%s/%s/", d.Unit.ID, d.Period)
	body, contentType := formBody(t, allFiles(t, d)...)
	res, err := http.Post(s.address+book+"documents", contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("got %d, %v: %s\n%s", res.StatusCode, err, page, &s.stderr)
	}
	imported := importedShare(t) + " văn bản có chữ ký số được chứng minh"
	s.eventually(book+"indicators/7.1.3", imported) // texts are read behind the upload
	if code, page := s.get(book + "indicators/7.1.3"); code != http.StatusOK || !strings.Contains(page, imported) {
		t.Errorf("got %d, want %s as import has it:\n%s", code, imported, page)
	}
	// Another command goes through the process that serves.
	if out, err := program(t, "unit", "add", "xa-khac", "--name", "UBND xã Khác", "--data", data).CombinedOutput(); err != nil {
		t.Errorf("adding a unit while serving: %v: %s", err, out)
	}
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Data: data}
	if held, err := hold(t.Context(), e, 0); err == nil {
		held.Close()
		t.Error("two processes hold one data directory")
	} else if code, _ := explain(message.Vietnamese, err); code != exitBackend {
		t.Errorf("got exit code %d for a second serve, want %d", code, exitBackend)
	}
	if code := s.stop(); code != exitDone {
		t.Errorf("got exit code %d after being told to stop, want 0: %s", code, &s.stderr)
	}
	sound(t, data)
}

func sound(t *testing.T, data string) {
	t.Helper()
	var out bytes.Buffer
	e := &env{Stdout: &out, Stderr: &out, Cwd: ".", Lang: message.Vietnamese}
	if code := run(t.Context(), e, []string{"check", "--data", data}); code != exitDone {
		t.Errorf("got exit code %d from check: %s", code, &out)
	}
}

// TestServeKilledInUpload: what was acknowledged is there after a kill, of
// what was on its way nothing is.
func TestServeKilledInUpload(t *testing.T) {
	data, d := emptyOffice(t)
	s := serveData(t, data)
	files := allFiles(t, d)
	first, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/documents?unit=" + string(d.Unit.ID) + "&period=" + string(d.Period)
	req, err := http.NewRequest(http.MethodPost, s.address+path[1:], bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(filepath.Base(files[0])))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("got %d, %v: %s", res.StatusCode, err, answer)
	}
	half(t, s, path, data)
	s.kill()
	again := serveData(t, data)
	var got struct{ SHA256 string }
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	if code, page := again.get("/documents/" + got.SHA256); code != http.StatusOK {
		t.Errorf("got %d for a document that was acknowledged: %s", code, page)
	}
	if left := spoolFiles(t, data); len(left) != 0 {
		t.Errorf("got %v in the spool after a kill, want nothing", left)
	}
	if code := again.stop(); code != exitDone {
		t.Errorf("got exit code %d: %s", code, &again.stderr)
	}
	sound(t, data)
}

// half sends the first half of an upload and waits until it is being spooled.
func half(t *testing.T, s *served, path, data string) {
	t.Helper()
	at, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 100000\r\nContent-Disposition: attachment; filename=\"half.pdf\"\r\n\r\n%s", path, at.Host, strings.Repeat("x", 50000))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); len(spoolFiles(t, data)) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the upload never reached the spool")
		}
	}
}

func spoolFiles(t *testing.T, data string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(data, "spool", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// TestServeFinishesWhatWasBegun: an upload that is under way when the program
// is told to stop is still answered.
func TestServeFinishesWhatWasBegun(t *testing.T) {
	data, d := emptyOffice(t)
	s := serveData(t, data)
	body, writer := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, s.address+"api/v1/documents?unit="+string(d.Unit.ID)+"&period="+string(d.Period), body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Disposition", `attachment; filename="a.pdf"`)
	answered := make(chan error, 1)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.StatusCode != http.StatusCreated {
				err = errors.Join(err, fmt.Errorf("got %d, want 201", res.StatusCode))
			}
		}
		answered <- err
	}()
	if _, err := io.WriteString(writer, "begun"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); len(spoolFiles(t, data)) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the upload never reached the spool")
		}
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = writer.Close() })
	if code := s.stop(); code != exitDone {
		t.Errorf("got exit code %d: %s", code, &s.stderr)
	}
	if err := <-answered; err != nil {
		t.Errorf("the upload that was begun: %v", err)
	}
	sound(t, data)
}

// The demo ends as pages in a browser, on another port when the usual one is
// taken.
func TestDemoServes(t *testing.T) {
	dir := t.TempDir()
	s := &served{t: t, cmd: program(t, "demo", "--dir", filepath.Join(dir, "d"), "--rows", fmt.Sprint(demo.MinRows()))}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = &s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	lines := bufio.NewScanner(out)
	for s.address == "" && lines.Scan() {
		if _, after, found := strings.Cut(lines.Text(), "http://"); found {
			address, _, _ := strings.Cut(after, " ")
			s.address = "http://" + address
		}
	}
	if s.address == "" {
		t.Fatalf("got no address: %s", &s.stderr)
	}
	if code, body := s.get("/units/xa-thu-nghiem/2022/indicators/7.1.3"); code != http.StatusOK || !strings.Contains(body, "7.1.3") {
		t.Errorf("got status %d, want the indicator", code)
	}
	if code := s.stop(); code != exitDone {
		t.Errorf("got exit code %d, want %d: %s", code, exitDone, &s.stderr)
	}
}

// A program that is killed while it reads texts and indexes loses nothing that
// was acknowledged: whoever opens the data next completes it.
func TestKilledWhileFollowing(t *testing.T) {
	data, d := emptyOffice(t)
	query := []string{"search", "--data", data, "--json", "--limit", "500", "xã"}
	clean := ""
	for round, wait := range []time.Duration{0, 30 * time.Millisecond, 150 * time.Millisecond, 600 * time.Millisecond} {
		again := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(again, os.DirFS(data)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(again, "keys", "ledger.key"), 0o600); err != nil { // CopyFS opens it to all
			t.Fatal(err)
		}
		s := serveData(t, again)
		body, kind := formBody(t, someFiles(t, d.Files, 12)...)
		res, err := http.Post(s.address+"units/"+string(d.Unit.ID)+"/"+string(d.Period)+"/documents", kind, body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode >= 400 {
			t.Fatalf("got status %d for the upload", res.StatusCode)
		}
		time.Sleep(wait) // a moment of following to be killed in
		s.kill()
		query[2] = again
		var out, notes bytes.Buffer
		if code := run(t.Context(), &env{Stdout: &out, Stderr: &notes, Cwd: again, Lang: message.Vietnamese}, query); code != exitDone {
			t.Fatalf("searching after the kill: got exit code %d: %s", code, &notes)
		}
		if round == 0 {
			clean = out.String()
			if strings.Count(clean, "\n") < 12 {
				t.Fatalf("got %d hits, want one for each of 12 documents at least", strings.Count(clean, "\n"))
			}
		}
		if out.String() != clean {
			t.Errorf("killed after %v: got %d hits, want the same %d", wait, strings.Count(out.String(), "\n"), strings.Count(clean, "\n"))
		}
		out.Reset()
		if code := run(t.Context(), &env{Stdout: &out, Stderr: &notes, Cwd: again, Lang: message.Vietnamese}, []string{"check", "--data", again}); code != exitDone {
			t.Errorf("check after the kill: got exit code %d: %s", code, &out)
		}
	}
}

// someFiles are n files of a folder that have text.
func someFiles(t *testing.T, dir string, n int) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(data, []byte("%PDF-")) && bytes.Contains(data, []byte("/Font")) && !bytes.Contains(data, []byte("/Encrypt")) && len(paths) < n {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) < n {
		t.Fatalf("got %d files with text, want %d", len(paths), n)
	}
	return paths
}

// Pages that the index lost behind the program's back are there again when it
// serves.
func TestServeReconcilesTheIndex(t *testing.T) {
	data, d := emptyOffice(t)
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Cwd: data, Lang: message.Vietnamese}
	if code := run(t.Context(), e, []string{"import", "--data", data, "--unit", string(d.Unit.ID), "--period", string(d.Period), "--register", d.Register, "--files", d.Files}); code != exitDone {
		t.Fatalf("importing: got exit code %d", code)
	}
	lost := evidence.BookID{Unit: d.Unit.ID, Period: d.Period}
	e = &env{Stdout: io.Discard, Stderr: io.Discard, Cwd: data, Lang: message.Vietnamese, Data: data}
	err := withStore(t.Context(), e, func(ctx context.Context, s *session) error {
		index, err := s.Index()
		if err != nil {
			return err
		}
		var b search.Batch
		err = s.Store.View(ctx, s.Scope, lost, func(r evidence.Reader) error {
			docs, err := r.Documents(ctx)
			for _, doc := range docs {
				b.Delete = append(b.Delete, search.DocumentRef{Book: lost, Document: doc.SHA256})
			}
			return err
		})
		return errors.Join(err, index.Apply(ctx, b)) // the cursors stay: nothing looks missing
	})
	if err != nil {
		t.Fatal(err)
	}
	s := serveData(t, data)
	for range 600 {
		if _, body := s.get("/search?q=x%C3%A3"); strings.Contains(body, "/documents/") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("the lost pages are not found again: %s", &s.stderr)
}
