package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"clew/bench/wallets"
	"clew/chains"
	"clew/chains/bitcoin"
)

// regtest is the chain of the emulated sets.
const regtest = chains.Chain("bitcoin-regtest")

// simulated is what measurements call the wallets of world: made by this project's generator.
const simulated = "simulated wallets"

// world is the simulated wallets that everything is measured on; nobody writes to it. Another seed gives
// others.
var world = sync.OnceValue(func() *wallets.World { return wallets.Make(2024, 120) })

// set is transactions in chain order, as far as one knows it.
type set struct {
	txs []chains.Tx
	// owner is who owns an address; nil where nobody tells.
	owner map[chains.Address]string
	// several: the transactions whose inputs are of several owners, where owners are known.
	several []bool
}

// enlighten tells inputs what they spend, where that was made by another transaction of the set,
// and says of how many it is known.
func enlighten(txs []chains.Tx) {
	made := map[chains.TxID]*chains.Tx{}
	for i := range txs {
		made[txs[i].ID] = &txs[i]
	}
	for i := range txs {
		for j := range txs[i].Inputs {
			in := &txs[i].Inputs[j]
			if from := made[in.Prev.Tx]; from != nil && !in.Known && int(in.Prev.Index) < len(from.Outputs) {
				in.Spent, in.Known, in.Proven = from.Outputs[in.Prev.Index], true, true
			}
		}
	}
}

// unzip returns the content of a packed file.
func unzip(parts ...string) (data []byte, err error) {
	err = unpack(filepath.Join(parts...), func(r io.Reader) error {
		data, err = io.ReadAll(r)
		return err
	})
	return data, err
}

// blocks2019 are the ten blocks of mainnet. What was made before them is not known.
func blocks2019(repo string) (set, error) {
	var s set
	for h := int64(560062); h <= 560071; h++ {
		raw, err := unzip(repo, "bitcoin", "blocks", fmt.Sprintf("%d.blk.gz", h))
		if err != nil {
			return set{}, err
		}
		block, err := bitcoin.DecodeBlock(wallets.Chain, raw, h)
		if err != nil {
			return set{}, err
		}
		s.txs = append(s.txs, block.Txs...)
	}
	enlighten(s.txs)
	return s, nil
}

// block2014 is block 300025, with everything that it spends.
func block2014(repo string) (set, error) {
	raw, err := unzip(repo, "bitcoin", "blocks", "block300025.raw.gz")
	if err != nil {
		return set{}, err
	}
	block, err := bitcoin.DecodeBlock(wallets.Chain, raw, 300025)
	if err != nil {
		return set{}, err
	}
	undo, err := unzip(repo, "bitcoin", "blocks", "block300025-undo.raw.gz")
	if err != nil {
		return set{}, err
	}
	for i := range block.Txs {
		for j := range block.Txs[i].Inputs {
			in := &block.Txs[i].Inputs[j]
			var script []byte
			if script, in.Spent.Value, undo, err = takeUndo(undo); err != nil {
				return set{}, err
			}
			in.Spent.Address, in.Spent.Type = bitcoin.Classify(wallets.Chain, script)
			in.Known = true
		}
	}
	if len(undo) != 0 {
		return set{}, fmt.Errorf("block300025-undo.raw.gz: %d bytes too many", len(undo))
	}
	return set{txs: block.Txs}, nil
}

// takeUndo reads one spent output in bcoin's form: value, length of the script in one byte or in
// three, script.
func takeUndo(b []byte) (script []byte, value uint64, rest []byte, err error) {
	short := fmt.Errorf("block300025-undo.raw.gz ends in the middle of an output")
	if len(b) < 9 {
		return nil, 0, nil, short
	}
	value, n, at := binary.LittleEndian.Uint64(b), int(b[8]), 9
	if n == 0xfd && len(b) >= 11 {
		n, at = int(binary.LittleEndian.Uint16(b[9:])), 11
	}
	if n > 0xfd && at == 9 || len(b) < at+n {
		return nil, 0, nil, short
	}
	return b[at : at+n], value, b[at+n:], nil
}

// labelled is a transaction of 2024 with the labels that its lines bear.
type labelled struct {
	tx     chains.Tx
	labels []string
}

// is reports whether a line bears the label.
func (l *labelled) is(label string) bool { return slices.Contains(l.labels, label) }

// txLine is a transaction with what it spends, as a line of JSON.
type txLine struct {
	TxID  chains.TxID `json:"txid"`
	Label string      `json:"label"`
	Vin   []struct {
		TxID  chains.TxID `json:"txid"`
		Vout  uint32      `json:"vout"`
		Value uint64      `json:"value"`
		SPK   string      `json:"spk"`
	} `json:"vin"`
	Vout []struct {
		Value uint64 `json:"value"`
		SPK   string `json:"spk"`
	} `json:"vout"`
}

// mainnet2024 are transactions around mixes of March and June 2024, each once, in the order of the file.
func mainnet2024(repo string) ([]labelled, error) {
	var all []labelled
	at := map[chains.TxID]int{}
	err := lines(filepath.Join(repo, "bitcoin", "coinjoin", "mainnet_2024.jsonl.gz"), func(data []byte) error {
		if len(bytes.TrimSpace(data)) == 0 {
			return nil
		}
		var l txLine
		if err := json.Unmarshal(data, &l); err != nil {
			return err
		}
		if i, twice := at[l.TxID]; twice {
			all[i].labels = append(all[i].labels, l.Label)
			return nil
		}
		tx, err := l.tx()
		if err != nil {
			return fmt.Errorf("transaction %s: %w", l.TxID, err)
		}
		at[l.TxID] = len(all)
		all = append(all, labelled{tx, []string{l.Label}})
		return nil
	})
	return all, err
}

func (l *txLine) tx() (chains.Tx, error) {
	tx := chains.Tx{ID: l.TxID, Evidence: chains.EvidenceImported, Version: 2}
	for _, in := range l.Vin {
		out, err := output(in.Value, in.SPK)
		if err != nil {
			return tx, err
		}
		tx.Inputs = append(tx.Inputs, chains.Input{Prev: chains.OutPoint{Tx: in.TxID, Index: in.Vout}, Spent: out, Known: true})
	}
	for _, o := range l.Vout {
		out, err := output(o.Value, o.SPK)
		if err != nil {
			return tx, err
		}
		tx.Outputs = append(tx.Outputs, out)
	}
	return tx, nil
}

func output(value uint64, spk string) (chains.Output, error) {
	script, err := hex.DecodeString(spk)
	if err != nil {
		return chains.Output{}, fmt.Errorf("script %q: %w", spk, err)
	}
	return bitcoin.Output(wallets.Chain, value, script), nil
}

// wasabi1Set are CoinJoins of Wasabi 1. What they spend is known where it was made by another of
// them.
func wasabi1Set(repo string) (set, error) {
	var s set
	err := lines(filepath.Join(repo, "bitcoin", "coinjoin", "wasabi1_raw.hex.gz"), func(data []byte) error {
		id, text, ok := strings.Cut(strings.TrimSpace(string(data)), " ")
		if !ok {
			return fmt.Errorf("line %q: want txid and hex", data)
		}
		raw, err := hex.DecodeString(text)
		if err != nil {
			return fmt.Errorf("transaction %s: %w", id, err)
		}
		tx, err := bitcoin.DecodeTx(wallets.Chain, raw)
		if err != nil {
			return fmt.Errorf("transaction %s: %w", id, err)
		}
		if tx.ID.String() != id {
			return fmt.Errorf("transaction %s: its bytes are those of %s", id, tx.ID)
		}
		s.txs = append(s.txs, tx)
		return nil
	})
	enlighten(s.txs)
	return s, err
}

// joinMarketChain is the regtest chain of JoinMarket's wallets.
func joinMarketChain(repo string) (set, error) {
	s := set{owner: map[chains.Address]string{}}
	var blocks []struct {
		Height int64            `json:"height"`
		Hash   chains.BlockHash `json:"hash"`
		Time   int64            `json:"time"`
		Tx     []struct {
			Hex string `json:"hex"`
		} `json:"tx"`
	}
	var truth struct {
		Wallets map[string][]string `json:"wallet_addresses"`
	}
	for name, into := range map[string]any{"joinmarket_blocks.json.gz": &blocks, "joinmarket_truth.json.gz": &truth} {
		data, err := unzip(repo, "bitcoin", "coinjoin", name)
		if err != nil {
			return set{}, err
		}
		if err := json.Unmarshal(data, into); err != nil {
			return set{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	for wallet, list := range truth.Wallets {
		for _, text := range list {
			a, err := bitcoin.ParseAddress(regtest, text)
			if err != nil {
				return set{}, fmt.Errorf("joinmarket_truth.json.gz: %w", err)
			}
			s.owner[a] = wallet
		}
	}
	for _, b := range blocks {
		for i, t := range b.Tx {
			raw, err := hex.DecodeString(t.Hex)
			if err != nil {
				return set{}, fmt.Errorf("block %d: %w", b.Height, err)
			}
			tx, err := bitcoin.DecodeTx(regtest, raw)
			if err != nil {
				return set{}, fmt.Errorf("block %d: %w", b.Height, err)
			}
			tx.Block, tx.Index = chains.BlockRef{Height: b.Height, Hash: b.Hash, Time: b.Time}, i
			s.txs = append(s.txs, tx)
		}
	}
	enlighten(s.txs)
	s.severally()
	return s, nil
}

// severally fills s.several.
func (s *set) severally() {
	for i := range s.txs {
		owners := map[string]bool{}
		for j := range s.txs[i].Inputs {
			if who := s.owner[s.txs[i].Inputs[j].Spent.Address]; who != "" {
				owners[who] = true
			}
		}
		s.several = append(s.several, len(owners) > 1)
	}
}

// emulatedCoin is an input or output of a round of Wasabi 2.
type emulatedCoin struct {
	Address string      `json:"address"`
	TxID    chains.TxID `json:"txid"`
	Value   uint64      `json:"value"`
	Wallet  string      `json:"wallet_name"`
	// Spends is, of an input that was made in another round, the output that it spends: txid and index.
	Spends []json.RawMessage `json:"spending_tx"`
}

func (c *emulatedCoin) output(owner map[chains.Address]string) (chains.Output, error) {
	a, err := bitcoin.ParseAddress(regtest, c.Address)
	if err != nil {
		return chains.Output{}, err
	}
	owner[a] = c.Wallet
	o := chains.Output{Value: c.Value, Address: a, Type: chains.ScriptP2WPKH}
	if strings.HasPrefix(c.Address, "bcrt1p") {
		o.Type = chains.ScriptP2TR
	}
	return o, nil
}

// wasabi2Set are the emulated rounds of Wasabi 2, by txid; every coin's wallet is known.
func wasabi2Set(repo string) (set, error) {
	data, err := unzip(repo, "bitcoin", "coinjoin", "wasabi2_emulated.json.gz")
	if err != nil {
		return set{}, err
	}
	var file struct {
		Rounds map[string]struct {
			TxID    chains.TxID          `json:"txid"`
			Inputs  map[int]emulatedCoin `json:"inputs"`
			Outputs map[int]emulatedCoin `json:"outputs"`
		} `json:"coinjoins"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return set{}, fmt.Errorf("wasabi2_emulated.json.gz: %w", err)
	}
	s := set{owner: map[chains.Address]string{}}
	for _, r := range file.Rounds {
		tx := chains.Tx{ID: r.TxID, Evidence: chains.EvidenceImported, Version: 1}
		for i := range len(r.Inputs) {
			c := r.Inputs[i]
			spent, err := c.output(s.owner)
			if err != nil {
				return set{}, fmt.Errorf("round %s: %w", r.TxID, err)
			}
			prev := chains.OutPoint{Tx: c.TxID, Index: uint32(i)} // of others the file does not name the index
			if len(c.Spends) == 2 {
				if err := json.Unmarshal(c.Spends[1], &prev.Index); err != nil {
					return set{}, fmt.Errorf("round %s, input %d: %w", r.TxID, i, err)
				}
			}
			tx.Inputs = append(tx.Inputs, chains.Input{Prev: prev, Sequence: 0xffffffff, Spent: spent, Known: true})
		}
		for i := range len(r.Outputs) {
			c := r.Outputs[i]
			out, err := c.output(s.owner)
			if err != nil {
				return set{}, fmt.Errorf("round %s: %w", r.TxID, err)
			}
			tx.Outputs = append(tx.Outputs, out)
		}
		s.txs = append(s.txs, tx)
	}
	slices.SortFunc(s.txs, func(a, b chains.Tx) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	s.severally()
	return s, nil
}

// worldSet is the world as a set.
func worldSet(w *wallets.World) set {
	s := set{txs: w.Txs, owner: map[chains.Address]string{}}
	for a, o := range w.Owner {
		s.owner[a] = fmt.Sprintf("%s %d", w.Names[o], o)
	}
	s.severally()
	return s
}
