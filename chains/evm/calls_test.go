package evm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/evm"
)

// One transaction as both kinds of nodes tell it: a call that calls on with value, creates, is
// reverted inside and destroys.
const (
	asTracer = `[{"txHash":"0x00000000000000000000000000000000000000000000000000000000000000aa","result":{
	"type":"CALL","from":"0x0000000000000000000000000000000000000001","to":"0x0000000000000000000000000000000000000102","value":"0x64","gas":"0x1","gasUsed":"0x9","input":"0x",
	"calls":[
	 {"type":"DELEGATECALL","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000103","value":"0x64","gasUsed":"0x5","input":"0x","calls":[
	  {"type":"STATICCALL","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000104","gasUsed":"0x0","input":"0x"}]},
	 {"type":"CREATE2","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000105","value":"0x3","gasUsed":"0x7","input":"0x"},
	 {"type":"CALL","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000106","value":"0x4","gasUsed":"0x2","input":"0x","error":"execution reverted"},
	 {"type":"SELFDESTRUCT","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000107","value":"0x5","gasUsed":"0x0","input":"0x"}]}}]`
	asParity = `[
	{"type":"call","action":{"callType":"call","from":"0x0000000000000000000000000000000000000001","to":"0x0000000000000000000000000000000000000102","value":"0x64","gas":"0x1","input":"0x"},"result":{"gasUsed":"0x9","output":"0x"},"traceAddress":[],"subtraces":4,"transactionHash":"0x00000000000000000000000000000000000000000000000000000000000000aa","transactionPosition":0,"blockNumber":1},
	{"type":"call","action":{"callType":"delegatecall","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000103","value":"0x64","input":"0x"},"result":{"gasUsed":"0x5"},"traceAddress":[0],"transactionHash":"0x00000000000000000000000000000000000000000000000000000000000000aa"},
	{"type":"call","action":{"callType":"staticcall","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000104","value":"0x0","input":"0x"},"result":{"gasUsed":"0x0"},"traceAddress":[0,0],"transactionHash":"0x00000000000000000000000000000000000000000000000000000000000000aa"},
	{"type":"create","action":{"from":"0x0000000000000000000000000000000000000102","value":"0x3","init":"0x"},"result":{"gasUsed":"0x7","address":"0x0000000000000000000000000000000000000105","code":"0x"},"traceAddress":[1],"transactionHash":"0x00000000000000000000000000000000000000000000000000000000000000aa"},
	{"type":"call","action":{"callType":"call","from":"0x0000000000000000000000000000000000000102","to":"0x0000000000000000000000000000000000000106","value":"0x4","input":"0x"},"error":"Reverted","result":{"gasUsed":"0x2","output":"0x"},"traceAddress":[2],"transactionHash":"0x00000000000000000000000000000000000000000000000000000000000000aa"},
	{"type":"suicide","action":{"address":"0x0000000000000000000000000000000000000102","refundAddress":"0x0000000000000000000000000000000000000107","balance":"0x5"},"result":null,"traceAddress":[3],"transactionHash":"0x00000000000000000000000000000000000000000000000000000000000000aa"},
	{"type":"reward","action":{"author":"0x0000000000000000000000000000000000000109","rewardType":"block","value":"0x6"},"result":null,"traceAddress":[],"transactionHash":null}]`
)

func TestBothKindsOfTracesAreOneTree(t *testing.T) {
	tracer, err := evm.ParseBlockTracer([]byte(asTracer))
	require.NoError(t, err)
	parity, err := evm.ParseParity([]byte(asParity))
	require.NoError(t, err)
	require.Equal(t, tracer, parity)
	root := tracer[0].Calls
	require.Len(t, root.Calls, 4)
	require.Equal(t, []evm.CallKind{evm.CallDelegate, evm.CallCreate, evm.CallPlain, evm.CallDestruct},
		[]evm.CallKind{root.Calls[0].Kind, root.Calls[1].Kind, root.Calls[2].Kind, root.Calls[3].Kind})
	require.True(t, root.Calls[0].Ran)
	require.False(t, root.Calls[0].Calls[0].Ran)
	require.True(t, root.Calls[2].Failed)
	require.Equal(t, "5", root.Calls[3].Value.Dec())
}

func TestTracesThatAreNone(t *testing.T) {
	deep := strings.Repeat(`{"type":"CALL","calls":[`, 1500) + strings.Repeat(`]}`, 1500)
	for name, data := range map[string]string{
		"no JSON":          `{"type":`,
		"an unknown kind":  `{"type":"AUTHCALL"}`,
		"a bad address":    `{"type":"CALL","from":"0x12"}`,
		"a bad value":      `{"type":"CALL","value":"12"}`,
		"nested too deep":  deep,
		"too large values": `{"type":"CALL","value":"0x1` + strings.Repeat("0", 64) + `"}`,
	} {
		_, err := evm.ParseCallTracer([]byte(data))
		require.ErrorIs(t, err, evm.ErrBadEncoding, name)
	}
	swap := strings.NewReplacer(`[0,0]`, `[0,1]`)
	for name, data := range map[string]string{
		"a frame out of order":  swap.Replace(asParity),
		"a frame inside none":   strings.Replace(asParity, `"traceAddress":[]`, `"traceAddress":[0]`, 1),
		"a frame of another tx": strings.Replace(asParity, `[1],"transactionHash":"0x00`, `[1],"transactionHash":"0x01`, 1),
		"a negative path":       strings.Replace(asParity, `[0,0]`, `[-1,0]`, 1),
	} {
		_, err := evm.ParseParity([]byte(data))
		require.ErrorIs(t, err, evm.ErrBadEncoding, name)
	}
}

// What a node says of calls never panics, and what is a tree is one of known kinds.
func FuzzTraces(f *testing.F) {
	f.Add([]byte(asTracer))
	f.Add([]byte(asParity))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) ([]evm.TracedTx, error){evm.ParseBlockTracer, evm.ParseParity} {
			list, err := parse(data)
			for i := range list {
				if err == nil && list[i].Calls != nil {
					require.NotZero(t, list[i].Calls.Kind)
				}
			}
		}
	})
}
