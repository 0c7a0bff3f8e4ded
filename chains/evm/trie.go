package evm

import (
	"bytes"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

// The Merkle-Patricia trie of the yellow paper's appendix D over a list: the key of item i is
// the RLP of i. go-ethereum's own trie package would bring its databases into the program.

// emptyRoot is the root of a list without items.
var emptyRoot = crypto.Keccak256Hash([]byte{0x80})

// trieItem is an item under its key, as half bytes.
type trieItem struct {
	key   []byte
	value []byte
}

// trieWriter computes nodes. Those on the way to a key of want are kept.
type trieWriter struct {
	want [][]byte
	kept [][]byte
}

// ListRoot returns the root of the trie over items, each under the RLP of its index: the
// transaction root of envelopes, the receipt root of receipts, the withdrawals root.
func ListRoot(items [][]byte) common.Hash {
	var w trieWriter
	return w.root(items)
}

// Prove returns the nodes on the way from the root of ListRoot down to each of the given
// indices, each node once, in the order in which a walk finds them.
func Prove(items [][]byte, indices ...int) ([][]byte, error) {
	var w trieWriter
	for _, i := range indices {
		if i < 0 || i >= len(items) {
			return nil, fmt.Errorf("proof of item %d of %d: no such item", i, len(items))
		}
		w.want = append(w.want, nibbleKey(i))
	}
	w.root(items)
	for i, j := 0, len(w.kept)-1; i < j; i, j = i+1, j-1 { // children were written first
		w.kept[i], w.kept[j] = w.kept[j], w.kept[i]
	}
	return w.kept, nil
}

func (w *trieWriter) root(items [][]byte) common.Hash {
	if len(items) == 0 {
		return emptyRoot
	}
	list := sortedItems(items)
	node := w.node(list, 0)
	if len(node) < 32 && len(w.want) > 0 { // a short root is not inside of another node
		w.kept = append(w.kept, node)
	}
	return crypto.Keccak256Hash(node)
}

// sortedItems puts items in the order of their keys: 1 to 127, then 0 (0x80), then longer ones.
func sortedItems(items [][]byte) []trieItem {
	list := make([]trieItem, 0, len(items))
	add := func(i int) { list = append(list, trieItem{nibbleKey(i), items[i]}) }
	for i := 1; i < len(items) && i < 128; i++ {
		add(i)
	}
	add(0)
	for i := 128; i < len(items); i++ {
		add(i)
	}
	return list
}

// nibbleKey is the RLP of i in half bytes, the higher first.
func nibbleKey(i int) []byte {
	enc := rlp.AppendUint64(make([]byte, 0, 9), uint64(i))
	key := make([]byte, 2*len(enc))
	for j, b := range enc {
		key[2*j], key[2*j+1] = b>>4, b&15
	}
	return key
}

// node returns the RLP of the node that holds items, whose keys agree up to depth.
func (w *trieWriter) node(items []trieItem, depth int) []byte {
	var node []byte
	switch {
	case len(items) == 1:
		node = shortNode(items[0].key[depth:], true, items[0].value, false)
	default:
		first, last := items[0].key, items[len(items)-1].key
		fork := depth
		for first[fork] == last[fork] {
			fork++
		}
		if fork == depth {
			node = w.branch(items, depth)
		} else {
			child := w.node(items, fork)
			node = shortNode(first[depth:fork], false, reference(child), true)
		}
	}
	if len(node) >= 32 && w.wanted(items[0].key[:depth]) {
		w.kept = append(w.kept, node)
	}
	return node
}

// branch returns the node of 16 children; no key of a list ends in one.
func (w *trieWriter) branch(items []trieItem, depth int) []byte {
	var children [16][]byte
	for len(items) > 0 {
		n, nibble := 1, items[0].key[depth]
		for n < len(items) && items[n].key[depth] == nibble {
			n++
		}
		children[nibble] = reference(w.node(items[:n], depth+1))
		items = items[n:]
	}
	b := rlp.NewEncoderBuffer(nil)
	list := b.List()
	for _, c := range children {
		writeReference(b, c)
	}
	b.WriteBytes(nil)
	b.ListEnd(list)
	return encoded(b)
}

// shortNode is a leaf (the value) or an extension (a reference) behind a part of the key.
func shortNode(key []byte, leaf bool, value []byte, ref bool) []byte {
	b := rlp.NewEncoderBuffer(nil)
	list := b.List()
	b.WriteBytes(compactKey(key, leaf))
	if ref {
		writeReference(b, value)
	} else {
		b.WriteBytes(value)
	}
	b.ListEnd(list)
	return encoded(b)
}

// reference is how a parent names a node: itself where it is short, else its hash.
func reference(node []byte) []byte {
	if len(node) < 32 {
		return node
	}
	return crypto.Keccak256(node)
}

func writeReference(b rlp.EncoderBuffer, ref []byte) {
	if len(ref) == 0 || len(ref) == 32 {
		b.WriteBytes(ref)
		return
	}
	if _, err := b.Write(ref); err != nil { // a node's own RLP; the buffer is in memory
		panic("evm: writing to a buffer failed: " + err.Error())
	}
}

// compactKey is the hex-prefix encoding: a flag for leaves and one for odd lengths.
func compactKey(key []byte, leaf bool) []byte {
	head := byte(0)
	if leaf {
		head = 2
	}
	out := make([]byte, 1, 1+len(key)/2)
	if len(key)%2 == 1 {
		out[0] = (head|1)<<4 | key[0]
		key = key[1:]
	} else {
		out[0] = head << 4
	}
	for i := 0; i < len(key); i += 2 {
		out = append(out, key[i]<<4|key[i+1])
	}
	return out
}

func (w *trieWriter) wanted(prefix []byte) bool {
	for _, key := range w.want {
		if bytes.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// VerifyProof returns the item at index of the list with that root, as nodes show it. Nodes may
// be more than are needed. An error wraps ErrBadEncoding: a node is missing or damaged, or the
// list has no such item.
func VerifyProof(root common.Hash, index int, nodes [][]byte) ([]byte, error) {
	byHash := make(map[common.Hash][]byte, len(nodes))
	for _, n := range nodes {
		byHash[crypto.Keccak256Hash(n)] = n
	}
	key := nibbleKey(index)
	node, ok := byHash[root]
	for ok {
		next, rest, value, err := step(node, key)
		if err != nil {
			return nil, fmt.Errorf("proof of item %d: %w: %w", index, ErrBadEncoding, err)
		}
		if value != nil {
			return value, nil
		}
		key = rest
		if node = next; len(next) == 32 {
			node, ok = byHash[common.Hash(next)]
		}
	}
	return nil, fmt.Errorf("proof of item %d: %w: a node is missing", index, ErrBadEncoding)
}

// step goes from a node along the key: to the next node (or its hash) and the rest of the key,
// or to the value.
func step(node, key []byte) (next, rest, value []byte, err error) {
	content, trailing, err := rlp.SplitList(node)
	if err = allRead(trailing, err); err != nil {
		return nil, nil, nil, err
	}
	n, err := rlp.CountValues(content)
	switch {
	case err != nil:
		return nil, nil, nil, err
	case n == 17:
		return stepBranch(content, key)
	case n != 2:
		return nil, nil, nil, fmt.Errorf("a node of %d values", n)
	}
	packed, content, err := rlp.SplitString(content)
	if err != nil {
		return nil, nil, nil, err
	}
	part, leaf, err := plainKey(packed)
	if err != nil || !bytes.HasPrefix(key, part) || leaf && len(part) != len(key) {
		return nil, nil, nil, fmt.Errorf("a node with another key (%w)", err)
	}
	if leaf {
		value, _, err = rlp.SplitString(content)
		if err == nil && len(value) == 0 {
			err = fmt.Errorf("an empty item")
		}
		return nil, nil, value, err
	}
	next, err = child(content)
	return next, key[len(part):], nil, err
}

func stepBranch(content, key []byte) (next, rest, value []byte, err error) {
	if len(key) == 0 {
		return nil, nil, nil, fmt.Errorf("a key that ends in a branch")
	}
	for range key[0] {
		if _, _, content, err = rlp.Split(content); err != nil {
			return nil, nil, nil, err
		}
	}
	next, err = child(content)
	return next, key[1:], nil, err
}

// child returns the node, or its hash, that stands first in content.
func child(content []byte) ([]byte, error) {
	kind, value, rest, err := rlp.Split(content)
	switch {
	case err != nil:
		return nil, err
	case kind == rlp.List:
		return content[:len(content)-len(rest)], nil
	case len(value) != 32:
		return nil, fmt.Errorf("a reference of %d bytes: the list has no such item", len(value))
	}
	return value, nil
}

// plainKey undoes compactKey.
func plainKey(packed []byte) (key []byte, leaf bool, err error) {
	if len(packed) == 0 || packed[0]>>4 > 3 {
		return nil, false, fmt.Errorf("key %x", packed)
	}
	leaf = packed[0]&0x20 != 0
	if packed[0]&0x10 != 0 {
		key = append(key, packed[0]&15)
	}
	for _, b := range packed[1:] {
		key = append(key, b>>4, b&15)
	}
	return key, leaf, nil
}
