package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/labels"
	"clew/tracer"
)

const labelledPack = `title: T
creator: C
currency: ETH
lastmod: 2021-01-01
source: https://example.org
tags:
- {address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", label: stolen here, abuse: theft}
- {address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", label: a venue, category: exchange, actor: venue}
- {address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", label: a mixer, category: mixing_service}
- {address: "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", label: a bridge, category: defi_bridge}
- {address: "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", label: a pool, category: defi_dex}
- {address: "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", label: punished, abuse: sanction}
`

// What a label says it is ends a trace only where value cannot be followed from; those that do come
// first.
func TestLabelsStopTraces(t *testing.T) {
	p, _, err := labels.Read(strings.NewReader(labelledPack), "", labels.TableOptions{Options: labels.Options{
		Codec: codec(), Edition: labels.Edition{File: "t.yaml", Retrieved: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)},
	}})
	require.NoError(t, err)
	set, err := labels.NewSet(p)
	require.NoError(t, err)
	at := func(chain chains.Chain, text string) []tracer.Label {
		a, err := codec().ParseAddress(chain, text)
		require.NoError(t, err)
		return labelled(set, time.Time{}).Labels(chain, a)
	}
	found := at("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
	require.Len(t, found, 3, "those that contradict each other all")
	require.ElementsMatch(t, []tracer.NodeKind{tracer.NodeService, tracer.NodeMixer}, []tracer.NodeKind{found[0].Stops, found[1].Stops})
	require.Equal(t, tracer.Label{Text: "stolen here", Source: "T (C), https://example.org, retrieved 2024-05-06"}, found[2])
	for _, l := range found {
		if l.Text == "a venue" {
			require.Equal(t, "venue", l.Entity, "its id, where no ActorPack names it")
		}
	}
	require.Equal(t, tracer.NodeBridge, at("ethereum", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")[0].Stops)
	require.Empty(t, at("ethereum", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")[0].Stops)
	require.Empty(t, at("ethereum", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")[0].Stops)
	require.Empty(t, at("polygon", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"), "a label on one chain says nothing about another")
	require.Equal(t, set.SHA256(time.Time{}), labelled(set, time.Time{}).SHA256())

	early := labelled(set, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	a, err := codec().ParseAddress("ethereum", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")
	require.NoError(t, err)
	require.Empty(t, early.Labels("ethereum", a), "nobody had said it yet")
	require.NotEqual(t, early.SHA256(), labelled(set, time.Time{}).SHA256())
}
