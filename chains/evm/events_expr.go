package evm

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"clew/chains"
)

// expression names a value of an event: NAME, then optionally a slice of its bytes [from:to],
// then functions behind bars: message[20:52]|addr. An unsigned integer has the bytes of its
// type: a uint64 has eight.
type expression struct {
	name     string
	from, to int // of the bytes; to is −1 for the end
	cut      bool
	calls    []string
}

// scope is what an expression may name.
type scope struct {
	*reading
	protocol string
	index    int // of the main log
	vars     map[string]abiValue
}

// parseExpression reads one expression.
func parseExpression(text string) (expression, error) {
	words := strings.Split(text, "|")
	e := expression{name: words[0], to: -1, calls: words[1:]}
	for _, call := range e.calls {
		if !strings.Contains(" addr uint keccak digest domain peer ", " "+call+" ") {
			return e, fmt.Errorf("expression %q: function %q is not known", text, call)
		}
	}
	name, slice, ok := strings.Cut(e.name, "[")
	if !ok {
		return e, nil
	}
	from, to, ok := strings.Cut(strings.TrimSuffix(slice, "]"), ":")
	if !ok {
		return e, fmt.Errorf("expression %q: want NAME[FROM:TO]", text)
	}
	e.name, e.cut = name, true
	var err error
	if e.from, err = strconv.Atoi(from); err != nil {
		return e, fmt.Errorf("expression %q: %w", text, err)
	}
	if to != "" {
		if e.to, err = strconv.Atoi(to); err != nil {
			return e, fmt.Errorf("expression %q: %w", text, err)
		}
	}
	return e, nil
}

// eval returns the value; false where there is none, or where it is too short.
func (e *expression) eval(s *scope) (abiValue, bool) {
	v, ok := s.lookup(e.name)
	if !ok {
		return v, false
	}
	if e.cut {
		to := e.to
		if to < 0 {
			to = len(v.bytes)
		}
		if e.from > to || to > len(v.bytes) {
			return v, false
		}
		v = abiValue{kindBytes, v.bytes[e.from:to]}
	}
	for _, call := range e.calls {
		if v, ok = s.apply(call, v); !ok {
			return v, false
		}
	}
	return v, true
}

// lookup returns the value of a name.
func (s *scope) lookup(name string) (abiValue, bool) {
	switch name {
	case "@chain":
		id, ok := s.at.Chain.ChainID()
		return number(id), ok
	case "@native": // as the token of the coin
		return abiValue{kindAddress, make([]byte, common.AddressLength)}, true
	case "@zero":
		return number(0), true
	case "@tx":
		return abiValue{kindFixed, s.at.Tx[:]}, true
	}
	v, ok := s.vars[name]
	return v, ok
}

// number returns n as a value.
func number(n uint64) abiValue {
	word := new(uint256.Int).SetUint64(n).Bytes32()
	return abiValue{kindUint, word[:]}
}

// apply runs one function of an expression.
func (s *scope) apply(call string, v abiValue) (abiValue, bool) {
	switch call {
	case "addr": // an address in a field that has room for those of other chains
		if len(v.bytes) == 32 && allZero(v.bytes[:12]) {
			return abiValue{kindAddress, v.bytes[12:]}, true
		}
		return v, len(v.bytes) > 0
	case "uint":
		return abiValue{kindUint, v.bytes}, len(v.bytes) <= 32
	case "keccak":
		return abiValue{kindFixed, crypto.Keccak256(v.bytes)}, true
	case "digest": // of a message, zero for none
		if len(v.bytes) == 0 {
			return abiValue{kindFixed, make([]byte, 32)}, true
		}
		return abiValue{kindFixed, crypto.Keccak256(v.bytes)}, true
	case "domain": // the protocol's number of the chain with that id
		n, ok := s.tables.numbers[ownKey{s.protocol, chainOf(v)}]
		return abiValue{kindText, []byte(n)}, ok
	case "peer": // the chain on the other side of a contract that serves one chain only
		p, ok := s.tables.place(s.at.Chain, v.account())
		id, is := p.peer.ChainID()
		return number(id), ok && is
	}
	return v, false
}

// chain reads a chain by the protocol's own number of it; "" where that is not known.
func (s *scope) chain(v abiValue) chains.Chain {
	if own, ok := s.tables.domains[s.protocol]; ok {
		return own[v.text()]
	}
	return chainOf(v)
}

// chainOf reads a chain by its id after EIP-155.
func chainOf(v abiValue) chains.Chain {
	n := new(uint256.Int).SetBytes(v.bytes)
	if !n.IsUint64() || n.IsZero() {
		return ""
	}
	return chains.EVM(n.Uint64())
}

// text writes a value as Field does: whole numbers in decimal, bytes in hex.
func (v abiValue) text() string {
	switch v.kind {
	case kindUint, kindBool:
		return new(uint256.Int).SetBytes(v.bytes).Dec()
	case kindInt:
		n := new(uint256.Int).SetBytes(v.bytes)
		n.ExtendSign(n, uint256.NewInt(uint64(len(v.bytes)-1)))
		if n.Sign() < 0 {
			return "-" + n.Neg(n).Dec()
		}
		return n.Dec()
	case kindText:
		return string(v.bytes)
	}
	return "0x" + hex.EncodeToString(v.bytes)
}

// account reads an address; "" where it is none of this family.
func (v abiValue) account() chains.Address {
	b := v.bytes
	if len(b) == 32 && allZero(b[:12]) {
		b = b[12:]
	}
	if len(b) != common.AddressLength {
		return ""
	}
	return chains.Address(b)
}

// standsForCoin are addresses that protocols write where they mean the native coin: many 0xEeee…,
// the OP stack the token that ether was on Optimism before 2023.
var standsForCoin = map[common.Address]bool{
	{}: true,
	common.HexToAddress("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"): true,
	common.HexToAddress("0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000"): true,
}

// asset reads a token's address.
func (v abiValue) asset() chains.Asset {
	a, ok := Account(v.account())
	if !ok {
		return ""
	}
	if standsForCoin[a] {
		return chains.Native
	}
	return AssetOf(a)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
