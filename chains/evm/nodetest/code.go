package nodetest

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/holiman/uint256"
)

// Code is a program for the EVM, put together instruction by instruction.
type Code []byte

// Ops appends instructions without arguments.
func (c Code) Ops(ops ...vm.OpCode) Code {
	for _, op := range ops {
		c = append(c, byte(op))
	}
	return c
}

// Push appends a number.
func (c Code) Push(v uint64) Code {
	b := uint256.NewInt(v).Bytes()
	if len(b) == 0 {
		return c.Ops(vm.PUSH0)
	}
	return append(append(c, byte(vm.PUSH1)+byte(len(b)-1)), b...)
}

// PushBytes appends up to 32 bytes.
func (c Code) PushBytes(b []byte) Code {
	return append(append(c, byte(vm.PUSH1)+byte(len(b)-1)), b...)
}

// Call appends a CALL or CALLCODE of an account with value in wei; what comes of it is dropped.
func (c Code) Call(op vm.OpCode, to common.Address, wei uint64) Code {
	return c.Ops(vm.PUSH0, vm.PUSH0, vm.PUSH0, vm.PUSH0).Push(wei).PushBytes(to[:]).Ops(vm.GAS, op, vm.POP)
}

// CallWithout appends a DELEGATECALL or STATICCALL.
func (c Code) CallWithout(op vm.OpCode, to common.Address) Code {
	return c.Ops(vm.PUSH0, vm.PUSH0, vm.PUSH0, vm.PUSH0).PushBytes(to[:]).Ops(vm.GAS, op, vm.POP)
}

// Create appends a CREATE, or with a salt above 0 a CREATE2, of a contract by its code of
// creation, with value in wei.
func (c Code) Create(init []byte, wei, salt uint64) Code {
	for at := 0; at < len(init); at += 32 {
		c = c.PushBytes(common.RightPadBytes(init[at:min(at+32, len(init))], 32)).Push(uint64(at)).Ops(vm.MSTORE)
	}
	op := vm.CREATE
	if salt > 0 {
		c, op = c.Push(salt), vm.CREATE2
	}
	return c.Push(uint64(len(init))).Push(0).Push(wei).Ops(op, vm.POP)
}

// Destruct appends the contract's end.
func (c Code) Destruct(to common.Address) Code { return c.PushBytes(to[:]).Ops(vm.SELFDESTRUCT) }

// Revert appends a REVERT without words.
func (c Code) Revert() Code { return c.Ops(vm.PUSH0, vm.PUSH0, vm.REVERT) }

// Log appends a log with these topics and, as data, one number.
func (c Code) Log(data uint64, topics ...common.Hash) Code {
	c = c.Push(data).Push(0).Ops(vm.MSTORE)
	for i := len(topics) - 1; i >= 0; i-- {
		c = c.PushBytes(topics[i][:])
	}
	return c.Push(32).Push(0).Ops(vm.LOG0 + vm.OpCode(len(topics)))
}

// Return appends an answer of one number.
func (c Code) Return(v uint64) Code {
	return c.Push(v).Push(0).Ops(vm.MSTORE).Push(32).Push(0).Ops(vm.RETURN)
}
