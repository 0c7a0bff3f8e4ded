package evm

// rpcBlock is a block as eth_getBlockBy… writes it. Everything is text until hexReader reads
// it; goccy/go-json lets all of it share one copy of the answer.
type rpcBlock struct {
	Hash            string          `json:"hash"`
	Parent          string          `json:"parentHash"`
	UnclesHash      string          `json:"sha3Uncles"`
	Miner           string          `json:"miner"`
	State           string          `json:"stateRoot"`
	TxRoot          string          `json:"transactionsRoot"`
	ReceiptRoot     string          `json:"receiptsRoot"`
	Bloom           string          `json:"logsBloom"`
	Difficulty      string          `json:"difficulty"`
	Number          string          `json:"number"`
	GasLimit        string          `json:"gasLimit"`
	GasUsed         string          `json:"gasUsed"`
	Time            string          `json:"timestamp"`
	Extra           string          `json:"extraData"`
	Mix             string          `json:"mixHash"`
	Nonce           string          `json:"nonce"`
	BaseFee         string          `json:"baseFeePerGas"`
	WithdrawalsRoot string          `json:"withdrawalsRoot"`
	BlobGasUsed     string          `json:"blobGasUsed"`
	ExcessBlobGas   string          `json:"excessBlobGas"`
	BeaconRoot      string          `json:"parentBeaconBlockRoot"`
	Requests        string          `json:"requestsHash"`
	AccessList      string          `json:"blockAccessListHash"`
	Slot            string          `json:"slotNumber"`
	ExtDataHash     string          `json:"extDataHash"`
	ExtDataGasUsed  string          `json:"extDataGasUsed"`
	BlockGasCost    string          `json:"blockGasCost"`
	Uncles          []string        `json:"uncles"`
	Withdrawals     []rpcWithdrawal `json:"withdrawals"`
}

type rpcFullBlock struct {
	rpcBlock
	Transactions []rpcTx `json:"transactions"`
}

type rpcThinBlock struct {
	rpcBlock
	Transactions []string `json:"transactions"`
}

type rpcWithdrawal struct {
	Index     string `json:"index"`
	Validator string `json:"validatorIndex"`
	Address   string `json:"address"`
	Amount    string `json:"amount"`
}

// rpcTx is a transaction as nodes write it, with the fields of the L2s' own types.
type rpcTx struct {
	Block    string      `json:"blockHash"`
	Place    string      `json:"transactionIndex"`
	Hash     string      `json:"hash"`
	Type     string      `json:"type"`
	ChainID  string      `json:"chainId"`
	Nonce    string      `json:"nonce"`
	From     string      `json:"from"`
	To       string      `json:"to"`
	Value    string      `json:"value"`
	Gas      string      `json:"gas"`
	GasPrice string      `json:"gasPrice"`
	TipCap   string      `json:"maxPriorityFeePerGas"`
	FeeCap   string      `json:"maxFeePerGas"`
	BlobCap  string      `json:"maxFeePerBlobGas"`
	Input    string      `json:"input"`
	Access   []rpcAccess `json:"accessList"`
	Blobs    []string    `json:"blobVersionedHashes"`
	Auths    []rpcAuth   `json:"authorizationList"`
	V        string      `json:"v"`
	Parity   string      `json:"yParity"`
	R        string      `json:"r"`
	S        string      `json:"s"`

	Source       string  `json:"sourceHash"`
	Request      string  `json:"requestId"`
	Ticket       string  `json:"ticketId"`
	Mint         string  `json:"mint"`
	DepositValue string  `json:"depositValue"`
	System       bool    `json:"isSystemTx"`
	Queue        string  `json:"queueIndex"`
	Sender       string  `json:"sender"`
	L1BaseFee    string  `json:"l1BaseFee"`
	RefundTo     string  `json:"refundTo"`
	Beneficiary  string  `json:"beneficiary"`
	MaxRefund    string  `json:"maxRefund"`
	MaxSubmit    string  `json:"maxSubmissionFee"`
	SubmitRefund string  `json:"submissionFeeRefund"`
	RetryTo      *string `json:"retryTo"`
	RetryValue   string  `json:"retryValue"`
	RetryData    string  `json:"retryData"`
}

type rpcAccess struct {
	Address string   `json:"address"`
	Keys    []string `json:"storageKeys"`
}

type rpcAuth struct {
	ChainID string `json:"chainId"`
	Address string `json:"address"`
	Nonce   string `json:"nonce"`
	Parity  string `json:"yParity"`
	V       string `json:"v"` // as older nodes name it
	R       string `json:"r"`
	S       string `json:"s"`
}

type rpcReceipt struct {
	TxHash        string   `json:"transactionHash"`
	Place         string   `json:"transactionIndex"`
	Block         string   `json:"blockHash"`
	Type          string   `json:"type"`
	Status        string   `json:"status"`
	Root          string   `json:"root"`
	CumulativeGas string   `json:"cumulativeGasUsed"`
	GasUsed       string   `json:"gasUsed"`
	GasPrice      string   `json:"effectiveGasPrice"`
	Contract      string   `json:"contractAddress"`
	Bloom         string   `json:"logsBloom"`
	Logs          []rpcLog `json:"logs"`
	BlobGas       string   `json:"blobGasUsed"`
	BlobFee       string   `json:"blobGasPrice"`
	L1Fee         string   `json:"l1Fee"`
	L1Gas         string   `json:"gasUsedForL1"`
	DepositNonce  string   `json:"depositNonce"`
	DepositForm   string   `json:"depositReceiptVersion"`
}

type rpcLog struct {
	Address string   `json:"address"`
	Topics  []string `json:"topics"`
	Data    string   `json:"data"`
	Index   string   `json:"logIndex"`
}
