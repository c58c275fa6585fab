package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/worker"
)

// reuseBytes is the largest buffer that is kept for the next file.
const reuseBytes = 4 << 20

// setup is what the pool tells a child once.
type setup struct{ AnswerBytes int64 }

// briefing is what children are told once and again after each change.
type briefing struct {
	Material signature.Material
	Policy   signature.Policy
}

// request is what is asked about a file.
type request struct {
	Proofs []signature.Proof
	At     time.Time
	Ask    bool // for the questions too
}

type answerMessage struct {
	Facts     signature.Facts
	Verdict   signature.Verdict
	Questions []signature.Question
}

// Main is the child: it limits its own process, then reads and judges one
// file after another until in ends; see worker.Child.Serve.
func Main(in io.Reader, out io.Writer) error {
	r := &reader{engine: defaultEngine}
	return worker.Child{Open: r.open, Brief: r.brief, ReuseBytes: reuseBytes, GCPercent: 400}.Serve(in, out)
}

// reader is the child's work.
type reader struct {
	engine      engine
	answerBytes int64
	judge       judgment // by the last briefing; nil before anything is judged
	buf         []byte   // of the last answer
}

func (r *reader) open(raw json.RawMessage) (worker.Engine, error) {
	var s setup
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if s.AnswerBytes <= 0 {
		return nil, errors.New("a setup without a limit of the answer")
	}
	r.answerBytes = s.AnswerBytes
	return r.answer, nil
}

func (r *reader) brief(raw []byte) error {
	var b briefing
	if err := json.Unmarshal(raw, &b); err != nil {
		return err
	}
	r.judge = r.engine.prepare(b.Material, b.Policy)
	return nil
}

// answer reads and judges. An answer that is too long is replaced by facts
// that say so: that is a property of the file.
func (r *reader) answer(raw json.RawMessage, data []byte, _ time.Time) ([]byte, error) {
	var ask request
	if err := decode(raw, &ask); err != nil {
		return nil, err
	}
	facts := r.engine.read(data)
	answer, err := r.encode(facts, ask)
	if err != nil || int64(len(answer)) <= r.answerBytes {
		return answer, err
	}
	return r.encode(signature.Facts{
		Reader: facts.Reader, SHA256: facts.SHA256, Size: facts.Size, Format: facts.Format,
		Condition: signature.OverLimit,
		Problem:   fmt.Sprintf("what was found in the file takes more than %d bytes", r.answerBytes),
	}, ask)
}

func (r *reader) encode(facts signature.Facts, ask request) ([]byte, error) {
	if r.judge == nil {
		r.judge = r.engine.prepare(signature.Material{}, signature.Policy{})
	}
	if cap(r.buf) > reuseBytes {
		r.buf = nil
	}
	answer := answerMessage{Facts: facts, Verdict: r.judge.Judge(facts, ask.Proofs, ask.At)}
	if ask.Ask {
		answer.Questions = r.judge.Questions(facts, ask.Proofs, ask.At)
	}
	var err error
	r.buf, err = appendTo(r.buf[:0], &answer)
	return r.buf, err
}
