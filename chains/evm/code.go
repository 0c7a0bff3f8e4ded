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
// to be a wallet is a contract.
func KindOfCode(_ chains.Chain, code []byte) chains.AccountKind {
	switch {
	case len(code) == 0:
		return chains.AccountKey
	case bytes.HasPrefix(code, delegation) && len(code) == len(delegation)+common.AddressLength:
		return chains.AccountKey
	case walletCode(code):
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

// walletCode reports whether code is that of a wallet: a proxy of a table, or an ERC-1167 clone
// of an implementation of a table. A proxy whose code does not name its implementation is told
// by the hash of its code.
func walletCode(code []byte) bool {
	if inner, ok := bytes.CutPrefix(code, cloneHead); ok && len(inner) == common.AddressLength+len(cloneTail) && bytes.HasSuffix(inner, cloneTail) {
		return walletImplementations[common.Address(inner[:common.AddressLength])]
	}
	return walletCodes[crypto.Keccak256Hash(code)]
}

// walletCodes are hashes of the code that wallets run, all of them Safe's proxies, which keep
// the address of their implementation in storage. Their hashes depend on version and compiler:
// each is keccak256 of the runtime code of GnosisSafeProxy of that release.
//
// Sources: safe-global/safe-deployments (proxy factories) and eth_getCode of proxies that these
// factories made.
var walletCodes = map[common.Hash]bool{
	common.HexToHash("0xb89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000"): true, // 1.3.0, 1.4.1 L1
	common.HexToHash("0xd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c"): true, // 1.3.0
	common.HexToHash("0xaea7d4252f6245f301e540cfbee27d3a88de543af8e49c5c62405d5499fab7e5"): true, // 1.1.1
}

// walletImplementations are the accounts that ERC-1167 clones of wallets point to.
var walletImplementations = map[common.Address]bool{}
