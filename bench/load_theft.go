package main

import (
	"fmt"
	"strings"

	"clew/bench/chaingen"
)

// theftBlock is where the first generated theft is.
const theftBlock = 40

// incidentHops are the hops in a row at which the generated incidents end: in a chain of many transactions
// the first has about a hundred thousand hops.
func (o *options) incidentHops() []int {
	if o.txs >= 1_000_000 {
		return []int{11, 4, 4, 3, 3}
	}
	return []int{6, 3, 3}
}

// theftSeeds is of how many transactions an output is stolen, in all incidents but the first.
const theftSeeds = 200

// theft is the file of the incident of a number: an output of an early block is stolen.
func (o *options) theft(number, hops int) (string, error) {
	records, f, err := chaingen.Open(o.chainFile())
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	height := int64(theftBlock + 5*number)
	b, err := records[height].Decode(height)
	if err != nil {
		return "", err
	}
	var seeds strings.Builder
	for i := range b.Txs[1:] {
		if number == 0 && i > 0 || i == theftSeeds {
			break
		}
		fmt.Fprintf(&seeds, "  - {id: S%d, output: \"%s:%s:0\"}\n", i+1, chain, b.Txs[1+i].ID)
	}
	return fmt.Sprintf(`clew: incident/1
id: bench-%d
title: A generated theft
rule: fifo
rule_reason: It is declared before the first run.
seeds:
%sstop: {hops: %d}
`, number+1, seeds.String(), hops), nil
}
