package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/chains/bitcoin"
)

// givenJSON is a transaction in clew's own form, Bitcoin Core's or Esplora's, or what holds some.
// Names are matched in any case, so that Core's scriptPubKey, an object, and Esplora's scriptpubkey,
// hex, are one field.
type givenJSON struct {
	TxID     string        `json:"txid"`
	Hex      string        `json:"hex"`
	Version  int32         `json:"version"`
	LockTime uint32        `json:"locktime"`
	Vin      []givenInput  `json:"vin"`
	Vout     []givenOutput `json:"vout"`

	Height    *int64 `json:"height"`
	Time      int64  `json:"time"`      // of a block
	BlockTime int64  `json:"blocktime"` // of a transaction that Core found in a block
	Status    struct {
		Height int64 `json:"block_height"`
		Time   int64 `json:"block_time"`
	} `json:"status"`

	Tx     []json.RawMessage `json:"tx"`
	Result json.RawMessage   `json:"result"`
}

type givenInput struct {
	TxID       string       `json:"txid"`
	Vout       *uint32      `json:"vout"`
	Sequence   *uint32      `json:"sequence"`
	Coinbase   string       `json:"coinbase"`
	IsCoinbase bool         `json:"is_coinbase"`
	Prevout    *givenOutput `json:"prevout"`
	givenOutput
}

type givenOutput struct {
	Value  json.Number     `json:"value"`
	Spk    *string         `json:"spk"`
	Script json.RawMessage `json:"scriptPubKey"`
}

// tx returns the transaction. raw: it was given as bytes too, and is what they say.
func (t *givenJSON) tx(chain chains.Chain) (tx chains.Tx, raw bool, err error) {
	if t.Hex != "" {
		bytes, err := hex.DecodeString(t.Hex)
		if err == nil {
			tx, err = bitcoin.DecodeTx(chain, bytes)
		}
		if err != nil {
			return chains.Tx{}, false, fmt.Errorf("hex: %w", err)
		}
		if t.TxID != "" && !strings.EqualFold(t.TxID, tx.ID.String()) {
			return chains.Tx{}, false, fmt.Errorf("txid is %s, but hex is the transaction %s", t.TxID, tx.ID)
		}
	} else if tx, err = t.bare(chain); err != nil {
		return chains.Tx{}, false, err
	}
	if t.Height != nil {
		tx.Block.Height = *t.Height
	} else {
		tx.Block.Height = t.Status.Height
	}
	tx.Block.Time = max(t.BlockTime, t.Status.Time)
	if err := t.attach(chain, &tx); err != nil {
		return chains.Tx{}, false, err
	}
	return tx, t.Hex != "", nil
}

// bare returns the transaction without what it spends.
func (t *givenJSON) bare(chain chains.Chain) (chains.Tx, error) {
	switch {
	case t.TxID == "":
		return chains.Tx{}, errors.New("no transaction: it has no txid")
	case len(t.Vin) == 0 || len(t.Vout) == 0:
		return chains.Tx{}, errors.New("vin and vout: each has one entry at least")
	}
	id, err := chains.ParseHash(strings.ToLower(t.TxID))
	if err != nil {
		return chains.Tx{}, fmt.Errorf("txid: %w", err)
	}
	tx := chains.Tx{ID: id, Version: t.Version, LockTime: t.LockTime, Coinbase: t.coinbase()}
	for i := range t.Vin {
		if tx.Coinbase {
			break
		}
		in := chains.Input{Sequence: finalSequence}
		if in.Prev.Tx, err = chains.ParseHash(strings.ToLower(t.Vin[i].TxID)); err != nil {
			return chains.Tx{}, fmt.Errorf("vin %d: txid: %w", i, err)
		}
		if t.Vin[i].Vout == nil {
			return chains.Tx{}, fmt.Errorf("vin %d: it has no vout", i)
		}
		if in.Prev.Index = *t.Vin[i].Vout; t.Vin[i].Sequence != nil {
			in.Sequence = *t.Vin[i].Sequence
		}
		tx.Inputs = append(tx.Inputs, in)
	}
	for i := range t.Vout {
		out, ok, err := t.Vout[i].output(chain)
		if err == nil && !ok {
			err = errors.New("want value and spk")
		}
		if err != nil {
			return chains.Tx{}, fmt.Errorf("vout %d: %w", i, err)
		}
		tx.Outputs = append(tx.Outputs, out)
	}
	return tx, nil
}

// finalSequence is what an input has whose sequence is not given.
const finalSequence = 0xffffffff

func (t *givenJSON) coinbase() bool {
	return slices.ContainsFunc(t.Vin, func(in givenInput) bool { return in.Coinbase != "" || in.IsCoinbase })
}

// attach fills in what the inputs spend, where the entry tells value and script.
func (t *givenJSON) attach(chain chains.Chain, tx *chains.Tx) error {
	if tx.Coinbase {
		return nil
	}
	if len(t.Vin) != len(tx.Inputs) && len(t.Vin) > 0 {
		return fmt.Errorf("vin has %d entries, but hex %d inputs", len(t.Vin), len(tx.Inputs))
	}
	for i := range t.Vin {
		from := &t.Vin[i].givenOutput
		if t.Vin[i].Prevout != nil {
			from = t.Vin[i].Prevout
		}
		out, ok, err := from.output(chain)
		if err != nil {
			return fmt.Errorf("vin %d: %w", i, err)
		}
		tx.Inputs[i].Spent, tx.Inputs[i].Known = out, ok
	}
	return nil
}

// output returns the output; ok is false where value or script is not given.
func (o *givenOutput) output(chain chains.Chain) (out chains.Output, ok bool, err error) {
	script, inCoins, ok, err := o.script()
	if err != nil || !ok || o.Value == "" {
		return chains.Output{}, false, err
	}
	value, err := units(o.Value.String(), inCoins)
	if err != nil {
		return chains.Output{}, false, err
	}
	return bitcoin.Output(chain, value, script), true, nil
}

// script returns the script, and whether the value beside it is in coins, as Core writes it, or in
// satoshi.
func (o *givenOutput) script() (script []byte, inCoins, ok bool, err error) {
	var text string
	switch {
	case o.Spk != nil:
		text = *o.Spk
	case len(o.Script) == 0 || string(o.Script) == "null":
		return nil, false, false, nil
	case o.Script[0] == '"':
		if err := json.Unmarshal(o.Script, &text); err != nil {
			return nil, false, false, fmt.Errorf("scriptpubkey: %w", err)
		}
	default:
		var object struct{ Hex *string }
		if err := json.Unmarshal(o.Script, &object); err != nil || object.Hex == nil {
			return nil, false, false, errors.Join(errors.New("scriptPubKey: want hex in it"), err)
		}
		text, inCoins = *object.Hex, true
	}
	if script, err = hex.DecodeString(text); err != nil {
		return nil, false, false, fmt.Errorf("script %.80q: %w", text, err)
	}
	return script, inCoins, true, nil
}

// units reads an amount in satoshi, or in coins with 8 decimals at most; programs write small ones
// with an exponent.
func units(text string, inCoins bool) (uint64, error) {
	unit, scale := "whole satoshi", 0
	if inCoins {
		unit, scale = "coins with 8 decimals at most", 8
	}
	mantissa, power, scientific := strings.Cut(strings.ToLower(text), "e")
	if scientific {
		exponent, err := strconv.Atoi(power)
		if err != nil || exponent < -99 || exponent > 99 {
			return 0, fmt.Errorf("value %.40s: want %s", text, unit)
		}
		scale += exponent
	}
	whole, decimals, _ := strings.Cut(mantissa, ".")
	digits := whole + decimals
	switch scale -= len(decimals); {
	case scale >= 0:
		digits += strings.Repeat("0", scale)
	case len(strings.TrimRight(digits, "0")) > len(digits)+scale:
		return 0, fmt.Errorf("value %.40s: want %s", text, unit)
	default:
		digits = "0" + digits[:max(len(digits)+scale, 0)]
	}
	v, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("value %.40s: want %s", text, unit)
	}
	return v, nil
}
