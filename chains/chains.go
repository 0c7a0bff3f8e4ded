// Package chains is the vocabulary of the whole program: chains, amounts, addresses,
// transactions and the errors that every layer branches on. It holds facts as a chain
// records them and nothing that anybody concludes from them.
//
// It does not read nodes, parse scripts or format addresses: the adapters below it
// (chains/bitcoin) do. It imports the standard library and holiman/uint256 only.
//
// Start reading at Tx (tx.go).
package chains

import (
	"fmt"
	"strconv"
	"strings"
)

// Chain is the short name of a blockchain: "bitcoin", "bitcoin-regtest", "eip155:137".
// Make one with ParseChain.
type Chain string

// Family says how a chain keeps value.
type Family uint8

const (
	// FamilyBitcoin keeps value in outputs that a later transaction spends whole.
	FamilyBitcoin Family = iota + 1
	// FamilyEVM keeps value in balances of accounts.
	FamilyEVM
)

// Info describes a chain.
type Info struct {
	Name Chain
	// CAIP2 is the chain's id after CAIP-2: of the genesis block, or of the first block
	// behind a split for the chain that left (Bitcoin Cash). The regression test networks
	// of two chains that share a genesis share an id too.
	CAIP2    string
	Family   Family
	Symbol   string // of the native coin, as its users write it
	Decimals int    // of the native coin: 8 means that 1 coin is 10⁸ units
	Genesis  string // hash of block 0 as displayed, hex; "" where it is not needed to tell the network
}

var registry = []Info{
	{"bitcoin", "bip122:000000000019d6689c085ae165831e93", FamilyBitcoin, "BTC", 8, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"},
	{"bitcoin-testnet", "bip122:000000000933ea01ad0ee984209779ba", FamilyBitcoin, "tBTC", 8, "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"},
	{"bitcoin-regtest", "bip122:0f9188f13cb7b2c71f2a335e3a4fc328", FamilyBitcoin, "rBTC", 8, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"},
	{"bitcoin-testnet4", "bip122:00000000da84f2bafbbc53dee25a72ae", FamilyBitcoin, "tBTC", 8, "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"},
	{"bitcoin-signet", "bip122:00000008819873e925422c1ff0f99f7c", FamilyBitcoin, "sBTC", 8, "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"},
	{"bitcoin-simnet", "bip122:683e86bd5c6d110d91b94b97137ba6bf", FamilyBitcoin, "sBTC", 8, "683e86bd5c6d110d91b94b97137ba6bfe02dbbdb8e3dff722a669b5d69d77af6"},
	{"litecoin", "bip122:12a765e31ffd4059bada1e25190f6e98", FamilyBitcoin, "LTC", 8, "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"},
	{"litecoin-testnet", "bip122:4966625a4b2851d9fdee139e56211a0d", FamilyBitcoin, "tLTC", 8, "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0"},
	{"litecoin-regtest", "bip122:530827f38f93b43ed12af0b3ad25a288", FamilyBitcoin, "rLTC", 8, "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9"},
	{"bitcoin-cash", "bip122:000000000000000000651ef99cb9fcbe", FamilyBitcoin, "BCH", 8, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"},
	{"bitcoin-cash-testnet", "bip122:00000000000e38fef93ed9582a7df438", FamilyBitcoin, "tBCH", 8, "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"},
	{"bitcoin-cash-regtest", "bip122:0f9188f13cb7b2c71f2a335e3a4fc328", FamilyBitcoin, "rBCH", 8, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"},
	{"dogecoin", "bip122:1a91e3dace36e2be3bf030a65679fe82", FamilyBitcoin, "DOGE", 8, "1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691"},
	{"dogecoin-testnet", "bip122:bb0a78264637406b6360aad926284d54", FamilyBitcoin, "tDOGE", 8, "bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e"},
	{"dogecoin-regtest", "bip122:3d2160a3b5dc4a9d62e7e66a295f7031", FamilyBitcoin, "rDOGE", 8, "3d2160a3b5dc4a9d62e7e66a295f70313ac808440ef7400d6c0772171ce973a5"},
	{"ethereum", "eip155:1", FamilyEVM, "ETH", 18, ""},
	{"polygon", "eip155:137", FamilyEVM, "MATIC", 18, ""},
	{"bsc", "eip155:56", FamilyEVM, "BNB", 18, ""},
	{"arbitrum", "eip155:42161", FamilyEVM, "ETH", 18, ""},
	{"optimism", "eip155:10", FamilyEVM, "ETH", 18, ""},
	{"base", "eip155:8453", FamilyEVM, "ETH", 18, ""},
	{"avalanche", "eip155:43114", FamilyEVM, "AVAX", 18, ""},
	{"gnosis", "eip155:100", FamilyEVM, "xDAI", 18, ""},
}

// eip155 begins the name of every chain of accounts that has no short one: "eip155:5".
const eip155 = "eip155:"

// EVM returns the chain of accounts with that id: by its short name where it has one.
func EVM(id uint64) Chain {
	name := Chain(eip155 + strconv.FormatUint(id, 10))
	for _, in := range registry {
		if in.CAIP2 == string(name) {
			return in.Name
		}
	}
	return name
}

// ChainID returns the id of a chain of accounts after EIP-155; false for any other chain.
func (c Chain) ChainID() (uint64, bool) {
	in := c.Info()
	digits, ok := strings.CutPrefix(in.CAIP2, eip155)
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 10, 64)
	return id, err == nil
}

// unnamed returns the description of a chain of accounts without a short name. One that has a
// short name is not written as a number: a chain has one name.
func unnamed(name string) (Info, bool) {
	digits, ok := strings.CutPrefix(name, eip155)
	id, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil || id == 0 || strconv.FormatUint(id, 10) != digits || EVM(id) != Chain(name) {
		return Info{}, false
	}
	return Info{Name: Chain(name), CAIP2: name, Family: FamilyEVM, Symbol: "coin", Decimals: 18}, true
}

// ParseChain returns the chain with the given short name. The error lists the known ones.
func ParseChain(name string) (Chain, error) {
	names := make([]string, 0, len(registry))
	for _, in := range registry {
		if string(in.Name) == name {
			return in.Name, nil
		}
		names = append(names, string(in.Name))
	}
	if digits, ok := strings.CutPrefix(name, eip155); ok {
		if in, ok := unnamed(name); ok {
			return in.Name, nil
		}
		if id, err := strconv.ParseUint(digits, 10, 64); err == nil && id > 0 {
			return EVM(id), nil // written as a number, or with zeros in front
		}
	}
	names = append(names, eip155+"N")
	return "", fmt.Errorf("chain %q: %w (known: %s)", name, ErrUnknownChain, strings.Join(names, ", "))
}

// Known returns every registered chain, in a fixed order.
func Known() []Info { return append([]Info(nil), registry...) }

// Info returns the description of c; the zero Info if c is not registered.
func (c Chain) Info() Info {
	for _, in := range registry {
		if in.Name == c {
			return in
		}
	}
	in, _ := unnamed(string(c))
	return in
}

// CAIP2 returns the chain's id after CAIP-2; "" if c is not registered.
func (c Chain) CAIP2() string { return c.Info().CAIP2 }

// SplitChain cuts the chain off the front of text of the form CHAIN:REST. It takes the
// longest registered name that matches, so that a colon inside REST stays there.
func SplitChain(text string) (Chain, string, error) {
	best := Chain("")
	for _, in := range registry {
		if strings.HasPrefix(text, string(in.Name)+":") && len(in.Name) > len(best) {
			best = in.Name
		}
	}
	if rest, ok := strings.CutPrefix(text, eip155); ok && best == "" {
		digits, behind, colon := strings.Cut(rest, ":")
		if chain, err := ParseChain(eip155 + digits); err == nil && colon {
			return chain, behind, nil
		}
	}
	if best == "" {
		name, _, _ := strings.Cut(text, ":")
		_, err := ParseChain(name)
		if err == nil {
			err = fmt.Errorf("%q: want CHAIN:REST, nothing stands behind the chain", text)
		}
		return "", "", err
	}
	return best, text[len(best)+1:], nil
}

// Asset names what is counted: Native, or a token's contract address in the chain's own form,
// or ADDRESS/ID for a token with an id. Equal assets have equal text.
type Asset string

// Native is the chain's own coin.
const Native Asset = "native"

// ClaimedPrefix begins the name of an asset that is neither coin nor token but a unit in which
// somebody valued movements: "claimed:usd". What enters an account in it and what leaves do not
// add up, since each movement was valued at its own minute.
const ClaimedPrefix = "claimed:"

// IsValuation reports whether a is somebody's valuation, of which contact alone can be said.
func (a Asset) IsValuation() bool { return strings.HasPrefix(string(a), ClaimedPrefix) }
