package second

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// recorded is recording.json, as far as it is checked.
type recorded struct {
	Schema, Chain, CAIP2, Coverage, Headers string
	From, To                                int64
	Heights                                 []int64
	AsOf                                    struct{ Hash string } `json:"as_of"`
	AsOfHeader                              string                `json:"as_of_header"`
	Txs                                     []entry
	Coinbases                               []entry
}

type entry struct {
	TxID, Raw, Receipt, Attested string
	Height                       int64
	Index                        int
	Branch                       []string
	System                       bool
	TxProof                      []string `json:"tx_proof"`
	ReceiptProof                 []string `json:"receipt_proof"`
}

// recording checks one recording of single transactions.
func (c *checker) recording(folder string) {
	var r recorded
	if err := json.Unmarshal(c.files[folder+"/recording.json"], &r); err != nil || r.Coverage != "extract" {
		c.fail("%s: %v, coverage %q", folder, err, r.Coverage)
		return
	}
	objects := c.objects(folder)
	headers := parts(objects[r.Headers])
	if len(headers) == 0 {
		c.fail("%s: no headers", folder)
		return
	}
	if strings.HasPrefix(r.CAIP2, "eip155:") {
		c.accounts(folder, &r, objects, headers)
		return
	}
	c.outputs(folder, &r, objects, headers)
}

// objects returns the raw answers by their names, which are their hashes.
func (c *checker) objects(folder string) map[string][]byte {
	data := c.files[folder+"/objects.zip"]
	list := map[string][]byte{}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		c.fail("%s/objects.zip: %v", folder, err)
		return list
	}
	for _, m := range z.File {
		r, err := m.Open()
		if err != nil {
			c.fail("%s: object %s: %v", folder, m.Name, err)
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil || sum(content) != m.Name {
			c.fail("%s: object %s has another content", folder, m.Name)
		}
		list[m.Name] = content
	}
	return list
}

// parts cuts what stands behind lengths (unsigned varints).
func parts(data []byte) (list [][]byte) {
	for len(data) > 0 {
		n, used := binary.Uvarint(data)
		if used <= 0 || n > uint64(len(data)-used) {
			return nil
		}
		list = append(list, data[used:used+int(n)])
		data = data[used+int(n):]
	}
	return list
}

func (c *checker) outputs(folder string, r *recorded, objects map[string][]byte, headers [][]byte) {
	last := ""
	for i, h := range headers {
		if len(h) < 80 || i > 0 && reversed(h[4:36]) != last {
			c.fail("%s: block %d does not follow the one before", folder, r.From+int64(i))
			return
		}
		last = reversed(twice(h[:80]))
		if (strings.HasPrefix(r.Chain, "bitcoin")) && !worked(h) {
			c.fail("%s: block %d has no work", folder, r.From+int64(i))
		}
	}
	if r.AsOfHeader != "" {
		if h := objects[r.AsOfHeader]; len(h) >= 80 {
			last = reversed(twice(h[:80]))
		}
	}
	if last != r.AsOf.Hash || int64(len(headers)) != r.To-r.From+1 {
		c.fail("%s: the headers do not lead to the block of as_of", folder)
	}
	depth := map[int64]int{}
	check := func(e *entry, coinbase bool) {
		at := e.Height - r.From
		raw := objects[e.Raw]
		tx, err := readTransaction(raw)
		if err != nil || at < 0 || at >= int64(len(headers)) || len(raw) == 64 {
			c.fail("%s: transaction %s at height %d cannot be read: %v", folder, e.TxID, e.Height, err)
			return
		}
		if d, met := depth[e.Height]; met && d != len(e.Branch) {
			c.fail("%s: branches of two lengths in block %d", folder, e.Height)
		}
		depth[e.Height] = len(e.Branch)
		if !coinbase && tx.id != e.TxID || climb(tx.id, e.Index, e.Branch) != reversed(headers[at][36:68]) {
			c.fail("%s: transaction %s is not at %d in block %d", folder, e.TxID, e.Index, e.Height)
		}
		c.made[r.Chain+" "+tx.id] = tx
	}
	for i := range r.Coinbases {
		r.Coinbases[i].Index = 0
		check(&r.Coinbases[i], true)
	}
	for i := range r.Txs {
		check(&r.Txs[i], false)
	}
}

// climb goes from a transaction up its branch and returns the root, "" where the index cannot be.
func climb(id string, index int, branch []string) string {
	node, err := hex.DecodeString(id)
	if err != nil || index < 0 || index>>len(branch) != 0 {
		return ""
	}
	slices.Reverse(node)
	for _, text := range branch {
		beside, err := hex.DecodeString(text)
		if err != nil {
			return ""
		}
		slices.Reverse(beside)
		pair := append(slices.Clone(node), beside...)
		if index&1 == 1 {
			pair = append(slices.Clone(beside), node...)
		}
		node, index = twice(pair), index>>1
	}
	return reversed(node)
}
