package conformance

import (
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"strconv"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/worker"
	"minhchung/evidence/worker/workertest"
)

// largeFile is a signed file of about so many bytes: scans that do not shrink.
func largeFile(s *setup, size int) []byte {
	const scan = 1 << 20
	noise := make([]byte, scan)
	return signed(s, func(f *file) {
		random := rand.New(rand.NewSource(1))
		for i := range size / scan {
			random.Read(noise)
			f.put(1000+i, stream("/Type/XObject/Subtype/Image/Width 1024/Height 1024/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/FlateDecode", pdftest.Flate(string(noise))))
		}
		f.next = 1000 + size/scan + 1
	}, func(sig *seal) { sig.subFilter = "adbe.pkcs7.detached" }).Bytes()
}

// memoryOf returns what a process needed at its peak besides the pages of its
// program, and those pages. The kernel keeps them once for all processes that
// run the program and can drop them at any time; how many it maps around each
// one that is touched is its own choice (25 MB of the 53 of ours before the
// first file). It grows with the process, so own is too small by what was
// mapped after the peak.
func memoryOf(t *testing.T, pid int) (own, program int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	kib := func(name string) int {
		found := regexp.MustCompile(name + `:\s*(\d+) kB`).FindSubmatch(status)
		if found == nil {
			t.Fatalf("no %s in %s", name, status)
		}
		n, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	program = kib("RssFile")
	return kib("VmHWM") - program, program
}

// TestMemoryOfLargeFiles: the child that judges a file needs at most the file
// and 32 MB more at its peak. Of this test's own program the pages are counted
// too; those of the whole program, which has a database and a search engine in
// it, are only named.
func TestMemoryOfLargeFiles(t *testing.T) {
	if worker.Instrumentation() > 0 {
		t.Skip("the race detector has memory of its own")
	}
	s := newSetup(t)
	for _, size := range []int{188 << 10, 3 << 20, 16 << 20, 49 << 20} {
		var data []byte
		if size < 1<<20 {
			data = officeFile(s)
		} else {
			data = largeFile(s, size)
		}
		p := newPool(t, s)
		for range 3 { // the second and third meet what the first left behind
			if _, v := inspect(t, p, data, s.at); v.Result != intact {
				t.Fatalf("got %s (%s)", v.Result, v.Reason)
			}
		}
		for _, id := range workertest.Children(os.Getpid()) {
			own, program := memoryOf(t, id)
			fmt.Printf("corpus| memory: %.1f MB in the child at its peak for a file of %.1f MB, and %.1f MB of the program's pages\n",
				float64(own)/1024, float64(len(data))/(1<<20), float64(program)/1024)
			counted := own
			if os.Getenv("MINHCHUNG_PROGRAM") == "" {
				counted += program
			}
			if most := len(data)>>10 + 32<<10; counted > most {
				t.Errorf("got %d kB for a file of %d kB, want at most %d", counted, len(data)>>10, most)
			}
		}
		p.Close()
	}
}
