package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/s2"
	"zombiezen.com/go/sqlite"
)

// Verdicts are alike: names of fields, hashes of what they were made from, most of the sentences. Each
// is packed against one that was given before, its pattern, which makes an eighth of it in two
// microseconds (BenchmarkBatch); what is written costs more than that.

const (
	// Bounds of a pattern, in bytes. S2 looks no further back than the upper one.
	minPattern, maxPattern = 64, s2.MaxDictSize
	// A verdict that is packed to more than a third is poorly packed. Of each so many verdicts, where
	// most are, a new pattern is taken: the hashes in the one before are of another state.
	patternTrial = 32
)

// maxPacked bounds what a verdict and its subject may be, in bytes.
const maxPacked = 64 << 20

// pattern is what verdicts are packed against.
type pattern struct {
	no   int64
	dict *s2.Dict
}

// numberOf is by what something is found that has a longer name: the begin of its SHA-256.
func numberOf(content []byte) int64 {
	sum := sha256.Sum256(content)
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// packing is how verdicts are packed at the moment.
type packing struct {
	*pattern
	tried, poor int // verdicts since it was taken or last proved good, and those that are poorly packed
}

// castagnoli is the table of CRC-32C.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// pack packs content and returns the number of the pattern, 0 where it is left as it is.
func (t *Tx) pack(content []byte) (packed []byte, patternNo int64, err error) {
	p := &t.w.state.packing
	if p.pattern == nil {
		if err := t.lastPattern(p); err != nil {
			return nil, 0, err
		}
	}
	if p.pattern == nil || p.tried == patternTrial && p.poor*2 > p.tried {
		if err := t.newPattern(p, content); err != nil {
			return nil, 0, err
		}
	}
	if p.tried == patternTrial {
		p.tried, p.poor = 0, 0
	}
	if p.pattern == nil {
		return content, 0, nil
	}
	packed = p.dict.Encode(t.w.scratch[:cap(t.w.scratch)], content)
	t.w.scratch = packed
	p.tried++
	if len(packed)*3 > len(content) {
		p.poor++
	}
	if len(packed) >= len(content) {
		return content, 0, nil
	}
	return packed, p.no, nil
}

// lastPattern takes the pattern of the newest verdict.
func (t *Tx) lastPattern(p *packing) error {
	var no int64
	err := t.c.rows(`SELECT pattern_no FROM screening ORDER BY place DESC LIMIT 1`, func(st *sqlite.Stmt) error {
		no = st.ColumnInt64(0)
		return nil
	})
	if err != nil || no == 0 {
		return err
	}
	p.pattern, err = readPattern(t.c, no)
	return err
}

// newPattern makes content the pattern, where it can be one.
func (t *Tx) newPattern(p *packing, content []byte) error {
	if len(content) < minPattern || len(content) > maxPattern {
		return nil
	}
	content = bytes.Clone(content) // s2 keeps it
	no := numberOf(content)
	if no == 0 || p.pattern != nil && p.no == no {
		return nil
	}
	if _, err := t.write(`INSERT INTO pattern (pattern_no, content) VALUES (?, ?) ON CONFLICT DO NOTHING`, no, content); err != nil {
		return err
	}
	p.pattern = &pattern{no: no, dict: s2.MakeDict(content, nil)}
	return nil
}

// readPattern reads a pattern. ErrDamaged where there is none, or not with the bytes that were kept.
func readPattern(c *conn, no int64) (*pattern, error) {
	var content []byte
	err := c.rows(`SELECT content FROM pattern WHERE pattern_no = ?`, func(st *sqlite.Stmt) error {
		content = columnBytes(st, 0)
		return nil
	}, no)
	if err != nil {
		return nil, err
	}
	if len(content) < minPattern || len(content) > maxPattern || numberOf(content) != no {
		return nil, damaged("pattern %d: its bytes are not those that were kept", no)
	}
	return &pattern{no: no, dict: s2.MakeDict(content, nil)}, nil
}

// patterns are those that were read. Their number is that of their bytes, so they never change. Safe for
// concurrent use.
type patterns struct {
	mu   sync.RWMutex
	read map[int64]*pattern
}

// get returns a pattern, which it reads through c where it is not known yet.
func (k *patterns) get(c *conn, no int64) (*pattern, error) {
	k.mu.RLock()
	p := k.read[no]
	k.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	p, err := readPattern(c, no)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.read == nil || len(k.read) >= keptPatterns {
		k.read = map[int64]*pattern{} // old ones are read again where somebody asks for them
	}
	k.read[no] = p
	return p, nil
}

// keptPatterns bounds the patterns that are held in memory for reading, of some kilobytes each.
const keptPatterns = 256

// unpack undoes pack.
func (r *Reader) unpack(packed []byte, patternNo int64, subjectLen int, sum uint32) (subject string, verdict []byte, err error) {
	content := packed
	if patternNo != 0 {
		p, err := r.patterns.get(r.c, patternNo)
		if err != nil {
			return "", nil, err
		}
		if n, err := s2.DecodedLen(packed); err != nil || n > maxPacked {
			return "", nil, errors.Join(damaged("%d bytes", n), err)
		}
		if content, err = p.dict.Decode(nil, packed); err != nil {
			return "", nil, damaged("%v", err)
		}
	}
	if subjectLen < 0 || subjectLen > len(content) || crc32.Checksum(content, castagnoli()) != sum {
		return "", nil, damaged("its bytes are not those that were kept")
	}
	return string(content[:subjectLen]), content[subjectLen:len(content):len(content)], nil
}

// join puts a subject and its verdict behind each other, in memory that the next call uses again.
func (w *writer) join(s *Screening) ([]byte, error) {
	if len(s.Subject)+len(s.Verdict) > maxPacked {
		return nil, fmt.Errorf("a subject of %d bytes and a verdict of %d: more than %d", len(s.Subject), len(s.Verdict), maxPacked)
	}
	w.content = append(append(w.content[:0], s.Subject...), s.Verdict...)
	return w.content, nil
}
