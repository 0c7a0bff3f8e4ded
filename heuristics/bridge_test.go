package heuristics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

func TestJoinBridge(t *testing.T) {
	sent := func() *chains.Event {
		return &chains.Event{
			Kind: chains.EventBridgeOut, Protocol: "nomad", Name: "Dispatch", Key: "1/2/3",
			Fields: []chains.Field{{Name: "chain.from", Value: "polygon"}, {Name: "recipient", Value: "0xaa"}, {Name: "only here", Value: "7"}},
		}
	}
	arrived := func() *chains.Event {
		return &chains.Event{
			Kind: chains.EventBridgeIn, Protocol: "nomad", Name: "Receive", Key: "1/2/3",
			Fields: []chains.Field{{Name: "chain.from", Value: "polygon"}, {Name: "recipient", Value: "0xaa"}, {Name: "only there", Value: "8"}},
		}
	}
	require.NoError(t, heuristics.JoinBridge(sent(), arrived()), "what one side alone names does not matter")
	for name, tt := range map[string]struct {
		change func(out, in *chains.Event)
		says   string
	}{
		"another key":      {func(_, in *chains.Event) { in.Key = "1/2/4" }, "key 1/2/3 here, 1/2/4 there"},
		"another protocol": {func(_, in *chains.Event) { in.Protocol = "across" }, "protocol nomad here, across there"},
		"another receiver": {func(_, in *chains.Event) { in.Fields[1].Value = "0xbb" }, "recipient is 0xaa here, 0xbb there"},
		"another chain":    {func(_, in *chains.Event) { in.Fields[0].Value = "bsc" }, "chain.from is polygon here, bsc there"},
		"no key here":      {func(out, _ *chains.Event) { out.Key = "" }, "no key where it was sent"},
		"no key there":     {func(_, in *chains.Event) { in.Key = "" }, "no key where it arrived"},
		"both sent":        {func(_, in *chains.Event) { in.Kind = chains.EventBridgeOut }, "receives nothing"},
		"both arrived":     {func(out, _ *chains.Event) { out.Kind = chains.EventBridgeIn }, "sends nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			out, in := sent(), arrived()
			tt.change(out, in)
			err := heuristics.JoinBridge(out, in)
			require.ErrorIs(t, err, heuristics.ErrNotJoined)
			require.ErrorContains(t, err, tt.says)
		})
	}
	both := sent()
	both.Key = ""
	other := arrived()
	other.Key = ""
	require.ErrorIs(t, heuristics.JoinBridge(both, other), heuristics.ErrNotJoined, "two events without a key")
}

func TestBridgeReceiver(t *testing.T) {
	out := &chains.Event{Fields: []chains.Field{{Name: "recipient", Value: "0x00000000000000000000000000000000000a11ce"}}}
	sent := chains.Address("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0a\x11\xce")
	require.Equal(t, sent, heuristics.BridgeReceiver(out, &chains.Event{}))
	require.Equal(t, chains.Address("told"), heuristics.BridgeReceiver(out, &chains.Event{Account: "told"}))
	require.Empty(t, heuristics.BridgeReceiver(&chains.Event{}, &chains.Event{}))
	out.Fields[0].Value = "bc1qxy"
	require.Empty(t, heuristics.BridgeReceiver(out, &chains.Event{}), "an address of another family")
}
