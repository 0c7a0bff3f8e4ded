package evm

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/goccy/go-json"
	"github.com/holiman/uint256"
)

// CallKind is what a frame of a call tree is.
type CallKind uint8

// Recordings write them by their words (callWords), never as numbers.
const (
	CallPlain    CallKind = iota + 1
	CallCode              // CALLCODE: its value stays where it is
	CallDelegate          // the same with the caller's own value
	CallStatic            // carries no value
	CallCreate            // CREATE and CREATE2
	CallDestruct          // SELFDESTRUCT
)

// callWords are the kinds as callTracer names them, parityWords as trace_block does.
var callWords = map[string]CallKind{
	"CALL": CallPlain, "CALLCODE": CallCode, "DELEGATECALL": CallDelegate, "STATICCALL": CallStatic,
	"CREATE": CallCreate, "CREATE2": CallCreate, "SELFDESTRUCT": CallDestruct,
}

var parityWords = map[string]CallKind{
	"call": CallPlain, "callcode": CallCode, "delegatecall": CallDelegate, "staticcall": CallStatic,
	"create": CallCreate, "suicide": CallDestruct, "selfdestruct": CallDestruct,
}

// Call is one frame: a call, a creation or a contract that destroys itself.
type Call struct {
	Kind     CallKind
	From, To common.Address // of a creation: the contract; of a destruction: who gets the balance
	Value    uint256.Int    // in wei
	Failed   bool           // it was reverted, with everything inside
	// Ran: code ran in it, since it took gas or called on. Not told for the outermost frame,
	// whose gas holds that of the transaction itself.
	Ran   bool
	Calls []Call // inside, in order
}

// maxCallDepth bounds what a node can make us nest. The EVM allows 1024.
const maxCallDepth = 1100

// tracerFrame is a frame as callTracer writes it.
type tracerFrame struct {
	Type    string        `json:"type"`
	From    string        `json:"from"`
	To      string        `json:"to"`
	Value   string        `json:"value"`
	GasUsed string        `json:"gasUsed"`
	Error   string        `json:"error"`
	Calls   []tracerFrame `json:"calls"`
}

// ParseCallTracer reads what debug_traceTransaction gives with callTracer.
func ParseCallTracer(data []byte) (*Call, error) {
	var frame tracerFrame
	if err := json.Unmarshal(data, &frame); err != nil {
		return nil, fmt.Errorf("calls: %w: %w", ErrBadEncoding, err)
	}
	return frame.tree()
}

// TracedTx is the calls of one transaction of a block. Hash is zero where the node does not
// name it: then its place in the list is its place in the block.
type TracedTx struct {
	Hash  common.Hash
	Calls *Call // nil: the node could not trace this one
}

// ParseBlockTracer reads what debug_traceBlockByHash gives with callTracer, in its order.
func ParseBlockTracer(data []byte) ([]TracedTx, error) {
	var list []struct {
		Hash   string       `json:"txHash"`
		Result *tracerFrame `json:"result"`
		Error  string       `json:"error"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("calls of a block: %w: %w", ErrBadEncoding, err)
	}
	var hx hexReader
	traced := make([]TracedTx, len(list))
	for i := range list {
		traced[i].Hash = hx.hash("txHash", list[i].Hash)
		if list[i].Result == nil || list[i].Error != "" {
			continue
		}
		var err error
		if traced[i].Calls, err = list[i].Result.tree(); err != nil {
			return nil, fmt.Errorf("transaction %d of the block: %w", i, err)
		}
	}
	return traced, hx.err
}

func (f *tracerFrame) tree() (*Call, error) {
	var hx hexReader
	call := &Call{}
	f.into(call, &hx, 0)
	if hx.err != nil {
		return nil, fmt.Errorf("calls: %w", hx.err)
	}
	return call, nil
}

func (f *tracerFrame) into(c *Call, hx *hexReader, depth int) {
	c.Kind = callWords[f.Type]
	if c.Kind == 0 || depth > maxCallDepth {
		hx.fail("type of a call", f.Type)
		return
	}
	c.From, c.To = hx.address("from", f.From), hx.address("to", f.To)
	c.Value = hx.uint256("value", f.Value)
	c.Failed = f.Error != ""
	c.Ran = len(f.Calls) > 0 || hx.uint64("gasUsed", f.GasUsed) > 0
	if len(f.Calls) == 0 {
		return
	}
	c.Calls = make([]Call, len(f.Calls))
	for i := range f.Calls {
		f.Calls[i].into(&c.Calls[i], hx, depth+1)
	}
}

// parityFrame is a frame of trace_block and trace_transaction: a list in pre-order, each with
// its path from the outermost frame.
type parityFrame struct {
	Type   string `json:"type"`
	Action struct {
		CallType string `json:"callType"`
		From     string `json:"from"`
		To       string `json:"to"`
		Value    string `json:"value"`
		Address  string `json:"address"` // of a destruction: who is destroyed
		Refund   string `json:"refundAddress"`
		Balance  string `json:"balance"`
	} `json:"action"`
	Result *struct {
		GasUsed string `json:"gasUsed"`
		Address string `json:"address"` // of a creation
	} `json:"result"`
	Error string `json:"error"`
	Path  []int  `json:"traceAddress"`
	Hash  string `json:"transactionHash"`
}

// ParseParity reads what trace_block, or trace_transaction, gives: one entry per transaction,
// in order. Rewards, which stand behind them, are left out.
func ParseParity(data []byte) ([]TracedTx, error) {
	var frames []parityFrame
	if err := json.Unmarshal(data, &frames); err != nil {
		return nil, fmt.Errorf("traces: %w: %w", ErrBadEncoding, err)
	}
	var traced []TracedTx
	var hx hexReader
	for i := range frames {
		f := &frames[i]
		if f.Type == "reward" {
			continue
		}
		call := f.call(&hx)
		hash := hx.hash("transactionHash", f.Hash)
		switch {
		case hx.err != nil:
			return nil, fmt.Errorf("trace %d: %w", i, hx.err)
		case len(f.Path) == 0:
			traced = append(traced, TracedTx{Hash: hash, Calls: &call})
		case len(traced) == 0 || traced[len(traced)-1].Hash != hash:
			return nil, fmt.Errorf("trace %d: %w: a frame inside of none", i, ErrBadEncoding)
		default:
			if err := graft(traced[len(traced)-1].Calls, f.Path, call); err != nil {
				return nil, fmt.Errorf("trace %d: %w", i, err)
			}
		}
	}
	return traced, nil
}

// graft puts a frame at its path, behind those that came before.
func graft(root *Call, path []int, call Call) error {
	at := root
	for depth, i := range path {
		last := depth == len(path)-1
		if depth > maxCallDepth || last && i != len(at.Calls) || !last && (i < 0 || i != len(at.Calls)-1) {
			return fmt.Errorf("%w: a frame at %v, which is not the next one", ErrBadEncoding, path)
		}
		if !last {
			at = &at.Calls[i]
		}
	}
	at.Calls, at.Ran = append(at.Calls, call), true
	return nil
}

func (f *parityFrame) call(hx *hexReader) Call {
	word := f.Type
	if word == "call" && f.Action.CallType != "" {
		word = f.Action.CallType
	}
	c := Call{Kind: parityWords[word], Failed: f.Error != ""}
	if c.Kind == 0 {
		hx.fail("type of a trace", word)
	}
	if c.Kind == CallDestruct {
		c.From, c.To = hx.address("address", f.Action.Address), hx.address("refundAddress", f.Action.Refund)
		c.Value = hx.uint256("balance", f.Action.Balance)
		return c
	}
	c.From, c.To = hx.address("from", f.Action.From), hx.address("to", f.Action.To)
	c.Value = hx.uint256("value", f.Action.Value)
	if f.Result != nil {
		c.Ran = hx.uint64("gasUsed", f.Result.GasUsed) > 0
		if c.Kind == CallCreate {
			c.To = hx.address("address", f.Result.Address)
		}
	}
	return c
}
