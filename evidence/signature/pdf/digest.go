package pdf

import (
	"crypto/sha256"
	"hash"
	"slices"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
)

// maxAlgorithms bounds the hash functions of one signature.
const maxAlgorithms = 8

// job is one digest over pieces of the file.
type job struct {
	algorithm string
	pieces    []segment
	sum       []byte
}

// digester hashes each distinct range once for each algorithm. Ranges start
// at 0 as a rule, so that the bytes they share with each other and with the
// whole file are hashed only once.
type digester struct {
	data []byte
	jobs []*job
	tail int64 // bytes that are hashed besides the shared beginnings
	over bool  // maxTails was reached: a digest is missing
}

// maxTails is how many times the size of the file is hashed at most besides
// the shared beginnings. Honest ranges differ only by what lies behind their
// gaps, which is little; a thousand ranges made up to overlap would take
// minutes.
const maxTails = 8

// add asks for a digest, which is there after run; nil when there are too
// many.
func (d *digester) add(algorithm string, pieces []segment) *job {
	for _, j := range d.jobs {
		if j.algorithm == algorithm && slices.Equal(j.pieces, pieces) {
			return j
		}
	}
	j := &job{algorithm: algorithm, pieces: pieces}
	for _, s := range pieces {
		d.tail += s.length
	}
	if d.tail -= j.prefix(); d.tail > maxTails*int64(len(d.data)) {
		d.over = true
		return nil
	}
	d.jobs = append(d.jobs, j)
	return j
}

// run computes all digests and returns the SHA-256 of the whole file.
func (d *digester) run() signature.Hash {
	whole := &job{algorithm: "SHA-256", pieces: []segment{{0, int64(len(d.data))}}}
	d.jobs = append(d.jobs, whole)
	for len(d.jobs) > 0 {
		algorithm := d.jobs[0].algorithm
		var same []*job
		d.jobs = slices.DeleteFunc(d.jobs, func(j *job) bool {
			if j.algorithm != algorithm {
				return false
			}
			same = append(same, j)
			return true
		})
		if algorithm == "SHA-256" {
			d.sums(sha256.New, same)
		} else if cms.NewHash(algorithm) != nil {
			d.sums(func() hash.Hash { return cms.NewHash(algorithm) }, same)
		}
	}
	return signature.Hash(whole.sum)
}

// sums computes digests with one algorithm.
func (d *digester) sums(fresh func() hash.Hash, jobs []*job) {
	slices.SortFunc(jobs, func(a, b *job) int { return int(a.prefix() - b.prefix()) })
	shared, done := fresh(), int64(0)
	for _, j := range jobs {
		h, rest := fresh(), j.pieces
		if n := j.prefix(); n > 0 {
			shared.Write(d.data[done:n])
			done = n
			if c, ok := clone(shared); ok {
				h, rest = c, rest[1:]
			}
		}
		for _, s := range rest {
			h.Write(d.data[s.start : s.start+s.length])
		}
		j.sum = h.Sum(nil)
	}
}

// prefix returns how many bytes from the start of the file a job hashes
// first, 0 when it starts elsewhere.
func (j *job) prefix() int64 {
	if len(j.pieces) == 0 || j.pieces[0].start != 0 {
		return 0
	}
	return j.pieces[0].length
}

// clone copies the state of a hash, where it can be copied.
func clone(h hash.Hash) (hash.Hash, bool) {
	c, ok := h.(hash.Cloner)
	if !ok {
		return nil, false
	}
	copied, err := c.Clone()
	return copied, err == nil
}
