package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
	"clew/heuristics"
)

// side is an event of a bridge and where it stands.
type side struct {
	tx    string
	event chains.Event
}

// join pairs the sides as a trace does: both by the protocol's own contracts, the same key, every
// common field equal, and exactly one arrival that agrees. It returns the transactions of the
// arrivals by the transaction and key of the departure.
func join(out, in []side) map[string]string {
	byKey := map[string][]side{}
	for _, s := range in {
		byKey[s.event.Key] = append(byKey[s.event.Key], s)
	}
	joined := map[string]string{}
	for i := range out {
		var met []side
		for _, s := range byKey[out[i].event.Key] {
			if out[i].event.Registered && s.event.Registered && heuristics.JoinBridge(&out[i].event, &s.event) == nil {
				met = append(met, s)
			}
		}
		if len(met) == 1 {
			joined[out[i].tx+" "+out[i].event.Key] = met[0].tx
		}
	}
	return joined
}

// scoreBridges reads the bridges' events of the transactions of ten chains, and joins those of
// which both sides are there.
func scoreBridges(shared string, out io.Writer) error {
	var b bytes.Buffer
	txs, err := transactions(shared)
	if err != nil {
		return err
	}
	type count struct{ out, in, strange int }
	counts := map[string]*count{}
	var sent, arrived []side
	for _, k := range txs {
		for _, e := range k.tx.Exec.Events {
			if e.Kind != chains.EventBridgeOut && e.Kind != chains.EventBridgeIn {
				continue
			}
			c := counts[e.Protocol]
			if c == nil {
				c = &count{}
				counts[e.Protocol] = c
			}
			s := side{common.Hash(k.tx.ID).Hex(), e}
			switch {
			case !e.Registered:
				c.strange++
			case e.Kind == chains.EventBridgeOut:
				c.out++
				sent = append(sent, s)
			default:
				c.in++
				arrived = append(arrived, s)
			}
		}
	}
	fmt.Fprint(&b, "| bridge | departures | arrivals | by contracts that are not in the table |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		c := counts[name]
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", name, c.out, c.in, c.strange)
	}
	pairs := join(sent, arrived)
	fmt.Fprintf(&b, "\nOf these messages, both sides are there and join: %d.\n", len(pairs))
	for _, at := range slices.Sorted(maps.Keys(pairs)) {
		fmt.Fprintf(&b, "- `%s` → `%s`\n", at, pairs[at])
	}
	if err := missingPairs(shared, txs, &b); err != nil {
		return err
	}
	_, err = out.Write(b.Bytes())
	return err
}

// missingPairs says of how many transfers of pairs.csv the data holds the sides.
func missingPairs(shared string, txs map[string]*known, b *bytes.Buffer) error {
	rows, err := commas(filepath.Join(shared, "bridges", "pairs.csv"))
	if err != nil {
		return err
	}
	both, sides := 0, 0
	for _, r := range rows[1:] {
		have := 0
		for i := 1; i < 5; i += 2 {
			id, err := strconv.ParseUint(r[i], 10, 64)
			if err != nil {
				return fmt.Errorf("pairs.csv: %w", err)
			}
			if txs[key(id, r[i+1])] != nil {
				have++
			}
		}
		sides += have
		if have == 2 {
			both++
		}
	}
	fmt.Fprintf(b, "\nOf the %d transfers of pairs.csv the data holds %d of %d transactions, of %d both: the rest cannot be measured here.\n",
		len(rows)-1, sides, 2*(len(rows)-1), both)
	return connector(shared, b)
}

// connector says what there is of the transfers between Ethereum and Polygon: pairs of hashes, and
// the departures without their logs. What joins them is in the logs.
func connector(shared string, b *bytes.Buffer) error {
	pairs := 0
	for _, name := range []string{"Celer", "Multi", "Poly"} {
		first := true
		err := lines(filepath.Join(shared, "bridges", "connector", "ETH-Polygon_"+name+"_label.csv.gz"), func(line []byte) error {
			if !first && len(line) > 0 {
				pairs++
			}
			first = false
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(b, "\nOf the %d pairs of bridges/connector the data holds no log of an arrival, and of no departure the key: none can be measured here.\n", pairs)
	return nil
}

// commas reads a plain table without quotes.
func commas(file string) ([][]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), ","))
	}
	return rows, nil
}
