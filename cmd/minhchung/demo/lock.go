package demo

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
)

// passwordPad fills passwords up to 32 bytes (ISO 32000-2 7.6.4.3.2).
var passwordPad = []byte{
	0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
	0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
}

// permissions is the P entry: everything but the two reserved low bits.
const permissions = int32(-4)

var (
	objectStart  = regexp.MustCompile(`(?m)^(\d+) 0 obj\n`)
	lengthKey    = regexp.MustCompile(`/Length (\d+)`)
	literalInUse = regexp.MustCompile(`\(([A-Za-z]+)\)`)
)

// lock rewrites a file of gopdf's with a user password: AES-128, revision 4
// of the standard security handler (ISO 32000-2 7.6.4, 7.6.3.2).
func lock(file []byte, password string) ([]byte, error) {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	owner := ownerEntry([]byte(password))
	key := fileKey([]byte(password), owner, id)
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	starts := objectStart.FindAllSubmatchIndex(file, -1)
	offsets := make([]int, len(starts)+1)
	for i, m := range starts {
		num, err := strconv.Atoi(string(file[m[2]:m[3]]))
		if err != nil || num != i+1 {
			return nil, fmt.Errorf("object %d of a file of our own is out of order", i+1)
		}
		offsets[i] = out.Len()
		if err := lockObject(&out, key, num, file[m[1]:]); err != nil {
			return nil, err
		}
	}
	num := len(starts) + 1
	offsets[num-1] = out.Len()
	fmt.Fprintf(&out, "%d 0 obj\n<< /Filter /Standard /V 4 /R 4 /Length 128 /P %d /O <%x> /U <%x> /CF << /StdCF << /CFM /AESV2 /AuthEvent /DocOpen /Length 16 >> >> /StmF /StdCF /StrF /StdCF >>\nendobj\n",
		num, permissions, owner, userEntry(key, id))
	at := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", num+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<<\n/Size %d\n/Root 1 0 R\n/Encrypt %d 0 R\n/ID [<%x> <%x>]\n>>\nstartxref\n%d\n%%%%EOF\n", num+1, num, id, id, at)
	return out.Bytes(), nil
}

// lockObject copies one object with its stream and strings encrypted. The
// only strings gopdf writes outside streams are short literals of letters.
func lockObject(out *bytes.Buffer, key []byte, num int, rest []byte) error {
	dict, data, err := splitObject(rest)
	if err != nil {
		return fmt.Errorf("object %d of a file of our own: %w", num, err)
	}
	dict = literalInUse.ReplaceAllFunc(dict, func(s []byte) []byte {
		return fmt.Appendf(nil, "<%s>", hex.EncodeToString(encrypt(key, num, s[1:len(s)-1])))
	})
	fmt.Fprintf(out, "%d 0 obj\n", num)
	if data == nil {
		out.Write(dict)
	} else {
		locked := encrypt(key, num, data)
		out.Write(lengthKey.ReplaceAll(dict, fmt.Appendf(nil, "/Length %d", len(locked))))
		out.WriteString("stream\n")
		out.Write(locked)
		out.WriteString("\nendstream\n")
	}
	out.WriteString("endobj\n")
	return nil
}

// splitObject returns the text before the stream, and the stream's data or
// nil.
func splitObject(rest []byte) (dict, data []byte, err error) {
	end := bytes.Index(rest, []byte("endobj"))
	begin := bytes.Index(rest, []byte("stream\n"))
	if end < 0 {
		return nil, nil, fmt.Errorf("no end")
	}
	if begin < 0 || end < begin {
		return rest[:end], nil, nil
	}
	dict = rest[:begin]
	m := lengthKey.FindSubmatch(dict)
	if m == nil {
		return nil, nil, fmt.Errorf("a stream without a length")
	}
	n, err := strconv.Atoi(string(m[1]))
	begin += len("stream\n")
	if err != nil || begin+n > len(rest) {
		return nil, nil, fmt.Errorf("a stream of %s bytes", m[1])
	}
	return dict, rest[begin : begin+n], nil
}

func padded(password []byte) []byte { return append(bytes.Clone(password), passwordPad...)[:32] }

// ownerEntry is algorithm 3, the owner's password being the user's.
func ownerEntry(password []byte) []byte {
	sum := md5.Sum(padded(password))
	for range 50 {
		sum = md5.Sum(sum[:])
	}
	return rc4Rounds(sum[:], padded(password))
}

// fileKey is algorithm 2.
func fileKey(password, owner, id []byte) []byte {
	h := md5.New()
	h.Write(padded(password))
	h.Write(owner)
	binary.Write(h, binary.LittleEndian, permissions)
	h.Write(id)
	key := h.Sum(nil)
	for range 50 {
		sum := md5.Sum(key)
		key = sum[:]
	}
	return key
}

// userEntry is algorithm 5.
func userEntry(key, id []byte) []byte {
	sum := md5.Sum(append(bytes.Clone(passwordPad), id...))
	return append(rc4Rounds(key, sum[:]), make([]byte, 16)...)
}

// rc4Rounds encrypts twenty times with the key XOR 0, 1 … 19.
func rc4Rounds(key, data []byte) []byte {
	data = bytes.Clone(data)
	for i := range 20 {
		k := make([]byte, len(key))
		for j := range key {
			k[j] = key[j] ^ byte(i)
		}
		c, err := rc4.NewCipher(k)
		if err != nil {
			panic(fmt.Sprintf("demo: RC4 with %d key bytes: %v", len(k), err))
		}
		c.XORKeyStream(data, data)
	}
	return data
}

// encrypt is algorithm 1 for AES: CBC, PKCS #7 padding, the vector in front.
func encrypt(key []byte, num int, data []byte) []byte {
	h := md5.New()
	h.Write(key)
	h.Write([]byte{byte(num), byte(num >> 8), byte(num >> 16), 0, 0})
	h.Write([]byte("sAlT"))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic(fmt.Sprintf("demo: AES with an MD5 key: %v", err))
	}
	pad := aes.BlockSize - len(data)%aes.BlockSize
	out := make([]byte, aes.BlockSize, aes.BlockSize+len(data)+pad)
	rand.Read(out)
	out = append(append(out, data...), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], out[aes.BlockSize:])
	return out
}
