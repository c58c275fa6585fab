package object

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestCompare(t *testing.T) {
	b := bytes.Repeat([]byte("evidence"), 12_345)
	changed := bytes.Clone(b)
	changed[len(b)-1] ^= 1
	broken := errors.New("the cable was pulled")
	for name, c := range map[string]struct {
		body io.Reader
		want error
	}{
		"the same":            {bytes.NewReader(b), nil},
		"byte by byte":        {iotest.OneByteReader(bytes.NewReader(b)), nil},
		"with its end":        {iotest.DataErrReader(bytes.NewReader(b)), nil},
		"changed":             {bytes.NewReader(changed), ErrCorrupt},
		"changed, one by one": {iotest.OneByteReader(bytes.NewReader(changed)), ErrCorrupt},
		"shorter":             {bytes.NewReader(b[:len(b)-1]), ErrCorrupt},
		"a whole window less": {bytes.NewReader(b[:32<<10]), ErrCorrupt},
		"longer":              {bytes.NewReader(append(bytes.Clone(b), 0)), ErrCorrupt},
		"nothing":             {bytes.NewReader(nil), ErrCorrupt},
		"broken":              {io.MultiReader(bytes.NewReader(b[:99]), iotest.ErrReader(broken)), broken},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // it does not read the Content
				if err := NewContent(b).Compare(c.body); !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Fatalf("got %v, want %v", err, c.want)
				}
				if c.want != nil {
					return
				}
				c.body = bytes.NewReader(b)
			}
		})
	}
	if err := NewContent(nil).Compare(bytes.NewReader(nil)); err != nil {
		t.Errorf("nothing with nothing: %v", err)
	}
}
