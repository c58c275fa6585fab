package worker

import (
	"errors"
	"math/rand"
	"reflect"
	"testing"
	"time"

	"minhchung/evidence/signature"
)

// full fills every field of a value with something that is not zero, so that
// one that is not carried is missed on the other side.
func full(v reflect.Value, random *rand.Rand) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("chữ " + string(rune('a'+random.Intn(26))))
	case reflect.Int, reflect.Int64:
		v.SetInt(random.Int63() + 1)
	case reflect.Uint8:
		v.SetUint(uint64(random.Intn(255) + 1))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		full(v.Elem(), random)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		full(v.Index(0), random)
		full(v.Index(1), random)
	case reflect.Array:
		for i := range v.Len() {
			full(v.Index(i), random)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		full(key, random)
		full(value, random)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			at := time.Unix(random.Int63n(4e9), random.Int63n(1e9)).In(time.FixedZone("", 7*3600))
			v.Set(reflect.ValueOf(at))
			return
		}
		for i := range v.NumField() {
			full(v.Field(i), random)
		}
	default:
		panic("a kind that is not carried: " + v.Kind().String())
	}
}

// sameTimes lets times compare by what they show: their location is a pointer.
func sameTimes(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			sameTimes(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			sameTimes(v.Index(i))
		}
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			_, offset := at.Zone()
			v.Set(reflect.ValueOf(at.Add(time.Duration(offset) * time.Second).UTC()))
			return
		}
		for i := range v.NumField() {
			sameTimes(v.Field(i))
		}
	}
}

// Every field of an answer and of a request arrives as it was sent, nil lists
// as nil and empty ones as empty.
func TestEveryFieldIsCarried(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, test := range []struct{ sent, got interface{ fields(*coder) } }{
		{&answerMessage{}, &answerMessage{}},
		{&request{}, &request{}},
		{&answerMessage{Verdict: signature.Verdict{Signatures: []signature.SignatureVerdict{{ChangeList: []signature.Change{}}}}}, &answerMessage{}},
		{new(answerMessage), new(answerMessage)},
		{new(request), new(request)},
	} {
		if reflect.ValueOf(test.sent).Elem().IsZero() && test.sent != nil {
			full(reflect.ValueOf(test.sent).Elem(), random)
		}
		raw, err := encode(test.sent)
		if err != nil {
			t.Fatal(err)
		}
		if err := decode(raw, test.got); err != nil {
			t.Fatal(err)
		}
		sameTimes(reflect.ValueOf(test.sent))
		sameTimes(reflect.ValueOf(test.got))
		if !reflect.DeepEqual(test.sent, test.got) {
			t.Errorf("got %+v\nwant %+v", test.got, test.sent)
		}
		for n := range raw { // an answer cut anywhere is no answer
			if err := decode(raw[:n], test.got); !errors.Is(err, errWire) {
				t.Fatalf("the first %d of %d bytes: got %v, want %v", n, len(raw), err, errWire)
			}
		}
	}
}

// What cannot be kept as JSON or in the ledger does not get through.
func TestWhatIsNotCarried(t *testing.T) {
	name := signature.SignatureFacts{Name: "a\xff\xfeb"}
	raw, err := encode(&answerMessage{Facts: signature.Facts{Signatures: []signature.SignatureFacts{name}}})
	if err != nil {
		t.Fatal(err)
	}
	var got answerMessage
	if err := decode(raw, &got); err != nil || got.Facts.Signatures[0].Name != "a\ufffd\ufffdb" {
		t.Errorf("got %q, %v, want both bytes replaced", got.Facts.Signatures[0].Name, err)
	}
	far := time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := encode(&request{At: far}); !errors.Is(err, errWire) {
		t.Errorf("the year 10,000: got %v, want %v", err, errWire)
	}
	for _, raw := range []string{"\x03", "\x02\x02\xff", "\xfe\xff\xff\xff\x0f"} { // a negative length, no UTF-8, a length beyond the end
		var s string
		c := &coder{buf: []byte(raw)}
		str(c, &s)
		str(c, &s)
		if !errors.Is(c.end(), errWire) {
			t.Errorf("%q: got %q, %v, want %v", raw, s, c.err, errWire)
		}
	}
}
