package evm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/holiman/uint256"

	"clew/chains"
	"clew/chains/rpc"
)

// What contracts are asked, by the first four bytes of the hash of each signature.
var (
	askBalanceOf   = common.FromHex("70a08231") // balanceOf(address), ERC-20 and ERC-721
	askBalanceOfID = common.FromHex("00fdd58e") // balanceOf(address,uint256), ERC-1155
	askOwnerOf     = common.FromHex("6352211e") // ownerOf(uint256), ERC-721
	askSupports    = common.FromHex("01ffc9a7") // supportsInterface(bytes4), ERC-165
	askSymbol      = common.FromHex("95d89b41") // symbol()
	askDecimals    = common.FromHex("313ce567") // decimals()
	idERC721       = common.FromHex("80ac58cd")
)

const (
	// questionGas bounds what a contract may do, and with it the length of its answer: a
	// megabyte at most. Balances of real tokens, behind proxies too, take a fifth of it.
	questionGas = 1_000_000
	// questionAnswer is the limit of such an answer in hex.
	questionAnswer = 8 << 20
	// longestSymbol is how many bytes of a symbol are kept.
	longestSymbol = 64
	// mostDecimals is the largest number of decimals that an amount can have: 2²⁵⁶ has 78 digits.
	mostDecimals = 77
)

// BalanceAt returns what a held of an asset at the end of the main chain's block at height. Of a
// token it is what the contract says. chains.ErrUnsupported: the node does not keep the state of
// that block, or the contract does not tell.
func (n *Node) BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error) {
	amount, err := n.balanceAt(ctx, a, asset, height)
	if err != nil {
		return chains.Amount{}, fmt.Errorf("balance of %s in %s at block %d: %w", FormatAddress(n.chain, a), asset, height, err)
	}
	return amount, nil
}

func (n *Node) balanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error) {
	account, ok := Account(a)
	if !ok {
		return chains.Amount{}, fmt.Errorf("no address of this chain: %w", chains.ErrNotFound)
	}
	if asset == chains.Native {
		return n.number(ctx, "eth_getBalance", account, hexutil.Uint64(height))
	}
	contract, id, ok := AssetAddress(asset)
	switch {
	case !ok:
		return chains.Amount{}, fmt.Errorf("no asset of this chain: %w", chains.ErrNotFound)
	case id != nil:
		return n.heldID(ctx, account, contract, id, height)
	}
	return n.askAmount(ctx, contract, height, askBalanceOf, word(account[:]))
}

// number asks for a quantity in hex.
func (n *Node) number(ctx context.Context, method string, params ...any) (chains.Amount, error) {
	var text string
	if err := n.client.Call(ctx, rpc.SmallAnswer, &text, method, params...); err != nil {
		return chains.Amount{}, err
	}
	var hx hexReader
	v := hx.uint256(method, text)
	if hx.err != nil || text == "" {
		return chains.Amount{}, fmt.Errorf("%s: %w: %q is no quantity", n.client, chains.ErrBadAnswer, rpc.Excerpt([]byte(text)))
	}
	return chains.AmountOf(&v), nil
}

// heldID returns 1 or more if the account holds the token with that id: as ERC-1155 counts them,
// else as ERC-721 names the owner. An id that has no owner is held by nobody.
func (n *Node) heldID(ctx context.Context, account, contract common.Address, id *uint256.Int, height int64) (chains.Amount, error) {
	key := id.Bytes32()
	amount, err := n.askAmount(ctx, contract, height, askBalanceOfID, word(account[:]), key[:])
	if !errors.Is(err, errSilent) {
		return amount, err
	}
	owner, err := n.ask(ctx, contract, height, askOwnerOf, key[:])
	if err == nil && len(owner) == 32 {
		held := chains.Amount{}
		if common.BytesToAddress(owner) == account {
			held = chains.Units(1)
		}
		return held, nil
	}
	if err != nil && !errors.Is(err, errSilent) {
		return chains.Amount{}, err
	}
	yes, err := n.askAmount(ctx, contract, height, askSupports, append(idERC721[:4:4], make([]byte, 28)...))
	if err != nil {
		return chains.Amount{}, err
	}
	if yes.IsZero() {
		return chains.Amount{}, fmt.Errorf("%w: it names no owner of an id", errSilent)
	}
	return chains.Amount{}, nil
}

// errSilent: a contract does not tell what it was asked. It wraps chains.ErrUnsupported.
var errSilent = fmt.Errorf("the contract does not tell: %w", chains.ErrUnsupported)

// askAmount asks a contract for one number. What has no code at that height has none of anything.
func (n *Node) askAmount(ctx context.Context, contract common.Address, height int64, what []byte, args ...[]byte) (chains.Amount, error) {
	answer, err := n.ask(ctx, contract, height, what, args...)
	if err != nil {
		return chains.Amount{}, err
	}
	if len(answer) == 0 {
		code, err := n.code(ctx, contract, height)
		if err != nil || len(code) == 0 {
			return chains.Amount{}, err
		}
	}
	if len(answer) < 32 {
		return chains.Amount{}, fmt.Errorf("%w: it answers %d bytes", errSilent, len(answer))
	}
	return chains.AmountOf(new(uint256.Int).SetBytes32(answer[:32])), nil
}

// ask calls a contract without sending anything. errSilent: the contract refuses, or fails.
func (n *Node) ask(ctx context.Context, contract common.Address, height int64, what []byte, args ...[]byte) ([]byte, error) {
	data := append([]byte(nil), what...)
	for _, arg := range args {
		data = append(data, arg...)
	}
	var text string
	err := n.client.Call(ctx, questionAnswer, &text, "eth_call",
		map[string]any{"to": contract, "data": hexutil.Bytes(data), "gas": hexutil.Uint64(questionGas)}, hexutil.Uint64(height))
	if failed(err) {
		return nil, fmt.Errorf("%w: %w", errSilent, err)
	}
	if err != nil {
		return nil, err
	}
	answer, err := hexutil.Decode(text)
	if err != nil && text != "" && text != "0x" {
		return nil, fmt.Errorf("%s: eth_call: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	return answer, nil
}

// failed reports whether a call ended in an error of the contract's own: a revert, or what the
// node has no known words for (out of gas, an invalid instruction).
func failed(err error) bool {
	var refused *rpc.Error
	return errors.Is(err, errReverted) || errors.As(err, &refused) &&
		meaning(refused.Code, refused.Message) == nil && refused.Code != codeInvalidParams
}

// AccountKind says what stood behind an address at the end of the main chain's block at height,
// by its code. chains.ErrUnsupported: the node does not keep the state of that block.
func (n *Node) AccountKind(ctx context.Context, a chains.Address, height int64) (chains.AccountKind, error) {
	account, ok := Account(a)
	if !ok {
		return chains.AccountUnknown, fmt.Errorf("code of %s: no address of this chain: %w", FormatAddress(n.chain, a), chains.ErrNotFound)
	}
	code, err := n.code(ctx, account, height)
	if err != nil {
		return chains.AccountUnknown, fmt.Errorf("code of %s at block %d: %w", FormatAddress(n.chain, a), height, err)
	}
	return KindOfCode(n.chain, code), nil
}

func (n *Node) code(ctx context.Context, a common.Address, height int64) ([]byte, error) {
	var code hexutil.Bytes
	err := n.client.Call(ctx, rpc.SmallAnswer, &code, "eth_getCode", a, hexutil.Uint64(height))
	return code, err
}

// Token returns what a token's contract claims of itself at the end of a block, bounded: at most
// 64 bytes of a symbol, and decimals up to 77. What it does not say is "" and −1, never an error.
func (n *Node) Token(ctx context.Context, asset chains.Asset, height int64) (chains.Token, error) {
	token := chains.Token{Asset: asset, Decimals: -1}
	if asset == chains.Native {
		info := n.chain.Info()
		token.Symbol, token.Decimals = info.Symbol, info.Decimals
		return token, nil
	}
	contract, _, ok := AssetAddress(asset)
	if !ok {
		return token, fmt.Errorf("token %s: no asset of this chain: %w", asset, chains.ErrNotFound)
	}
	symbol, err := n.ask(ctx, contract, height, askSymbol)
	if err != nil && !errors.Is(err, errSilent) {
		return token, fmt.Errorf("symbol of %s at block %d: %w", asset, height, err)
	}
	token.Symbol = symbolOf(symbol)
	decimals, err := n.ask(ctx, contract, height, askDecimals)
	if err != nil && !errors.Is(err, errSilent) {
		return token, fmt.Errorf("decimals of %s at block %d: %w", asset, height, err)
	}
	if v := new(uint256.Int); len(decimals) >= 32 {
		if v.SetBytes32(decimals[:32]); v.IsUint64() && v.Uint64() <= mostDecimals {
			token.Decimals = int(v.Uint64())
		}
	}
	return token, nil
}

// symbolOf reads a string as the ABI writes it, or 32 bytes filled up with zeros, as older tokens
// answer (bytes32).
func symbolOf(answer []byte) string {
	if len(answer) == 32 {
		return strings.TrimRight(string(answer), "\x00")
	}
	if len(answer) < 64 {
		return ""
	}
	var at, size uint256.Int
	at.SetBytes32(answer[:32])
	if !at.IsUint64() || at.Uint64() > uint64(len(answer)-32) {
		return ""
	}
	rest := answer[at.Uint64():]
	size.SetBytes32(rest[:32])
	rest = rest[32:]
	if size.IsUint64() && size.Uint64() < uint64(len(rest)) {
		rest = rest[:size.Uint64()]
	}
	return string(rest[:min(len(rest), longestSymbol)])
}

// word returns an argument of a call: left-padded to 32 bytes.
func word(b []byte) []byte { return common.LeftPadBytes(b, 32) }
