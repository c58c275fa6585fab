package postgres

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// array encodes arrays of bytes and of strings for one statement over many
// rows. pgx's own codec asks for the plan of every element by reflection and
// lets its buffer grow as they come, which for a megabyte copies most of it
// several times. Everything else is left to it.
type array struct {
	*pgtype.ArrayCodec
}

// registerArrays prepares a new connection.
func registerArrays(_ context.Context, c *pgx.Conn) error {
	for _, oid := range []uint32{pgtype.ByteaArrayOID, pgtype.TextArrayOID} {
		known, ok := c.TypeMap().TypeForOID(oid)
		if !ok {
			continue
		}
		if codec, ok := known.Codec.(*pgtype.ArrayCodec); ok {
			c.TypeMap().RegisterType(&pgtype.Type{Name: known.Name, OID: oid, Codec: array{codec}})
		}
	}
	return nil
}

// PlanEncode implements pgtype.Codec.
func (a array) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if format == pgtype.BinaryFormatCode {
		switch value.(type) {
		case [][]byte:
			return elements[[]byte]{a.ElementType.OID, func(b []byte) bool { return b == nil }}
		case []string:
			return elements[string]{a.ElementType.OID, func(string) bool { return false }}
		}
	}
	return a.ArrayCodec.PlanEncode(m, oid, format, value)
}

// elements is the plan of a slice of T.
type elements[T ~[]byte | ~string] struct {
	oid  uint32
	null func(T) bool
}

// Encode implements pgtype.EncodePlan with what array_recv of PostgreSQL's
// arrayfuncs.c reads: the number of dimensions, whether there are NULLs, the
// type, length and lower bound, then each element behind its length, which is
// -1 for NULL.
func (p elements[T]) Encode(value any, buf []byte) ([]byte, error) {
	list := value.([]T)
	if list == nil {
		return nil, nil
	}
	size, nulls := 5*4, uint32(0)
	for _, e := range list {
		size += 4 + len(e)
		if p.null(e) {
			nulls = 1
		}
	}
	buf = slices.Grow(buf, size)
	for _, n := range []uint32{1, nulls, p.oid, uint32(len(list)), 1} {
		buf = binary.BigEndian.AppendUint32(buf, n)
	}
	for _, e := range list {
		if p.null(e) {
			buf = binary.BigEndian.AppendUint32(buf, ^uint32(0))
			continue
		}
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(e)))
		buf = append(buf, e...)
	}
	return buf, nil
}
