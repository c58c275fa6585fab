package syntax

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"
)

// method is how strings or streams are encrypted (ISO 32000-2 table 25, CFM).
type method uint8

const (
	methodNone method = iota
	methodRC4
	methodAES128
	methodAES256
)

// crypt is the state of the standard security handler (ISO 32000-2 7.6.4),
// opened with the empty user password.
type crypt struct {
	key       []byte
	strings   method
	streams   method
	filters   map[Name]method
	metadata  bool // whether Metadata streams are encrypted
	exemptNum int  // the encryption dictionary itself, or -1
}

// objectKey decrypts the strings and the stream of one object.
type objectKey struct {
	crypt    *crypt
	num, gen int
}

// keyOf returns what decrypts an object, nil when nothing does.
func (f *File) keyOf(num, gen int) *objectKey {
	if f.crypt == nil || num == f.crypt.exemptNum {
		return nil
	}
	return &objectKey{crypt: f.crypt, num: num, gen: gen}
}

// padding is the string of ISO 32000-2 7.6.4.3.2, algorithm 2, step a.
var padding = []byte{
	0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
	0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
}

// decryption opens the file with the empty user password.
func (f *File) decryption() error {
	r := f.Last()
	encrypt := r.trailer.Get("Encrypt")
	f.encryptedAlike(encrypt)
	if IsNull(encrypt) {
		return nil
	}
	d, err := r.Dict(encrypt)
	if err != nil || d == nil {
		return fmt.Errorf("no encryption dictionary: %w", ErrEncrypted)
	}
	c := &crypt{exemptNum: -1, metadata: true}
	if ref, ok := encrypt.(Ref); ok {
		c.exemptNum = ref.Num
	}
	if b, ok := r.value(d, "EncryptMetadata").(Bool); ok {
		c.metadata = bool(b)
	}
	if filter := r.value(d, "Filter"); filter != Name("Standard") {
		return fmt.Errorf("another security handler than the standard one: %w", ErrEncrypted)
	}
	version := r.integer(d, "V")
	if err := c.methods(r, d, version); err != nil {
		return err
	}
	if version == 5 {
		c.key, err = r.key256(d)
	} else {
		c.key, err = r.keyMD5(d, version, c)
	}
	if err != nil {
		return err
	}
	f.crypt = c
	clear(f.cache) // what was parsed before was parsed without a key
	f.cacheNodes = 0
	return nil
}

// encryptedAlike notes when the revisions are not encrypted in the same way:
// then what an older one said cannot be told with the key of the newest.
func (f *File) encryptedAlike(encrypt Object) {
	ref, indirect := encrypt.(Ref)
	for i, r := range f.revisions {
		if !equal(r.trailer.Get("Encrypt"), encrypt) {
			f.fault("revision %d is encrypted otherwise than the last one", i+1)
		}
		if indirect && i > 0 && slices.Contains(r.Changed(), ref.Num) {
			f.fault("revision %d replaces the encryption dictionary", i+1)
		}
	}
}

// equal compares two direct objects by value; references are equal when they
// name the same object.
func equal(a, b Object) bool {
	switch a := a.(type) {
	case String:
		b, ok := b.(String)
		return ok && bytes.Equal(a.Bytes(), b.Bytes())
	case Array:
		b, ok := b.(Array)
		return ok && slices.EqualFunc(a, b, equal)
	case *Dict:
		b, ok := b.(*Dict)
		return ok && slices.EqualFunc(a.Entries, b.Entries, func(x, y Entry) bool {
			return x.Key == y.Key && equal(x.Value, y.Value)
		})
	case *Stream:
		return false
	}
	switch b.(type) {
	case String, Array, *Dict, *Stream:
		return false
	}
	return a == b
}

// value returns a resolved entry, Null when it cannot be had.
func (r *Revision) value(d *Dict, key Name) Object {
	v, err := r.Resolve(d.Get(key))
	if err != nil {
		return Null{}
	}
	return v
}

func (r *Revision) integer(d *Dict, key Name) int64 {
	n, _ := r.value(d, key).(Integer)
	return int64(n)
}

func (r *Revision) bytes(d *Dict, key Name) []byte {
	s, ok := r.value(d, key).(String)
	if !ok {
		return nil
	}
	return s.Bytes()
}

// methods reads what encrypts strings and streams (ISO 32000-2 7.6.6).
func (c *crypt) methods(r *Revision, d *Dict, version int64) error {
	switch version {
	case 1, 2:
		c.strings, c.streams = methodRC4, methodRC4
		return nil
	case 4, 5:
	default:
		return fmt.Errorf("encryption version %d: %w", version, ErrEncrypted)
	}
	c.filters = map[Name]method{"Identity": methodNone}
	cf, _ := r.value(d, "CF").(*Dict)
	if cf != nil {
		for _, e := range cf.Entries {
			filter, err := r.Dict(e.Value)
			if err != nil || filter == nil {
				continue
			}
			switch r.value(filter, "CFM") {
			case Name("V2"):
				c.filters[e.Key] = methodRC4
			case Name("AESV2"):
				c.filters[e.Key] = methodAES128
			case Name("AESV3"):
				c.filters[e.Key] = methodAES256
			case Name("None"), Null{}:
				c.filters[e.Key] = methodNone
			}
		}
	}
	var err error
	if c.strings, err = c.named(r.value(d, "StrF")); err == nil {
		c.streams, err = c.named(r.value(d, "StmF"))
	}
	return err
}

// named returns the method of a crypt filter; none named is Identity.
func (c *crypt) named(o Object) (method, error) {
	name, ok := o.(Name)
	if !ok {
		return methodNone, nil
	}
	m, ok := c.filters[name]
	if !ok {
		return methodNone, fmt.Errorf("crypt filter %q: %w", string(name), ErrEncrypted)
	}
	return m, nil
}

// keyMD5 makes and checks the file key of revisions 2 to 4 (algorithms 2, 4
// to 6).
func (r *Revision) keyMD5(d *Dict, version int64, c *crypt) ([]byte, error) {
	revision := r.integer(d, "R")
	bits := r.integer(d, "Length")
	switch {
	case version == 1 || bits == 0 && version == 2:
		bits = 40
	case version == 4:
		bits = 128
	}
	if bits < 40 || bits > 128 || bits%8 != 0 || revision < 2 || revision > 4 {
		return nil, fmt.Errorf("key length %d, revision %d: %w", bits, revision, ErrEncrypted)
	}
	n := int(bits / 8)
	owner, user := r.bytes(d, "O"), r.bytes(d, "U")
	if len(owner) < 32 || len(user) < 16 {
		return nil, fmt.Errorf("short password entries: %w", ErrEncrypted)
	}
	ids, _ := r.value(r.trailer, "ID").(Array)
	var id []byte
	if len(ids) > 0 {
		if v, err := r.Resolve(ids[0]); err == nil {
			s, _ := v.(String)
			id = s.Bytes()
		}
	}
	in := slices.Concat(padding, owner[:32])
	in = binary.LittleEndian.AppendUint32(in, uint32(r.integer(d, "P")))
	in = append(in, id...)
	if revision >= 4 && !c.metadata {
		in = append(in, 0xff, 0xff, 0xff, 0xff)
	}
	sum := md5.Sum(in)
	if revision >= 3 {
		for range 50 {
			sum = md5.Sum(sum[:n])
		}
	}
	key := slices.Clone(sum[:n])
	if !rightKey(key, revision, user, id) {
		return nil, fmt.Errorf("a password is needed: %w", ErrEncrypted)
	}
	return key, nil
}

func rightKey(key []byte, revision int64, user, id []byte) bool {
	if revision == 2 {
		return len(user) >= 32 && subtle.ConstantTimeCompare(crypted(key, padding), user[:32]) == 1
	}
	sum := md5.Sum(slices.Concat(padding, id))
	x := sum[:]
	step := make([]byte, len(key))
	for i := range 20 {
		for k := range key {
			step[k] = key[k] ^ byte(i)
		}
		x = crypted(step, x)
	}
	return subtle.ConstantTimeCompare(x, user[:16]) == 1
}

// crypted runs RC4, which undoes itself.
func crypted(key, data []byte) []byte {
	out := make([]byte, len(data))
	c, err := rc4.NewCipher(key)
	if err != nil {
		return out // no key of ours has a length outside 1 to 256
	}
	c.XORKeyStream(out, data)
	return out
}

// key256 makes and checks the file key of revisions 5 and 6 (algorithm 2.A).
func (r *Revision) key256(d *Dict) ([]byte, error) {
	user, wrapped := r.bytes(d, "U"), r.bytes(d, "UE")
	if len(user) < 48 || len(wrapped) < 32 {
		return nil, fmt.Errorf("short password entries: %w", ErrEncrypted)
	}
	var hash func(salt []byte) []byte
	switch revision := r.integer(d, "R"); revision {
	case 5:
		hash = func(salt []byte) []byte { s := sha256.Sum256(salt); return s[:] }
	case 6:
		hash = hash2B
	default:
		return nil, fmt.Errorf("revision %d: %w", revision, ErrEncrypted)
	}
	if subtle.ConstantTimeCompare(hash(user[32:40]), user[:32]) != 1 {
		return nil, fmt.Errorf("a password is needed: %w", ErrEncrypted)
	}
	block, err := aes.NewCipher(hash(user[40:48]))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", err, ErrEncrypted)
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(key, wrapped[:32])
	return key, nil
}

// hash2B is algorithm 2.B for the empty user password. Its number of rounds
// depends on the data; it ends after 64 to 287 of them.
func hash2B(salt []byte) []byte {
	first := sha256.Sum256(salt)
	k := first[:]
	for i := 0; ; i++ {
		k1 := slices.Repeat(k, 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(k1, k1)
		sum := 0
		for _, c := range k1[:16] {
			sum += int(c)
		}
		switch sum % 3 {
		case 0:
			h := sha256.Sum256(k1)
			k = h[:]
		case 1:
			h := sha512.Sum384(k1)
			k = h[:]
		default:
			h := sha512.Sum512(k1)
			k = h[:]
		}
		if i >= 63 && int(k1[len(k1)-1]) <= i-31 {
			return k[:32] // at the latest when i reaches 286
		}
	}
}

// decrypt undoes the encryption of a stream's data.
func (s *Stream) decrypt(raw []byte, filters []filter) ([]byte, error) {
	if s.key == nil {
		return raw, nil
	}
	c := s.key.crypt
	m := c.streams
	if s.Dict.Get("Type") == Name("XRef") ||
		s.Dict.Get("Type") == Name("Metadata") && !c.metadata {
		m = methodNone
	}
	if len(filters) > 0 && filters[0].name == "Crypt" {
		var err error
		if m, err = c.named(filters[0].parms.Get("Name")); err != nil {
			return nil, err
		}
	}
	out, ok := s.key.undo(m, raw)
	if !ok {
		return nil, fmt.Errorf("broken encrypted stream at offset %d: %w", s.Start, ErrDamaged)
	}
	return out, nil
}

// string decrypts a string; one that is not properly encrypted is empty.
func (k *objectKey) string(plain []byte) []byte {
	out, ok := k.undo(k.crypt.strings, plain)
	if !ok {
		return nil
	}
	return out
}

// undo decrypts with the key of the object (algorithm 1 and 1.A).
func (k *objectKey) undo(m method, data []byte) ([]byte, bool) {
	switch m {
	case methodNone:
		return data, true
	case methodRC4:
		return crypted(k.derive(nil), data), true
	case methodAES128:
		return unCBC(k.derive([]byte("sAlT")), data)
	default:
		return unCBC(k.crypt.key, data)
	}
}

// zeros reports whether data, decrypted, is zero from a byte of the encrypted
// data on, of which everything before was overwritten.
func (k *objectKey) zeros(data []byte, from int) bool {
	const size = aes.BlockSize
	m, start := k.crypt.strings, from
	switch m {
	case methodNone:
		return false
	case methodAES128, methodAES256:
		if len(data)%size != 0 {
			return false
		}
		// To decrypt a block takes the one before it; what comes out stands
		// a block further to the front, where the vector was.
		start = (from + size - 1) / size * size
	}
	plain, ok := k.undo(m, data)
	if !ok || len(plain) < start+2*size {
		return false
	}
	for _, c := range plain[start:] {
		if c != 0 {
			return false
		}
	}
	return true
}

func (k *objectKey) derive(salt []byte) []byte {
	in := slices.Concat(k.crypt.key, []byte{
		byte(k.num), byte(k.num >> 8), byte(k.num >> 16), byte(k.gen), byte(k.gen >> 8)}, salt)
	sum := md5.Sum(in)
	return sum[:min(len(k.crypt.key)+5, 16)]
}

// unCBC undoes AES in CBC mode with the vector in front and PKCS #7 padding
// behind (ISO 32000-2 7.6.3.1).
func unCBC(key, data []byte) ([]byte, bool) {
	const size = aes.BlockSize
	if len(data) == 0 {
		return nil, true
	}
	if len(data) < size {
		return nil, false
	}
	vector, body := data[:size], data[size:]
	body = body[:len(body)/size*size]
	if len(body) == 0 {
		return nil, true
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, false
	}
	out := make([]byte, len(body))
	cipher.NewCBCDecrypter(block, vector).CryptBlocks(out, body)
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= size {
		out = out[:len(out)-pad]
	}
	return out, true
}
