package bitcoin

import (
	"iter"

	"clew/chains"
)

// Codec is the family's way with bytes and addresses as one value, for those who take it
// through an interface of their own. The zero value is ready and safe for concurrent use.
type Codec struct{}

// ParseAddress is the function of that name.
func (Codec) ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	return ParseAddress(chain, text)
}

// FormatAddress is the function of that name.
func (Codec) FormatAddress(chain chains.Chain, a chains.Address) string {
	return FormatAddress(chain, a)
}

// DecodeBlock is the function of that name.
func (Codec) DecodeBlock(chain chains.Chain, raw []byte, height int64) (*chains.Block, error) {
	return DecodeBlock(chain, raw, height)
}

// DecodeTx is the function of that name.
func (Codec) DecodeTx(chain chains.Chain, raw []byte) (chains.Tx, error) {
	return DecodeTx(chain, raw)
}

// DecodeHeader reads a header's place in the chain.
func (Codec) DecodeHeader(chain chains.Chain, raw []byte) (chains.Header, error) {
	h, err := DecodeHeader(chain, raw)
	return chains.Header{Hash: h.Hash, Prev: h.Prev, MerkleRoot: h.MerkleRoot, Time: h.Time}, err
}

// CheckChainWork is the function of that name.
func (Codec) CheckChainWork(chain chains.Chain, headers iter.Seq2[int64, []byte]) error {
	return CheckChainWork(chain, headers)
}

// CheckCoinbase is an error where the first transaction of a block has to state its height (BIP34) and
// states another one, or none. Of test networks of one's own it is not known from when on.
func (Codec) CheckCoinbase(chain chains.Chain, raw []byte, height int64) error {
	net, err := networkOf(chain)
	if err != nil {
		return err
	}
	return net.checkHeight(raw, height)
}

// AttachSpent is the function of that name.
func (Codec) AttachSpent(chain chains.Chain, block *chains.Block, spent [][]byte) error {
	return AttachSpent(chain, block, spent)
}

// AnyOrder reports whether a transaction of chain may stand in a block before one that it
// spends there.
func (Codec) AnyOrder(chain chains.Chain) bool {
	net, err := networkOf(chain)
	return err == nil && net.anyOrder
}

// MerkleBranch is the function of that name.
func (Codec) MerkleBranch(ids []chains.TxID, i int) []chains.Hash { return MerkleBranch(ids, i) }

// VerifyBranch is the function of that name.
func (Codec) VerifyBranch(id chains.TxID, i int, branch []chains.Hash, root chains.Hash) bool {
	return VerifyBranch(id, i, branch, root)
}
