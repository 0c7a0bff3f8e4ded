package accountgen

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// Call is a call of JSON-RPC.
type Call struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
}

// Text returns parameter i where it is a text, else "".
func (q *Call) Text(i int) string {
	var text string
	if i >= len(q.Params) || json.Unmarshal(q.Params[i], &text) != nil {
		return ""
	}
	return text
}

// height returns the block that parameter i names, false where there is none.
func (c *Chain) height(q *Call, i int) (int64, bool) {
	text := q.Text(i)
	if text == "latest" {
		return c.Last(), true
	}
	h, err := strconv.ParseInt(text, 0, 64)
	return h, err == nil && h >= 0 && h <= c.Last()
}

// Answer appends the result that a node would give, with state of every block, trace_block and an
// index of accounts (trace_filter); false: it does not have the method. A chain can be asked by many at once.
func (c *Chain) Answer(b []byte, q *Call) ([]byte, bool) {
	switch q.Method {
	case "eth_chainId":
		return fmt.Appendf(b, `"0x%x"`, chainID), true
	case "web3_clientVersion":
		return append(b, `"generated"`...), true
	case "eth_getBlockByNumber":
		h, ok := c.height(q, 0)
		return c.block(b, q, h, ok), true
	case "eth_getBlockByHash":
		h, ok := c.heights[common.HexToHash(q.Text(0))]
		return c.block(b, q, h, ok), true
	case "eth_getBlockReceipts":
		return c.put(b, q, func(body *body) *text { return &body.text.receipts }), true
	case "trace_block":
		return c.put(b, q, func(body *body) *text { return &body.text.traces }), true
	case "eth_getTransactionByHash", "trace_transaction":
		return c.transaction(b, q), true
	case "eth_getLogs", "trace_filter":
		return c.search(b, q), true
	case "eth_getBalance", "eth_getCode", "eth_call":
		return c.state(b, q), true
	}
	return b, false
}

// put appends a part of the block that parameter 0 names.
func (c *Chain) put(b []byte, q *Call, part func(*body) *text) []byte {
	h, ok := c.height(q, 0)
	if !ok {
		return append(b, "null"...)
	}
	return part(c.body(h)).put(b, h, c.hashes[h])
}

// block appends a block, with its transactions where parameter 1 is true.
func (c *Chain) block(b []byte, q *Call, h int64, ok bool) []byte {
	before := common.Hash{}
	if ok && h > 0 {
		before = c.hashes[h-1]
	}
	if !ok {
		return append(b, "null"...)
	}
	header, err := c.header(h, before).MarshalJSON()
	if err != nil {
		return append(b, "null"...) // it was written when the chain was made
	}
	txs := &c.body(h).text.ids
	if len(q.Params) > 1 && string(q.Params[1]) == "true" {
		txs = &c.body(h).text.txs
	}
	b = append(append(b, header[:len(header)-1]...), `,"uncles":[],"transactions":`...)
	return append(txs.put(b, h, c.hashes[h]), '}')
}

// transaction appends a transaction of the theft, or its calls.
func (c *Chain) transaction(b []byte, q *Call) []byte {
	id := common.HexToHash(q.Text(0))
	for _, hop := range c.hops {
		body := c.special[hop.height]
		i := slices.IndexFunc(body.txs[Background:], func(tx *types.Transaction) bool { return tx.Hash() == id })
		if i < 0 {
			continue
		}
		t := body.text.each
		if q.Method == "trace_transaction" {
			t = body.text.traced
		}
		return t[Background+i].put(b, hop.height, c.hashes[hop.height])
	}
	return append(b, "null"...)
}

// filter is what eth_getLogs and trace_filter are asked for. What is empty admits all.
type filter struct {
	From   hexutil.Uint64   `json:"fromBlock"`
	To     hexutil.Uint64   `json:"toBlock"`
	Topics [][]common.Hash  `json:"topics"`
	Payers []common.Address `json:"fromAddress"`
	Takers []common.Address `json:"toAddress"`
	After  int              `json:"after"`
}

// search appends the places of what f admits of the theft: logs of the token, or calls.
func (c *Chain) search(b []byte, q *Call) []byte {
	var f filter
	if len(q.Params) == 0 || json.Unmarshal(q.Params[0], &f) != nil || f.After > 0 {
		return append(b, "[]"...)
	}
	first := len(b) + 1
	for i := range c.hops {
		h := &c.hops[i]
		if h.height < int64(f.From) || h.height > int64(f.To) {
			continue
		}
		account := c.Accounts[h.to]
		if q.Method == "eth_getLogs" {
			if f.admitsLog(h.payer, account) {
				b = fmt.Appendf(b, `,{"blockNumber":"0x%x","transactionIndex":"0x%x"}`, h.height, Background+1)
			}
			continue
		}
		for j, to := range []common.Address{account, c.Token} {
			if admits(f.Payers, h.payer) && admits(f.Takers, to) {
				b = fmt.Appendf(b, `,{"blockNumber":%d,"transactionPosition":%d,"transactionHash":"%s","traceAddress":[]}`,
					h.height, Background+j, c.special[h.height].txs[Background+j].Hash().Hex())
			}
		}
	}
	if len(b) < first {
		return append(b, "[]"...)
	}
	b[first-1] = '['
	return append(b, ']')
}

// admitsLog reports whether f wants the log of a transfer.
func (f *filter) admitsLog(from, to common.Address) bool {
	for i, list := range f.Topics {
		if i > 2 || !admits(list, []common.Hash{topicTransfer, common.BytesToHash(from[:]), common.BytesToHash(to[:])}[i]) {
			return false
		}
	}
	return true
}

func admits[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// state appends what an account holds or is, or what the token says: it has code, and balances.
func (c *Chain) state(b []byte, q *Call) []byte {
	h, _ := c.height(q, 1)
	if q.Method == "eth_getCode" {
		if common.HexToAddress(q.Text(0)) == c.Token {
			return append(b, `"0x60"`...)
		}
		return append(b, `"0x"`...)
	}
	if q.Method == "eth_getBalance" {
		return fmt.Appendf(b, `"0x%x"`, c.held(common.HexToAddress(q.Text(0)), h, true))
	}
	var ask struct {
		Data hexutil.Bytes `json:"data"`
	}
	if len(q.Params) == 0 || json.Unmarshal(q.Params[0], &ask) != nil || len(ask.Data) != 36 { // decimals and symbol
		return fmt.Appendf(b, `"0x%064x"`, 18)
	}
	return fmt.Appendf(b, `"0x%064x"`, c.held(common.BytesToAddress(ask.Data[16:]), h, false))
}

// held returns what an account of the theft holds at the end of a block. Each has what its two
// transactions cost before anything is stolen; the token is had by nobody else.
func (c *Chain) held(a common.Address, height int64, coin bool) *big.Int {
	held := new(big.Int)
	if coin {
		held.SetUint64((plainGas + tokenGas) * gasPrice)
	}
	for i := range c.hops {
		h := &c.hops[i]
		switch {
		case h.height > height:
		case c.Accounts[h.to] == a:
			held.Add(held, big.NewInt(Stolen))
		case h.payer == a && i > 0:
			held.SetUint64(0)
		}
	}
	return held
}
