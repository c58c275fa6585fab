package syntax

// Bytes returns the string, unescaped and decrypted. It may share memory with
// the file and must not be changed.
func (s String) Bytes() []byte { return nil }

// objectKey decrypts strings and streams of one object.
type objectKey struct{}

// Raw returns the bytes of a stream as they are in the file, still encrypted
// and encoded. A wrong Length is corrected by looking for endstream inside
// the revision that wrote the stream.
func (r *Revision) Raw(s *Stream) ([]byte, error) { return nil, ErrDamaged }

// Decode returns a stream's data with all its filters undone. A stream that
// breaks off returns what came before together with an ErrDamaged; an image
// codec or an unknown filter is ErrFilter.
func (r *Revision) Decode(s *Stream) ([]byte, error) { return nil, ErrDamaged }
