package evm

// attested is what a node says of a transaction beyond its consensus bytes and its receipt's,
// as canonical JSON: members in this order, those that are not known or zero left out.
type attested struct {
	Block    *attestedBlock  `json:"block,omitempty"`  // where the header cannot be written
	System   *attestedSystem `json:"system,omitempty"` // the protocol's transaction: nothing else then
	Tx       *attestedTx     `json:"tx,omitempty"`     // where the transaction cannot be written
	Sender   string          `json:"sender,omitempty"` // where no signature tells
	Gas      uint64          `json:"gas,omitempty"`    // used
	Price    string          `json:"price,omitempty"`  // for a unit of gas, in wei
	FirstLog uint32          `json:"first_log,omitempty"`
	Contract string          `json:"contract,omitempty"`
	BlobGas  uint64          `json:"blob_gas,omitempty"`
	BlobFee  string          `json:"blob_fee,omitempty"`
	L1Fee    string          `json:"l1_fee,omitempty"`
	L1Gas    uint64          `json:"l1_gas,omitempty"`
	Nonce    *uint64         `json:"deposit_nonce,omitempty"` // where the receipt's bytes lack it
	Calls    *attestedCall   `json:"calls,omitempty"`
}

type attestedBlock struct {
	Hash    string `json:"hash"`
	Prev    string `json:"prev"`
	Height  int64  `json:"height"`
	Time    int64  `json:"time"`
	Miner   string `json:"miner"`
	BaseFee string `json:"base_fee,omitempty"`
	Blobs   bool   `json:"blobs,omitempty"`
	Work    bool   `json:"work,omitempty"`
}

// attestedTx are the fields of a transaction of a type that cannot be written here.
type attestedTx struct {
	Hash   string `json:"hash"`
	Type   uint8  `json:"type"`
	Nonce  uint64 `json:"nonce,omitempty"`
	Gas    uint64 `json:"gas,omitempty"`
	To     string `json:"to,omitempty"`
	Value  string `json:"value,omitempty"`
	Input  string `json:"input,omitempty"`
	Mint   string `json:"mint,omitempty"`
	FeeCap string `json:"fee_cap,omitempty"`
}

type attestedSystem struct {
	Withdrawals []attestedWithdrawal `json:"withdrawals,omitempty"`
	Uncles      []string             `json:"uncles,omitempty"` // hashes
	Miners      []attestedUncle      `json:"miners,omitempty"` // of uncles
}

type attestedWithdrawal struct {
	Index     uint64 `json:"index"`
	Validator uint64 `json:"validator"`
	Address   string `json:"address"`
	Gwei      uint64 `json:"gwei"`
}

type attestedUncle struct {
	Miner  string `json:"miner"`
	Height int64  `json:"height"`
}

// attestedCall is a frame, its value in wei. One letter each: there are many.
type attestedCall struct {
	Kind   string         `json:"k"`
	From   string         `json:"f"`
	To     string         `json:"t"`
	Value  string         `json:"v,omitempty"`
	Failed bool           `json:"x,omitempty"`
	Ran    bool           `json:"r,omitempty"`
	Calls  []attestedCall `json:"c,omitempty"`
}

// kindWords are the kinds as recordings write them: callTracer's words.
var kindWords = map[CallKind]string{
	CallPlain: "CALL", CallCode: "CALLCODE", CallDelegate: "DELEGATECALL", CallStatic: "STATICCALL", CallCreate: "CREATE", CallDestruct: "SELFDESTRUCT",
}

func (a *attestedCall) write(c *Call) {
	*a = attestedCall{
		Kind: kindWords[c.Kind], From: hexText(c.From[:]), To: hexText(c.To[:]), Value: wei(&c.Value), Failed: c.Failed, Ran: c.Ran,
	}
	if len(c.Calls) > 0 {
		a.Calls = make([]attestedCall, len(c.Calls))
	}
	for i := range c.Calls {
		a.Calls[i].write(&c.Calls[i])
	}
}

func (a *attestedCall) read(c *Call, hx *hexReader, depth int) {
	*c = Call{Kind: callWords[a.Kind], From: hx.address("f", a.From), To: hx.address("t", a.To), Value: hx.decimal("v", a.Value), Failed: a.Failed, Ran: a.Ran}
	if c.Kind == 0 || depth > maxCallDepth {
		hx.fail("kind of a call", a.Kind)
		return
	}
	if len(a.Calls) > 0 {
		c.Calls = make([]Call, len(a.Calls))
	}
	for i := range a.Calls {
		a.Calls[i].read(&c.Calls[i], hx, depth+1)
	}
}
