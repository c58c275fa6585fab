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

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// TestMemoryOfLargeFiles: the child that judges a file needs at most the file
// and 32 MB more, everything in it counted, at its peak.
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
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
			if err != nil {
				t.Fatal(err)
			}
			kib, err := strconv.Atoi(string(highWater.FindSubmatch(status)[1]))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Printf("corpus| memory: %.1f MB in the child at its peak for a file of %.1f MB\n", float64(kib)/1024, float64(len(data))/(1<<20))
			if most := len(data)>>10 + 32<<10; kib > most {
				t.Errorf("got %d kB for a file of %d kB, want at most %d", kib, len(data)>>10, most)
			}
		}
		p.Close()
	}
}
