package signature_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

// TestJudgerForgetsNothingThatCounts: a Judger that met more certificates
// than it keeps, from several files at once, gives the verdicts of a new one.
func TestJudgerForgetsNothingThatCounts(t *testing.T) {
	s := newSetup(t)
	judger := signature.NewJudger(s.material, s.policy)
	var files []signature.Facts
	for i := range 12 {
		s.msg.Certificates = [][]byte{s.w.signer.DER}
		for j := range 30 {
			s.msg.Certificates = append(s.msg.Certificates, s.w.attackerCA.Issue(fmt.Sprintf("Người lạ %d-%d", i, j), st.AsCA).DER)
		}
		files = append(files, s.file())
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for _, f := range files {
				got, want := judger.Judge(f, nil, s.at), signature.Judge(f, s.material, s.policy, nil, s.at)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
				got.Signatures[0].Signer.Role = "changed by the caller"
			}
		})
	}
	wg.Wait()
}
