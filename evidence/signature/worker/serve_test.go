package worker

import (
	"encoding/json"
	"testing"
	"time"

	"minhchung/evidence/signature"
)

// The child's work without a process and without limits.
func TestAnswerInProcess(t *testing.T) {
	r := &reader{engine: defaultEngine}
	answer, err := r.open(json.RawMessage(`{"AnswerBytes":1000000}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, policy := range []string{"", "p"} { // without a briefing and after one
		if policy != "" {
			if err := r.brief([]byte(`{"Policy":{"ID":"p"}}`)); err != nil {
				t.Fatal(err)
			}
		}
		ask, err := encode(&request{})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := answer(ask, []byte("file"), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var a answerMessage
		if err := decode(raw, &a); err != nil {
			t.Fatal(err)
		}
		if a.Facts.SHA256 != signature.HashOf([]byte("file")) || a.Verdict.Policy != policy {
			t.Errorf("got %v under policy %q, want the file's own under %q", a.Facts.SHA256, a.Verdict.Policy, policy)
		}
	}
}

func TestNonsenseFromTheParent(t *testing.T) {
	for _, setup := range []string{"", "null", "{}", `{"AnswerBytes":-1}`} {
		if _, err := new(reader).open(json.RawMessage(setup)); err == nil {
			t.Errorf("setup %q: got no error", setup)
		}
	}
	if err := new(reader).brief([]byte("{")); err == nil {
		t.Error("a briefing that is no JSON: got no error")
	}
	if _, err := new(reader).answer([]byte{1}, nil, time.Time{}); err == nil {
		t.Error("half a request: got no error")
	}
}
