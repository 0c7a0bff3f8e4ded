package evm

import (
	"encoding/hex"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"
)

// derivations compute what expressions of tables/events.json cannot say. Each reads and adds
// values of the scope; errShape if the message is not of the protocol's form.
var derivations = map[string]func(*scope) error{
	"arbitrum-ticket":  arbitrumTicket,
	"arbitrum-deposit": arbitrumDeposit,
	"cctp-v2":          cctpMessage,
	"cctp-v2-received": cctpReceived,
	"hop-transfer":     hopTransfer,
	"op-deposit":       opDeposit,
	"thorchain-memo":   thorchainMemo,
	"tornado-pool":     tornadoPool,
}

// words reads n 32-byte words at the front of b.
func words(b []byte, n int) ([][]byte, bool) {
	if len(b) < 32*n {
		return nil, false
	}
	out := make([][]byte, n)
	for i := range out {
		out[i] = b[32*i : 32*i+32]
	}
	return out, true
}

// arbitrumTicket computes the id of a retryable ticket from the message that made it (kind 9):
// hash of the L2 transaction of type 0x69 that the message becomes. inbox.data are nine words
// and the calldata (Inbox.createRetryableTicket).
func arbitrumTicket(s *scope) error {
	data := s.vars["inbox.data"].bytes
	w, ok := words(data, 9)
	chain, known := s.apply("peer", s.vars["@emitter"])
	if !ok || !known {
		return errShape
	}
	size, ok := wordLength(w[8], len(data)-9*32)
	gas := new(uint256.Int).SetBytes(w[6])
	if !ok || !gas.IsUint64() {
		return errShape
	}
	target := w[0][12:]
	if allZero(target) {
		target = []byte{} // makes a contract
	}
	id, err := typedHash(0x69, []any{
		whole(chain.bytes), padded(s.vars["messageIndex"].bytes), s.vars["sender"].bytes, whole(s.vars["baseFeeL1"].bytes),
		whole(w[2]), whole(w[7]), gas.Uint64(), target, whole(w[1]), w[5][12:], whole(w[3]), w[4][12:], data[9*32 : 9*32+size],
	})
	if err != nil {
		return err
	}
	s.vars["ticket"] = id
	s.vars["to"], s.vars["value"] = abiValue{kindAddress, w[0][12:]}, abiValue{kindUint, w[1]}
	s.vars["deposit"] = abiValue{kindUint, w[2]}
	return nil
}

// arbitrumDeposit computes the hash of the L2 transaction of type 0x64 that a deposit of ETH
// (kind 12) becomes. inbox.data is the receiver and the amount, packed.
func arbitrumDeposit(s *scope) error {
	data := s.vars["inbox.data"].bytes
	chain, known := s.apply("peer", s.vars["@emitter"])
	if len(data) != 52 || !known {
		return errShape
	}
	id, err := typedHash(0x64, []any{
		whole(chain.bytes), padded(s.vars["messageIndex"].bytes), s.vars["sender"].bytes, data[:20], whole(data[20:]),
	})
	if err != nil {
		return err
	}
	s.vars["ticket"] = id
	s.vars["to"], s.vars["value"] = abiValue{kindAddress, data[:20]}, abiValue{kindUint, data[20:]}
	return nil
}

// opDeposit computes the hash of the L2 transaction of type 0x7e that a deposit becomes. Its
// source hash is keccak(0 ‖ keccak(block hash ‖ log index)) of the log on the L1 (OP stack
// specification, "Source hash computation"). opaqueData is mint, value, gas, creation, calldata.
func opDeposit(s *scope) error {
	data := s.vars["opaqueData"].bytes
	if len(data) < 73 || !allZero(s.vars["version"].bytes) {
		return errShape
	}
	index := number(uint64(s.logs[s.index].Index))
	inner := crypto.Keccak256(s.at.Block[:], index.bytes)
	source := crypto.Keccak256(make([]byte, 32), inner)
	to := s.vars["to"].bytes
	if data[72] != 0 {
		to = []byte{} // makes a contract
	}
	var gas uint64
	for _, b := range data[64:72] {
		gas = gas<<8 | uint64(b)
	}
	id, err := typedHash(0x7e, []any{source, s.vars["from"].bytes, to, whole(data[:32]), whole(data[32:64]), gas, false, data[73:]})
	if err != nil {
		return err
	}
	s.vars["source"], s.vars["l2tx"] = abiValue{kindFixed, source}, id
	s.vars["mint"], s.vars["value"] = abiValue{kindUint, data[:32]}, abiValue{kindUint, data[32:64]}
	return nil
}

// typedHash is the hash of a transaction of an L2's own type.
func typedHash(form byte, fields []any) (abiValue, error) {
	body, err := rlp.EncodeToBytes(fields)
	if err != nil {
		return abiValue{}, err
	}
	return abiValue{kindFixed, crypto.Keccak256([]byte{form}, body)}, nil
}

// whole is a number as RLP writes it.
func whole(b []byte) *uint256.Int { return new(uint256.Int).SetBytes(b) }

// padded is a number in 32 bytes.
func padded(b []byte) []byte { return common.LeftPadBytes(b, 32) }

// cctpBody is where the body of a CCTP v2 message begins, and cctpFees where its fields
// feeExecuted and expirationBlock stand in the body: zero where the message is sent, filled in
// by the attestation service.
const (
	cctpBody     = 148
	cctpFees     = 164
	cctpFeesEnd  = 228
	cctpNonceAt  = 12
	cctpNonceEnd = 44
)

// cctpMessage normalises a CCTP v2 message as it is sent: its nonce is zero there, so the key is
// what does not change on the way.
func cctpMessage(s *scope) error {
	m := s.vars["message"].bytes
	if len(m) < cctpBody+cctpFeesEnd || !allZero(m[cctpNonceAt:cctpNonceEnd]) {
		return errShape
	}
	s.vars["normal"] = cctpNormal(m[4:8], m[44:76], m[cctpBody:])
	return nil
}

// cctpReceived does the same with what the receiving contract tells.
func cctpReceived(s *scope) error {
	body := s.vars["messageBody"].bytes
	if len(body) < cctpFeesEnd {
		return errShape
	}
	s.vars["normal"] = cctpNormal(s.vars["sourceDomain"].bytes, s.vars["sender"].bytes, body)
	return nil
}

// cctpNormal hashes the origin, the sender and the body without what is filled in later.
func cctpNormal(origin, sender, body []byte) abiValue {
	return abiValue{kindFixed, crypto.Keccak256(origin, sender, body[:cctpFees], make([]byte, cctpFeesEnd-cctpFees), body[cctpFeesEnd:])}
}

// hopTransfer checks that a transfer's id is the hash of its fields (Hop, getTransferId).
func hopTransfer(s *scope) error {
	var packed []byte
	for _, name := range []string{"chainId", "recipient", "amount", "transferNonce", "bonderFee", "amountOutMin", "deadline"} {
		packed = append(packed, padded(s.vars[name].bytes)...)
	}
	if string(crypto.Keccak256(packed)) != string(s.vars["transferId"].bytes) {
		return errShape
	}
	return nil
}

// thorchainMemo reads the memo of a THORChain router: "=:ASSET:DESTINATION…" goes out,
// "OUT:TXID" and "REFUND:TXID" come in. It adds memo.word, and memo.network and memo.to, or
// memo.tx.
func thorchainMemo(s *scope) error {
	parts := strings.Split(string(s.vars["memo"].bytes), ":")
	if len(parts) < 2 {
		return errShape
	}
	word := strings.ToUpper(parts[0])
	switch word {
	case "=", "SWAP", "S":
		if len(parts) < 3 {
			return errShape
		}
		network, _, _ := strings.Cut(parts[1], ".")
		network, _, _ = strings.Cut(network, "~")
		to, _, _ := strings.Cut(parts[2], "/") // the refund address stands behind it
		s.vars["memo.word"] = abiValue{kindText, []byte("swap")}
		s.vars["memo.network"] = abiValue{kindText, []byte(strings.ToUpper(network))}
		s.vars["memo.to"] = abiValue{kindText, []byte(to)}
		if raw, err := hex.DecodeString(strings.TrimPrefix(to, "0x")); err == nil && len(raw) == common.AddressLength {
			s.vars["memo.to"] = abiValue{kindAddress, raw} // however its letters are written
		}
	case "OUT", "REFUND":
		id, err := hex.DecodeString(parts[1])
		if err != nil || len(id) != 32 {
			return errShape
		}
		s.vars["memo.word"] = abiValue{kindText, []byte(strings.ToLower(word))}
		s.vars["memo.tx"] = abiValue{kindFixed, id}
	default:
		return errShape
	}
	return nil
}
