package accountgen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// texts are what a node says of a body, prepared but for the block's hash and height.
type texts struct {
	txs, ids, receipts, traces text
	each                       []text // of each transaction
	traced                     []text // and its calls
}

// text is JSON with places for a block's hash and height.
type text struct {
	parts [][]byte
	holes []byte // what stands behind each part: hash, height in hex or in decimal
}

// Marks of the holes, as they are written first.
var (
	markHash   = common.HexToHash("0xb10cb10cb10cb10cb10cb10cb10cb10cb10cb10cb10cb10cb10cb10cb10cb10c")
	markHeight = uint64(0xb10cb10c)
	marks      = regexp.MustCompile(fmt.Sprintf(`%s|0x%x|%d`, markHash.Hex(), markHeight, markHeight))
)

func prepare(json []byte) (t text) {
	at := 0
	for _, m := range marks.FindAllIndex(json, -1) {
		t.parts = append(t.parts, json[at:m[0]])
		t.holes = append(t.holes, map[bool]byte{true: 'h', false: 'n'}[m[1]-m[0] == len(markHash.Hex())])
		if json[m[0]+1] != 'x' {
			t.holes[len(t.holes)-1] = 'd'
		}
		at = m[1]
	}
	t.parts = append(t.parts, json[at:])
	return t
}

// put appends t for a block.
func (t *text) put(b []byte, height int64, hash common.Hash) []byte {
	for i, part := range t.parts {
		b = append(b, part...)
		if i == len(t.holes) {
			break
		}
		switch t.holes[i] {
		case 'h':
			b = append(b, hash.Hex()...)
		case 'n':
			b = fmt.Appendf(b, "0x%x", height)
		default:
			b = fmt.Appendf(b, "%d", height)
		}
	}
	return b
}

// write prepares what a node says of b.
func (b *body) write() error {
	var txs, ids, receipts, traces [][]byte
	for i, tx := range b.txs {
		one, err := tx.MarshalJSON()
		if err != nil {
			return err
		}
		one = append(bytes.TrimSuffix(one, []byte("}")), fmt.Sprintf(`,"from":"%s","transactionIndex":"0x%x","blockHash":"%s","blockNumber":"0x%x"}`,
			hexutil.Encode(b.senders[i][:]), i, markHash.Hex(), markHeight)...)
		receipt, err := b.receipt(i)
		if err != nil {
			return err
		}
		calls := b.frames(i)
		txs, ids, receipts = append(txs, one), append(ids, []byte(`"`+tx.Hash().Hex()+`"`)), append(receipts, receipt)
		traces = append(traces, calls)
		b.text.each = append(b.text.each, prepare(one))
		b.text.traced = append(b.text.traced, prepare(list(calls)))
	}
	b.text.txs, b.text.ids = prepare(list(txs...)), prepare(list(ids...))
	b.text.receipts, b.text.traces = prepare(list(receipts...)), prepare(list(traces...))
	return nil
}

func list(items ...[]byte) []byte {
	return append(append([]byte("["), bytes.Join(items, []byte(","))...), ']')
}

// receipt writes the receipt of a transaction.
func (b *body) receipt(i int) ([]byte, error) {
	r := b.receipts[i]
	r.BlockHash, r.BlockNumber = markHash, new(big.Int).SetUint64(markHeight)
	for _, l := range r.Logs {
		l.BlockHash, l.BlockNumber = r.BlockHash, markHeight
	}
	return json.Marshal(r)
}

// frames writes the calls of a transaction as trace_block does, without brackets around them.
func (b *body) frames(i int) []byte {
	var all []string
	for j, c := range b.calls[i] {
		gas, path, inside := "0x0", "", len(b.calls[i])-1
		if c.ran {
			gas = "0x1000"
		}
		if j > 0 {
			path, inside = fmt.Sprint(j-1), 0
		}
		all = append(all, fmt.Sprintf(`{"action":{"callType":"call","from":"%s","to":"%s","value":"0x%x","gas":"0x2000","input":"0x"},`+
			`"blockHash":"%s","blockNumber":%d,"result":{"gasUsed":"%s","output":"0x"},"subtraces":%d,"traceAddress":[%s],`+
			`"transactionHash":"%s","transactionPosition":%d,"type":"call"}`,
			hexutil.Encode(c.from[:]), hexutil.Encode(c.to[:]), c.wei, markHash.Hex(), markHeight, gas, inside, path, b.txs[i].Hash().Hex(), i))
	}
	return []byte(strings.Join(all, ","))
}
