package conformance

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
	"minhchung/evidence/signature/worker"
)

// officeFile is a signed file of 188 kB as word processors write them: a
// hundred objects, fonts and content in Flate streams, one RSA-2048 signature.
func officeFile(s *setup) []byte {
	return signed(s, func(f *file) {
		noise := make([]byte, 1640)
		random := rand.New(rand.NewSource(1))
		for i := range 100 {
			random.Read(noise)
			f.put(1000+i, stream("/Filter/FlateDecode", pdftest.Flate(string(noise))))
		}
		f.next = 2000
	}, func(sig *seal) { sig.subFilter = "adbe.pkcs7.detached" }).Bytes()
}

// BenchmarkFile judges one file of 188 kB with everything on, beside what
// cannot be avoided and beside other verifiers, in one run. Floor A is SHA-256
// of the file and one RSA-2048 verification, floor B is A and two
// verifications of certificates.
func BenchmarkFile(b *testing.B) {
	s := newSetup(b)
	data := officeFile(s)
	if n := len(data); n < 186_000 || n > 190_000 {
		b.Fatalf("the file has %d bytes, want 188 kB", n)
	}
	key := s.person.Key.Public().(*rsa.PublicKey)
	sum := sha256.Sum256(data)
	sig, err := s.person.Key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	floor := func(b *testing.B, verifications int) {
		b.SetBytes(int64(len(data)))
		start := cpuTime()
		defer func() { b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op") }()
		for b.Loop() {
			floorOnce(b, key, data, sig, verifications)
		}
	}
	passes := func(b *testing.B, v signature.Verdict) {
		if v.Result != intact || v.Signatures[0].Indication != signature.TotalPassed {
			b.Errorf("got %s\n%s", v.Result, list(v))
		}
	}
	b.Run("floor-A", func(b *testing.B) { floor(b, 1) })
	b.Run("floor-B", func(b *testing.B) { floor(b, 3) })
	b.Run("ours", func(b *testing.B) {
		judger := signature.NewJudger(s.material, s.policy)
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		start := cpuTime()
		for b.Loop() {
			passes(b, judger.Judge(pdf.Read(data, syntax.Limits{}), nil, s.at))
		}
		b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op")
	})
	b.Run("ours-one-core", func(b *testing.B) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		judger := signature.NewJudger(s.material, s.policy)
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			passes(b, judger.Judge(pdf.Read(data, syntax.Limits{}), nil, s.at))
		}
	})
	b.Run("ours-pool", func(b *testing.B) { pooled(b, s, data, signature.Hash{}, passes) })
	// Intake knows the hash of what it received.
	b.Run("ours-pool-hashed", func(b *testing.B) { pooled(b, s, data, signature.HashOf(data), passes) })
	// What all cores do when they have nothing else to do, the parent's part
	// included: that is what a core does, times their number.
	b.Run("floor-B-all-cores", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		allCores(b, func() { floorOnce(b, key, data, sig, 3) })
	})
	b.Run("ours-pool-all-cores", func(b *testing.B) {
		sum := signature.HashOf(data)
		p := newPoolOf(b, s, runtime.GOMAXPROCS(0))
		b.SetBytes(int64(len(data)))
		allCores(b, func() {
			_, v, err := p.Inspect(context.Background(), worker.Job{Size: int64(len(data)), Body: bytes.NewReader(data), SHA256: sum, At: s.at})
			if err != nil {
				b.Error(err)
				return
			}
			passes(b, v)
		}, p.Close)
	})
	b.Run("pdfsign", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if loose, _ := pdfsignAccepts(data); loose != "accepted" {
				b.Fatalf("got %s", loose)
			}
		}
	})
	b.Run("pdfsig", func(b *testing.B) { process(b, data, "pdfsig", "-nocert") })
	b.Run("mutool", func(b *testing.B) { process(b, data, "mutool", "sign", "-v") })
}

func floorOnce(b *testing.B, key *rsa.PublicKey, data, sig []byte, verifications int) {
	sum := sha256.Sum256(data)
	for range verifications {
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig); err != nil {
			b.Error(err)
		}
	}
}

// allCores runs once twice for each core at the same time, as often as the
// benchmark wants, and reports the processor time of this process and of
// children that ended by the time each end has run.
func allCores(b *testing.B, once func(), ends ...func() error) {
	b.SetParallelism(2)
	once()
	start := cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			once()
		}
	})
	b.StopTimer()
	for _, end := range ends {
		if err := end(); err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op")
}

// pooled measures the pool. Beside the time of the clock it reports the
// processor time of parent and child together, which is what a core has for
// files; the child ends before it is taken.
func pooled(b *testing.B, s *setup, data []byte, sum signature.Hash, passes func(*testing.B, signature.Verdict)) {
	p := newPool(b, s)
	inspect(b, p, data, s.at)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		_, v, err := p.Inspect(context.Background(), worker.Job{Size: int64(len(data)), Body: bytes.NewReader(data), SHA256: sum, At: s.at})
		if err != nil {
			b.Fatal(err)
		}
		passes(b, v)
	}
	b.StopTimer()
	p.Close()
	b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op")
}

func process(b *testing.B, data []byte, command ...string) {
	if _, err := exec.LookPath(command[0]); err != nil {
		b.Skip(err)
	}
	path := filepath.Join(b.TempDir(), "office.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		out, err := exec.Command(command[0], append(command[1:], path)...).CombinedOutput()
		if err != nil && !bytes.Contains(out, []byte("erifying signature")) {
			b.Fatalf("%v: %s", err, out)
		}
	}
}
