package postgres

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

// TestArraysAreEncodedAsByPgx compares the bytes with those of pgx's own codec,
// and asks the server what it read.
func TestArraysAreEncodedAsByPgx(t *testing.T) {
	ctx, s := t.Context(), openTest(t)
	c := connect(t, s.database.App)
	if err := registerArrays(ctx, c); err != nil {
		t.Fatal(err)
	}
	plain := pgtype.NewMap()
	long := bytes.Repeat([]byte{0, 1, 0xff}, 100_000)
	for _, value := range []any{
		[][]byte(nil), [][]byte{}, [][]byte{nil}, [][]byte{{}}, [][]byte{long, nil, {}, {7}},
		[]string(nil), []string{}, []string{""}, []string{"", "Báo cáo, \"số\" {1}\\", "NULL"},
	} {
		oid, query := uint32(pgtype.TextArrayOID), `SELECT $1::text[]`
		if _, ok := value.([][]byte); ok {
			oid, query = pgtype.ByteaArrayOID, `SELECT $1::bytea[]`
		}
		want, err := plain.Encode(oid, pgtype.BinaryFormatCode, value, []byte("before"))
		got, err2 := c.TypeMap().Encode(oid, pgtype.BinaryFormatCode, value, []byte("before"))
		if err != nil || err2 != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%.60q: got %.60x and %v, pgx has %.60x and %v", value, got, err2, want, err)
		}
		back := reflect.New(reflect.TypeOf(value))
		if err := c.QueryRow(ctx, query, value).Scan(back.Interface()); err != nil || !reflect.DeepEqual(back.Elem().Interface(), value) {
			t.Errorf("%.60q: the server read %.60q and %v", value, back.Elem().Interface(), err)
		}
	}
}
