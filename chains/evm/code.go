package evm

import (
	"bytes"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"clew/chains"
)

// delegation begins the code of an account whose key has lent it the code of a contract
// (EIP-7702): the key still decides.
var delegation = []byte{0xef, 0x01, 0x00}

// KindOfCode says what stands behind an address with that code. Every code that is not known
// to be a wallet is a contract; owners of ERC-4337 accounts are named by events instead, since
// the proxies that most of them are do not tell what they run.
func KindOfCode(chain chains.Chain, code []byte) chains.AccountKind {
	switch {
	case len(code) == 0:
		return chains.AccountKey
	case bytes.HasPrefix(code, delegation) && len(code) == len(delegation)+common.AddressLength:
		return chains.AccountKey
	case walletCode(chain, code):
		return chains.AccountWallet
	}
	return chains.AccountContract
}

// cloneHead and cloneTail stand around the address of the implementation in the code of a
// minimal proxy (ERC-1167).
var (
	cloneHead = common.FromHex("0x363d3d373d3d3d363d73")
	cloneTail = common.FromHex("0x5af43d82803e903d91602b57fd5bf3")
)

// walletCode reports whether code is that of a wallet: a proxy whose code is known, or a clone
// of an implementation that is.
func walletCode(chain chains.Chain, code []byte) bool {
	if inner, ok := bytes.CutPrefix(code, cloneHead); ok && len(inner) == common.AddressLength+len(cloneTail) && bytes.HasSuffix(inner, cloneTail) {
		id, _ := chain.ChainID()
		return walletImplementations[placed{id, common.Address(inner[:common.AddressLength])}]
	}
	return walletCodes[crypto.Keccak256Hash(code)]
}

// walletCodes are the code hashes of Safe's proxies. A proxy keeps the address of what it runs in
// its storage: whoever deploys one that runs something else is taken for a wallet too.
//
// Each is the keccak256 of deployedBytecode of the proxy in the package that its makers publish
// (@gnosis.pm/safe-contracts, @safe-global/safe-contracts, @safe-global/safe-smart-account).
var walletCodes = map[common.Hash]bool{
	common.HexToHash("0x9999daa94896b1dc51734d94c68aec28587d45e0584a50b319cb99b1f335d99b"): true, // 1.0.0
	common.HexToHash("0xaea7d4252f6245f301e540cfbee27d3a88de543af8e49c5c62405d5499fab7e5"): true, // 1.1.1
	common.HexToHash("0x958a485acd4eff0908ba6c67238d33eedec70bc99115074ad38ae14d1017f9db"): true, // 1.2.0
	common.HexToHash("0xb89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000"): true, // 1.3.0
	common.HexToHash("0xd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c"): true, // 1.4.1
	common.HexToHash("0x4e381985ca68b3e5d27b4425fa581c19cf33146d3f887a3cfca96f55528ea46f"): true, // 1.5.0
}

// placed is an address on a chain, by the chain's id.
type placed struct {
	chain   uint64
	address common.Address
}

// walletImplementations are what clones of wallets point to: Polymarket's ProxyWallet (its
// documentation, "Proxy wallets"), and Instadapp's accounts (its documentation, "Addresses").
var walletImplementations = map[placed]bool{
	{137, common.HexToAddress("0x44e999d5c2F66Ef0861317f9A4805AC2e90aEB4f")}:   true,
	{10, common.HexToAddress("0x0a0a82D2F86b9E46AE60E22FCE4e8b916F858Ddc")}:    true,
	{43114, common.HexToAddress("0x0a0a82D2F86b9E46AE60E22FCE4e8b916F858Ddc")}: true,
}
