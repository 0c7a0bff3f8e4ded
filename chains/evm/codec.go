package evm

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"clew/chains"
)

// Codec is the family's way with addresses as one value, for those who take it through an
// interface of their own. The zero value is ready and safe for concurrent use.
type Codec struct{}

// ParseAddress is the function of that name.
func (Codec) ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	return ParseAddress(chain, text)
}

// FormatAddress is the function of that name.
func (Codec) FormatAddress(chain chains.Chain, a chains.Address) string {
	return FormatAddress(chain, a)
}

// DecodeHeader reads a header's place in the chain.
func (Codec) DecodeHeader(chain chains.Chain, raw []byte) (chains.Header, error) {
	h, err := DecodeHeader(chain, raw)
	if err != nil {
		return chains.Header{}, err
	}
	return chains.Header{Hash: h.Ref.Hash, Prev: h.Prev, MerkleRoot: chains.Hash(h.TxRoot), Time: h.Ref.Time}, nil
}

// DecodeExec returns the transaction that a recording kept, as Decoder.Assemble does: kept has
// Index, Raw and of Exec what a recording keeps; wrapped are the contracts that NewDecoder was told
// of. What they hold must have the ID and the height of kept, and its block's hash where that is
// given.
func (Codec) DecodeExec(chain chains.Chain, wrapped []chains.Address, header []byte, kept *chains.Tx) (chains.Tx, error) {
	named := make([]common.Address, len(wrapped))
	for i, a := range wrapped {
		named[i], _ = Account(a) // of what is no address nothing is read
	}
	r := Record{Header: header, Index: kept.Index, Raw: kept.Raw}
	if e := kept.Exec; e != nil {
		r.Receipt, r.Attested, r.TxProof, r.ReceiptProof = e.Receipt, e.Attested, e.TxProof, e.ReceiptProof
	}
	tx, err := NewDecoder(chain, named...).Assemble(&r)
	if err != nil {
		return chains.Tx{}, fmt.Errorf("transaction %s: %w", kept.ID, err)
	}
	if pinned := kept.Block.Hash; pinned != (chains.BlockHash{}) && pinned != tx.Block.Hash {
		return chains.Tx{}, fmt.Errorf("transaction %s: %w: its header is of block %s, not %s", kept.ID, chains.ErrBadAnswer, tx.Block.Hash, pinned)
	}
	if tx.ID != kept.ID || tx.Block.Height != kept.Block.Height || tx.Coinbase != kept.Coinbase {
		return chains.Tx{}, fmt.Errorf("transaction %s at height %d: %w: its bytes are of %s at height %d", kept.ID, kept.Block.Height, chains.ErrBadAnswer, tx.ID, tx.Block.Height)
	}
	return tx, nil
}

// ErrChecksum means that an address is written with capitals that are not its checksum.
var ErrChecksum = errors.New("wrong checksum")

// ParseAddress reads 0x and 40 hex digits: all lower case, all upper case, or with the
// checksum of EIP-55. Capitals that are not the checksum mean that somebody mistyped:
// ErrChecksum. Chains whose addresses have a checksum of their own (EIP-1191) use EIP-55 here.
func ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	if chain.Info().Family != chains.FamilyEVM {
		return "", fmt.Errorf("address %q: %s is no chain of accounts: %w", text, chain, chains.ErrUnknownChain)
	}
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok || len(digits) != 2*common.AddressLength {
		return "", fmt.Errorf("address %q: want 0x and 40 hex digits", text)
	}
	var a common.Address
	if _, err := hex.Decode(a[:], []byte(digits)); err != nil {
		return "", fmt.Errorf("address %q: %w", text, err)
	}
	if digits != strings.ToLower(digits) && digits != strings.ToUpper(digits) && text != a.Hex() {
		return "", fmt.Errorf("address %q: %w: was a character mistyped? Write it in lower case if it is right", text, ErrChecksum)
	}
	return Address(a), nil
}

// FormatAddress writes a with the checksum of EIP-55. What is no address of this family comes
// back as hex digits in brackets, so that a report shows it instead of failing.
func FormatAddress(_ chains.Chain, a chains.Address) string {
	c, ok := Account(a)
	if !ok {
		return "[" + hex.EncodeToString([]byte(a)) + "]"
	}
	return c.Hex()
}

// Address returns a as a key: its 20 bytes.
func Address(a common.Address) chains.Address { return chains.Address(a[:]) }

// Account is the reverse of Address; false where a is no address of this family.
func Account(a chains.Address) (common.Address, bool) {
	if len(a) != common.AddressLength {
		return common.Address{}, false
	}
	return common.Address([]byte(a)), true
}

// AssetOf returns the asset whose contract is a: its text with checksum.
func AssetOf(a common.Address) chains.Asset { return chains.Asset(a.Hex()) }

// NFT returns the asset of one id of the contract a: ADDRESS/ID, the id in decimal.
func NFT(a common.Address, id *uint256.Int) chains.Asset {
	return chains.Asset(a.Hex() + "/" + id.Dec())
}

// AssetAddress returns the contract of a token and, for a token with an id, that id; false for
// the native coin and for what is no asset of this family.
func AssetAddress(asset chains.Asset) (contract common.Address, id *uint256.Int, ok bool) {
	text, number, nft := strings.Cut(string(asset), "/")
	if len(text) != 2+2*common.AddressLength || !common.IsHexAddress(text) {
		return common.Address{}, nil, false
	}
	contract = common.HexToAddress(text)
	if contract.Hex() != text { // equal assets have equal text
		return common.Address{}, nil, false
	}
	if !nft {
		return contract, nil, true
	}
	id, err := uint256.FromDecimal(number)
	if err != nil || id.Dec() != number {
		return common.Address{}, nil, false
	}
	return contract, id, true
}
