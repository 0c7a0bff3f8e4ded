package bitcoin

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"clew/chains"
)

// verboseBlock is what we read of getblock 3: the header's fields, the transactions as hex,
// and what they spend. A node that knows no 3 answers as to 2, without the last.
type verboseBlock struct {
	Version int32       `json:"version"`
	Prev    string      `json:"previousblockhash"`
	Root    string      `json:"merkleroot"`
	Time    uint32      `json:"time"`
	Bits    string      `json:"bits"`
	Nonce   uint32      `json:"nonce"`
	Tx      []verboseTx `json:"tx"`
	RawTx   []verboseTx `json:"rawtx"` // btcd's name for them
}

type verboseTx struct {
	Hex string         `json:"hex"`
	Vin []verboseInput `json:"vin"`
}

type verboseInput struct {
	Coinbase string `json:"coinbase"`
	Prevout  *struct {
		Value  json.Number `json:"value"`
		Script struct {
			Hex string `json:"hex"`
		} `json:"scriptPubKey"`
		Token *verboseToken `json:"tokenData"` // Bitcoin Cash Node
	} `json:"prevout"`
}

// tellsSpent reports whether the answer has the outputs that the block spends.
func (v *verboseBlock) tellsSpent() bool {
	for _, list := range [][]verboseTx{v.Tx, v.RawTx} {
		for i := range list {
			for j := range list[i].Vin {
				if in := &list[i].Vin[j]; in.Coinbase == "" && in.Prevout == nil {
					return false
				}
			}
		}
	}
	return true
}

// encode returns the consensus bytes of the block.
func (v *verboseBlock) encode() ([]byte, error) {
	h := Header{Version: v.Version, Time: int64(v.Time), Nonce: v.Nonce}
	var err error
	if v.Prev != "" { // block 0 has none
		if h.Prev, err = chains.ParseHash(v.Prev); err != nil {
			return nil, fmt.Errorf("previousblockhash: %w", err)
		}
	}
	if h.MerkleRoot, err = chains.ParseHash(v.Root); err != nil {
		return nil, fmt.Errorf("merkleroot: %w", err)
	}
	bits, err := strconv.ParseUint(v.Bits, 16, 32)
	if err != nil {
		return nil, fmt.Errorf("bits: %w", err)
	}
	h.Bits = uint32(bits)
	txs := append(v.Tx, v.RawTx...)
	size := HeaderBytes + 9
	for i := range txs {
		size += len(txs[i].Hex) / 2
	}
	raw := appendCompactSize(append(make([]byte, 0, size), h.Encode()...), uint64(len(txs)))
	for i := range txs {
		if raw, err = hex.AppendDecode(raw, []byte(txs[i].Hex)); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	return raw, nil
}

// spent returns what each transaction spends, in the form of EncodeSpent, as parts of one
// slice.
func (v *verboseBlock) spent() ([][]byte, error) {
	txs := append(v.Tx, v.RawTx...)
	all, parts := make([]byte, 0, 64*len(txs)), make([][]byte, len(txs))
	ends := make([]int, len(txs))
	for i := range txs {
		n := 0
		for j := range txs[i].Vin {
			if txs[i].Vin[j].Coinbase == "" {
				n++
			}
		}
		all = appendCompactSize(all, uint64(n))
		for j := range txs[i].Vin {
			in := &txs[i].Vin[j]
			if in.Coinbase != "" {
				continue
			}
			value, err := parseCoins(in.Prevout.Value.String())
			if err != nil {
				return nil, fmt.Errorf("transaction %d, input %d: %w", i, j, err)
			}
			script := in.Prevout.Script.Hex
			var token []byte
			if in.Prevout.Token != nil {
				if token, err = in.Prevout.Token.prefix(); err != nil {
					return nil, fmt.Errorf("transaction %d, input %d: token: %w", i, j, err)
				}
			}
			all = binary.LittleEndian.AppendUint64(all, value)
			all = append(appendCompactSize(all, uint64(len(token)+len(script)/2)), token...)
			if all, err = hex.AppendDecode(all, []byte(script)); err != nil {
				return nil, fmt.Errorf("transaction %d, input %d: script: %w", i, j, err)
			}
		}
		ends[i] = len(all)
	}
	start := 0
	for i, end := range ends {
		parts[i] = all[start:end:end]
		start = end
	}
	return parts, nil
}

// parseCoins reads an amount in coins, as nodes write it in JSON, as whole units of 10⁻⁸. btcd writes
// small ones with an exponent: 1e-07.
func parseCoins(text string) (uint64, error) {
	const decimals = 8
	number, power, scientific := strings.Cut(text, "e")
	shift := 0
	if scientific {
		var err error
		if shift, err = strconv.Atoi(power); err != nil || shift < -decimals || shift > decimals {
			return 0, fmt.Errorf("amount %q: want an exponent from -%d to %d", text, decimals, decimals)
		}
	}
	whole, part, _ := strings.Cut(number, ".")
	zeros := decimals - len(part) + shift
	if zeros < 0 {
		return 0, fmt.Errorf("amount %q: more than %d decimals", text, decimals)
	}
	units, err := strconv.ParseUint(whole+part+strings.Repeat("0", zeros), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("amount %q: %w", text, err)
	}
	return units, nil
}
