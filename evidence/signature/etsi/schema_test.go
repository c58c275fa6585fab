package etsi

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGoldensFollowTheSchema validates the golden files against the schema of
// the standard, which is not ours to keep: MINHCHUNG_ETSI_SCHEMAS names the
// folder that deploy/test/etsi/validate.sh filled.
func TestGoldensFollowTheSchema(t *testing.T) {
	folder := os.Getenv("MINHCHUNG_ETSI_SCHEMAS")
	if folder == "" {
		t.Skip("MINHCHUNG_ETSI_SCHEMAS names no folder of schemas: see deploy/test/etsi/validate.sh")
	}
	goldens, err := filepath.Glob(testdata("*.xml"))
	if err != nil || len(goldens) == 0 {
		t.Fatalf("got %d golden files, %v", len(goldens), err)
	}
	out, err := exec.Command("../../../deploy/test/etsi/validate.sh", append([]string{folder}, goldens...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
