package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"clew/chains"
	"clew/chains/evm"
	"clew/labels"
)

// Of the job that measures labels.
const (
	labelCount   = 1_000_000
	labelLookups = 2_000_000
	labelChain   = chains.Chain("ethereum")
)

// labels makes a set of a million labels of as many addresses, with texts of their own, as an
// explorer's table has them, and looks them up in an order that no cache knows; every other
// question is of an address without a label. Heap is what the set takes, and Packing how long it
// took to read it from its packed form.
func (o *options) labels(context.Context) (res result, err error) {
	data, err := manyLabels()
	if err != nil {
		return res, err
	}
	before := liveBytes()
	start := time.Now()
	p, err := labels.Unpack(data)
	if err != nil {
		return res, err
	}
	set, err := labels.NewSet(p)
	if err != nil {
		return res, err
	}
	res.Packing = time.Since(start)
	res.Heap = liveBytes() - before + int64(len(data)) // the set keeps the bytes
	wanted := make([]chains.Address, labelLookups)
	for i := range wanted {
		wanted[i] = labelledAddress(i * 999_983 % (2 * labelCount))
	}
	found := 0
	start = time.Now()
	for _, a := range wanted {
		found += len(set.Lookup(labelChain, a, time.Time{}))
	}
	res.Took, res.Txs, res.Live = time.Since(start), labelLookups, labelCount
	if found != labelLookups/2 {
		return res, fmt.Errorf("%d labels found, want %d", found, labelLookups/2)
	}
	return res, nil
}

// manyLabels returns a pack.
func manyLabels() ([]byte, error) {
	var table strings.Builder
	table.WriteString("address,name_tag,labels\n")
	for i := range labelCount {
		fmt.Fprintf(&table, "0x%x,Fake_Phishing%d,phish-hack\n", string(labelledAddress(i)), i)
	}
	p, r, err := labels.Read(strings.NewReader(table.String()), labels.FormCSV, labels.TableOptions{
		Options: labels.Options{Codec: evm.Codec{}, Edition: labels.Edition{File: "many.csv", Retrieved: time.Unix(0, 0).UTC()}},
		Chain:   string(labelChain),
	})
	if err != nil {
		return nil, err
	}
	if r.Labels != labelCount {
		return nil, errors.New("not all labels were read")
	}
	return p.Bytes(), nil
}

// labelledAddress returns address i of many that look drawn at random.
func labelledAddress(i int) chains.Address {
	var a [20]byte
	binary.BigEndian.PutUint64(a[:], uint64(i+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(a[12:], uint64(i+1)*0xbf58476d1ce4e5b9)
	return chains.Address(a[:])
}

func liveBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
