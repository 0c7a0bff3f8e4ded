package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"

	"clew/chains/evm/nodetest"
)

// selector returns the first four bytes of a function's hash.
func selector(signature string) []byte { return crypto.Keccak256([]byte(signature))[:4] }

// transferTo is a call of transfer.
func transferTo(to common.Address, units int64) []byte {
	return append(append(selector("transfer(address,uint256)"), nodetest.AddressWord(to)...), nodetest.Word(units)...)
}

// when appends a body that runs where the call has that many bytes, and ends there.
func when(c nodetest.Code, size uint64, body nodetest.Code) nodetest.Code {
	c = c.Push(size).Ops(vm.CALLDATASIZE, vm.SUB)
	behind := len(c) + 4 + len(body)
	c = c.Ops(vm.PUSH2)
	c = append(c, byte(behind>>8), byte(behind))
	return append(c.Ops(vm.JUMPI), body...).Ops(vm.JUMPDEST)
}

// given pushes the word at an offset of what the contract was called with.
func given(c nodetest.Code, at uint64) nodetest.Code { return c.Push(at).Ops(vm.CALLDATALOAD) }

// tokenCode is a token of 6 decimals that keeps balances under their holder's address, and lets
// anybody move them: transfer, transferFrom, balanceOf, decimals, symbol.
func tokenCode() nodetest.Code {
	about := given(nodetest.Code{}, 0).Push(224).Ops(vm.SHR).PushBytes(selector("decimals()")).Ops(vm.EQ, vm.PUSH0, vm.MSTORE)
	// Memory: 6 where decimals are asked, else the symbol as 32 bytes.
	about = about.Ops(vm.PUSH0, vm.MLOAD).Push(6).Ops(vm.MUL).
		PushBytes(common.RightPadBytes([]byte("TOK"), 32)).Ops(vm.PUSH0, vm.MLOAD, vm.ISZERO, vm.MUL, vm.ADD, vm.PUSH0, vm.MSTORE).
		Push(32).Push(0).Ops(vm.RETURN)
	balance := given(nodetest.Code{}, 4).Ops(vm.SLOAD, vm.PUSH0, vm.MSTORE).Push(32).Push(0).Ops(vm.RETURN)
	from := func(c nodetest.Code) nodetest.Code { return given(c, 4) }
	c := when(when(nil, 4, about), 36, balance)
	c = when(c, 68, moves(func(c nodetest.Code) nodetest.Code { return c.Ops(vm.CALLER) }, 4))
	c = when(c, 100, moves(from, 36))
	return c.Revert()
}

// moves is a transfer from an account to the one at an offset of the call, with the amount behind
// it. Who has not as much gets an exception.
func moves(from func(nodetest.Code) nodetest.Code, at uint64) nodetest.Code {
	amount := at + 32
	c := given(nodetest.Code{}, amount)
	c = from(c).Ops(vm.SLOAD, vm.SUB) // balance − amount
	// Balances stay below 2⁶³; what is short of one is far above, and no memory is as large.
	c = c.Ops(vm.DUP1).Push(63).Ops(vm.SHR, vm.MLOAD, vm.POP)
	c = from(c).Ops(vm.SSTORE)
	c = given(c, amount)
	c = given(c, at).Ops(vm.SLOAD, vm.ADD)
	c = given(c, at).Ops(vm.SSTORE)
	c = given(c, amount).Ops(vm.PUSH0, vm.MSTORE)
	c = given(c, at)
	c = from(c)
	topic := crypto.Keccak256([]byte("Transfer(address,address,uint256)"))
	return c.PushBytes(topic).Push(32).Push(0).Ops(vm.LOG3).Return(1)
}

// shopCode pays 500 of the token to whoever sends coins.
func shopCode() nodetest.Code {
	c := nodetest.Code{}.PushBytes(common.RightPadBytes(selector("transfer(address,uint256)"), 32)).Ops(vm.PUSH0, vm.MSTORE)
	c = c.Ops(vm.CALLER).Push(4).Ops(vm.MSTORE).Push(500_000_000).Push(36).Ops(vm.MSTORE)
	return c.Ops(vm.PUSH0, vm.PUSH0).Push(68).Ops(vm.PUSH0, vm.PUSH0).PushBytes(tokenAt[:]).Ops(vm.GAS, vm.CALL, vm.POP, vm.STOP)
}

// bridgeCode takes the eight words of a Send, or the seven of a Relay, as cBridge writes them into
// its logs: it takes the token from its caller, or pays it to the receiver.
func bridgeCode() nodetest.Code {
	says := func(event string, words uint64) nodetest.Code {
		return nodetest.Code{}.Push(32*words).Ops(vm.PUSH0, vm.PUSH0, vm.CALLDATACOPY).
			PushBytes(crypto.Keccak256([]byte(event))).Push(32*words).Ops(vm.PUSH0, vm.LOG1)
	}
	pay := func(c nodetest.Code, from, to func(nodetest.Code) nodetest.Code) nodetest.Code {
		c = c.PushBytes(common.RightPadBytes(selector("transferFrom(address,address,uint256)"), 32)).Ops(vm.PUSH0, vm.MSTORE)
		c = from(c).Push(4).Ops(vm.MSTORE)
		c = to(c).Push(36).Ops(vm.MSTORE)
		c = given(c, 128).Push(68).Ops(vm.MSTORE)
		c = c.Ops(vm.PUSH0, vm.PUSH0).Push(100).Ops(vm.PUSH0, vm.PUSH0)
		return given(c, 96).Ops(vm.GAS, vm.CALL, vm.POP, vm.STOP)
	}
	caller := func(c nodetest.Code) nodetest.Code { return c.Ops(vm.CALLER) }
	own := func(c nodetest.Code) nodetest.Code { return c.Ops(vm.ADDRESS) }
	receiver := func(c nodetest.Code) nodetest.Code { return given(c, 64) }
	c := when(nil, 256, pay(says("Send(bytes32,address,address,address,uint256,uint64,uint64,uint32)", 8), caller, own))
	c = when(c, 224, pay(says("Relay(bytes32,address,address,address,uint256,uint64,bytes32)", 7), own, receiver))
	return c.Revert()
}

// wrapsCode logs that it wraps what it is sent, keeps it, and says how much of it anybody has: what
// it was sent in all.
func wrapsCode() nodetest.Code {
	c := when(nil, 36, nodetest.Code{}.Ops(vm.SELFBALANCE, vm.PUSH0, vm.MSTORE).Push(32).Ops(vm.PUSH0, vm.RETURN))
	c = c.Ops(vm.CALLVALUE, vm.PUSH0, vm.MSTORE, vm.CALLER)
	return c.PushBytes(crypto.Keccak256([]byte("Deposit(address,uint256)"))).Push(32).Ops(vm.PUSH0, vm.LOG2, vm.STOP)
}

// signedWith reports whether a header carries a token that is signed with the secret, in hex.
func signedWith(header, secret string) bool {
	key, err := hex.DecodeString(strings.TrimPrefix(secret, "0x"))
	token, bearer := strings.CutPrefix(header, "Bearer ")
	signed, signature, both := cutLast(token, ".")
	if err != nil || !bearer || !both {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed)) // a hash never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) == signature
}

// cutLast cuts text at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}
