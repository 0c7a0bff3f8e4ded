package evm

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"

	"clew/chains"
)

// placeKey is an account of a chain: the same address may be something else on another chain.
type placeKey struct {
	chain   chains.Chain
	address chains.Address
}

// place is a row of tables/contracts.csv.
type place struct {
	kind, protocol, name, source string
	peer                         chains.Chain // the only other chain that a bridge's contract serves; "" for many
}

// PlaceOf says what a well-known contract is: its kind in the words of a trace's nodes (bridge,
// mixer, pool, service, contract), whose it is, and where that is published. Not ok: it is in
// no table, which says nothing about it.
func PlaceOf(chain chains.Chain, a chains.Address) (kind, entity, source string, ok bool) {
	t := tables()
	if pool, ok := t.pools[placeKey{chain, a}]; ok {
		return "mixer", "Tornado Cash " + pool.Says(), poolSource, true
	}
	p, ok := t.place(chain, a)
	return p.kind, p.name, p.source, ok
}

// place returns the row of a contract: of this chain, or of those that are at one address on
// every chain (deployed by their hash, so that nobody else can have the address).
func (t *eventTables) place(chain chains.Chain, a chains.Address) (place, bool) {
	if p, ok := t.places[placeKey{chain, a}]; ok {
		return p, true
	}
	p, ok := t.places[placeKey{"", a}]
	return p, ok
}

// isOwn reports whether a is the protocol's own contract on the chain.
func (t *eventTables) isOwn(protocol string, chain chains.Chain, a chains.Address) bool {
	return t.own[ownKey{protocol, chain}][a] || t.own[ownKey{protocol, ""}][a]
}

// readContracts reads tables/contracts.csv: the contracts that protocols publish as their own.
func (t *eventTables) readContracts() error {
	t.places = map[placeKey]place{}
	return eachRow("contracts.csv", 7, func(row []string) error {
		chain, family := chains.Chain(""), chains.EVM(1)
		if row[1] != "*" {
			var err error
			if chain, err = chainCell(row[1]); err != nil {
				return err
			}
			family = chain
		}
		a, err := ParseAddress(family, row[2])
		if err != nil {
			return err
		}
		p := place{protocol: row[0], kind: row[3], name: row[4], source: row[6]}
		if row[5] != "" {
			if p.peer, err = chainCell(row[5]); err != nil {
				return err
			}
		}
		key := placeKey{chain, a}
		if old, ok := t.places[key]; ok && (old.kind != p.kind || old.peer != p.peer) {
			return fmt.Errorf("%s stands there twice, as %s and as %s", row[2], old.kind, p.kind)
		}
		t.places[key] = p
		t.register(p.protocol, chain, a)
		return nil
	})
}

// register takes a for the protocol's own contract.
func (t *eventTables) register(protocol string, chain chains.Chain, a chains.Address) {
	key := ownKey{protocol, chain}
	if t.own[key] == nil {
		t.own[key] = map[chains.Address]bool{}
	}
	t.own[key][a] = true
}

// readDomains reads tables/domains.csv: how protocols number chains, where that is not their id
// after EIP-155.
func (t *eventTables) readDomains() error {
	t.domains, t.numbers = map[string]map[string]chains.Chain{}, map[ownKey]string{}
	return eachRow("domains.csv", 3, func(row []string) error {
		chain, err := chains.ParseChain(row[2])
		if err != nil {
			return err
		}
		if t.domains[row[0]] == nil {
			t.domains[row[0]] = map[string]chains.Chain{}
		}
		t.domains[row[0]][row[1]] = chain
		if _, ok := t.numbers[ownKey{row[0], chain}]; !ok {
			t.numbers[ownKey{row[0], chain}] = row[1]
		}
		return nil
	})
}

// eachRow calls f with each row of an embedded table behind its head.
func eachRow(file string, columns int, f func([]string) error) error {
	text, err := tableFiles.ReadFile("tables/" + file)
	if err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.Comment = columns, '#'
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("tables/%s: %w", file, err)
	}
	for i, row := range rows[1:] {
		if err := f(row); err != nil {
			return fmt.Errorf("tables/%s, row %d: %w", file, i+1, err)
		}
	}
	return nil
}

// chainCell reads a chain's id after EIP-155.
func chainCell(text string) (chains.Chain, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return "", fmt.Errorf("chain id %q: want a number above 0", text)
	}
	return chains.EVM(id), nil
}

// BridgeProtocols returns the names of the bridges whose events are read, in order.
func BridgeProtocols() []string {
	var names []string
	for _, r := range tables().list {
		if r.kind == chains.EventBridgeOut || r.kind == chains.EventBridgeIn {
			names = append(names, r.Protocol)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
