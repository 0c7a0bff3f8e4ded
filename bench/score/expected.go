package main

import (
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
)

// expected is a transaction as the reviewed accounting sees it.
type expected struct {
	ChainID uint64  `json:"chain_id"`
	Tx      string  `json:"tx"`
	Events  []event `json:"events"`
}

// event is one row of the accounting.
type event struct {
	Type         string `json:"event_type"`
	Subtype      string `json:"event_subtype"`
	Asset        string `json:"asset"`
	Amount       amount `json:"amount"`
	Account      string `json:"location_label"`
	Counterparty string `json:"counterparty"`
}

// amount is in whole coins, as text; the data has it as text and as numbers.
type amount string

// UnmarshalJSON takes both.
func (a *amount) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		*a = amount(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(a))
}

// kind returns the type of a row ("" where it has none) and its subtype, as TYPE/SUBTYPE.
func (e *event) kind() string {
	return strings.TrimPrefix(e.Type, "HistoryEventType.") + "/" + strings.TrimPrefix(e.Subtype, "HistoryEventSubType.")
}

// nothing reports whether the amount of a row is 0.
func (e *event) nothing() bool { return strings.Trim(string(e.Amount), "0.") == "" }

// expectations reads the accounting.
func expectations(shared string) (list []expected, err error) {
	err = unpack(filepath.Join(shared, "evm", "mainnet_expected.json.gz"), func(r io.Reader) error {
		return json.NewDecoder(r).Decode(&list)
	})
	return list, err
}
