package second

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"

	"golang.org/x/crypto/sha3"
)

// logEntry is a log of a receipt.
type logEntry struct {
	index   int64 // in its block
	address []byte
	data    []byte
}

func keccak(data []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(data)
	return h.Sum(nil)
}

// item is one RLP value: bytes, or a list.
type item struct {
	whole, bytes []byte // whole with its head
	list         []item
	isList       bool
}

var errRLP = errors.New("it is no RLP")

// readRLP reads the first value and returns what stands behind it.
func readRLP(data []byte) (item, []byte, error) {
	if len(data) == 0 {
		return item{}, nil, errRLP
	}
	head := int(data[0])
	var start, size int
	switch {
	case head < 0x80:
		start, size = 0, 1
	case head < 0xb8:
		start, size = 1, head-0x80
	case head < 0xc0:
		start, size = long(data, head-0xb7)
	case head < 0xf8:
		start, size = 1, head-0xc0
	default:
		start, size = long(data, head-0xf7)
	}
	if start < 0 || size < 0 || start+size > len(data) {
		return item{}, nil, errRLP
	}
	it := item{whole: data[:start+size], bytes: data[start : start+size], isList: head >= 0xc0}
	for rest := it.bytes; it.isList && len(rest) > 0; {
		var next item
		var err error
		if next, rest, err = readRLP(rest); err != nil {
			return item{}, nil, err
		}
		it.list = append(it.list, next)
	}
	return it, data[start+size:], nil
}

// long reads a length of n bytes.
func long(data []byte, n int) (start, size int) {
	if n > 4 || len(data) < 1+n {
		return -1, 0
	}
	for _, b := range data[1 : 1+n] {
		size = size<<8 | int(b)
	}
	return 1 + n, size
}

func (c *checker) accounts(folder string, r *recorded, objects map[string][]byte, headers [][]byte) {
	roots := map[int64][2][]byte{} // of transactions and of receipts
	var before []byte
	for i, h := range headers {
		it, rest, err := readRLP(h)
		if err != nil || len(rest) > 0 || len(it.list) < 15 || i >= len(r.Heights) {
			c.fail("%s: header %d cannot be read", folder, i)
			return
		}
		if i > 0 && r.Heights[i] == r.Heights[i-1]+1 && !bytes.Equal(it.list[0].bytes, before) {
			c.fail("%s: block %d does not follow the one before", folder, r.Heights[i])
		}
		before = keccak(h)
		roots[r.Heights[i]] = [2][]byte{it.list[4].bytes, it.list[5].bytes}
	}
	if hex.EncodeToString(before) != r.AsOf.Hash {
		c.fail("%s: the last header is not that of as_of", folder)
	}
	for i := range r.Txs {
		if e := &r.Txs[i]; !e.System && len(e.TxProof) > 0 {
			c.executed(folder, r, e, objects, roots[e.Height])
		}
	}
}

// executed checks a transaction and its receipt against the roots in the header.
func (c *checker) executed(folder string, r *recorded, e *entry, objects map[string][]byte, roots [2][]byte) {
	raw, receipt := objects[e.Raw], objects[e.Receipt]
	if hex.EncodeToString(keccak(raw)) != e.TxID {
		c.fail("%s: the bytes of transaction %s hash to another id", folder, e.TxID)
	}
	if !bytes.Equal(proven(roots[0], e.Index, e.TxProof, objects), raw) || !bytes.Equal(proven(roots[1], e.Index, e.ReceiptProof, objects), receipt) {
		c.fail("%s: transaction %s or its receipt is not at %d in the tries of block %d", folder, e.TxID, e.Index, e.Height)
	}
	var said struct {
		First int64 `json:"first_log"`
	}
	if err := json.Unmarshal(objects[e.Attested], &said); err != nil {
		c.fail("%s: what is attested of %s: %v", folder, e.TxID, err)
	}
	if len(receipt) > 0 && receipt[0] < 0x80 {
		receipt = receipt[1:] // its type
	}
	it, _, err := readRLP(receipt)
	if err != nil || len(it.list) < 4 {
		c.fail("%s: the receipt of %s cannot be read", folder, e.TxID)
		return
	}
	key := r.Chain + " " + e.TxID
	for i := range it.list[3].list {
		if l := it.list[3].list[i].list; len(l) == 3 {
			c.logs[key] = append(c.logs[key], logEntry{said.First + int64(i), l[0].bytes, l[2].bytes})
		}
	}
}

// proven walks from a root along the key of an index and returns the value; nil where it ends.
func proven(root []byte, index int, names []string, objects map[string][]byte) []byte {
	nodes := map[string][]byte{}
	for _, name := range names {
		nodes[string(keccak(objects[name]))] = objects[name]
	}
	key := nibbles(encodeIndex(index))
	node := nodes[string(root)]
	for node != nil {
		it, _, err := readRLP(node)
		if err != nil {
			return nil
		}
		var next item
		switch len(it.list) {
		case 17:
			if len(key) == 0 {
				return nil
			}
			next, key = it.list[key[0]], key[1:]
		case 2:
			path, leaf := unpack(it.list[0].bytes)
			if !bytes.HasPrefix(key, path) || leaf && len(key) != len(path) {
				return nil
			}
			if leaf {
				return it.list[1].bytes
			}
			next, key = it.list[1], key[len(path):]
		default:
			return nil
		}
		if node = nodes[string(next.bytes)]; next.isList {
			node = next.whole
		}
	}
	return nil
}

// encodeIndex is the RLP of a number.
func encodeIndex(n int) []byte {
	switch {
	case n == 0:
		return []byte{0x80}
	case n < 0x80:
		return []byte{byte(n)}
	case n < 0x100:
		return []byte{0x81, byte(n)}
	}
	return []byte{0x82, byte(n >> 8), byte(n)}
}

func nibbles(data []byte) (list []byte) {
	for _, b := range data {
		list = append(list, b>>4, b&15)
	}
	return list
}

// unpack undoes the hex-prefix encoding.
func unpack(packed []byte) (path []byte, leaf bool) {
	all := nibbles(packed)
	if len(all) < 2 {
		return nil, false
	}
	leaf = all[0]&2 != 0
	if all[0]&1 != 0 {
		return all[1:], leaf
	}
	return all[2:], leaf
}
