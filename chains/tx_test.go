package chains_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

const genesis = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"

func TestHash(t *testing.T) {
	h, err := chains.ParseHash(genesis)
	require.NoError(t, err)
	require.Equal(t, genesis, h.String(), "hashes read as explorers write them")
	require.EqualValues(t, 0x6f, h.Reversed()[0], "the wire has them the other way round")
	require.Equal(t, h, h.Reversed().Reversed())
	upper, err := chains.ParseHash(strings.ToUpper(genesis))
	require.NoError(t, err)
	require.Equal(t, h, upper)
	for _, text := range []string{"", genesis[1:], genesis + "0", "0x" + genesis[2:], strings.Repeat("g", 64)} {
		_, err := chains.ParseHash(text)
		require.Error(t, err, "%q", text)
	}
}

func TestHashJSON(t *testing.T) {
	h, err := chains.ParseHash(genesis)
	require.NoError(t, err)
	text, err := json.Marshal(map[chains.TxID]chains.BlockHash{h: h})
	require.NoError(t, err)
	require.Equal(t, `{"`+genesis+`":"`+genesis+`"}`, string(text))
	var back map[chains.TxID]chains.BlockHash
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, h, back[h])
	require.Error(t, json.Unmarshal([]byte(`{"00":"`+genesis+`"}`), &back))
	require.Equal(t, genesis+":7", chains.OutPoint{Tx: h, Index: 7}.String())
}

func TestNames(t *testing.T) {
	for kind, name := range map[chains.ScriptType]string{
		chains.ScriptUnknown: "unknown", chains.ScriptP2PK: "p2pk", chains.ScriptP2PKH: "p2pkh", chains.ScriptP2SH: "p2sh",
		chains.ScriptP2WPKH: "p2wpkh", chains.ScriptP2WSH: "p2wsh", chains.ScriptP2TR: "p2tr", chains.ScriptWitness: "witness",
		chains.ScriptMultisig: "multisig", chains.ScriptNullData: "nulldata", 99: "script type 99",
	} {
		require.Equal(t, name, kind.String())
	}
	for evidence, word := range map[chains.Evidence]string{
		chains.EvidenceImported: "imported", chains.EvidenceAttested: "attested", chains.EvidenceProven: "proven", 0: "evidence 0",
	} {
		require.Equal(t, word, evidence.String())
	}
}

// The numbers are in stores: a change would read old ones wrongly.
func TestStoredNumbers(t *testing.T) {
	require.Equal(t, []chains.ScriptType{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []chains.ScriptType{
		chains.ScriptUnknown, chains.ScriptP2PK, chains.ScriptP2PKH, chains.ScriptP2SH, chains.ScriptP2WPKH, chains.ScriptP2WSH,
		chains.ScriptP2TR, chains.ScriptWitness, chains.ScriptMultisig, chains.ScriptNullData,
	})
}

func TestBefore(t *testing.T) {
	at := func(height int64, index int) *chains.Tx {
		return &chains.Tx{Block: chains.BlockRef{Height: height}, Index: index}
	}
	require.True(t, at(1, 9).Before(at(2, 0)))
	require.True(t, at(2, 0).Before(at(2, 1)))
	require.False(t, at(2, 1).Before(at(2, 1)))
	require.False(t, at(3, 0).Before(at(2, 1)))
}

func TestClone(t *testing.T) {
	tx := chains.Tx{
		ID: chains.TxID{1}, Inputs: []chains.Input{{Sequence: 7, Known: true, Spent: chains.Output{Value: 3, Address: "a"}}},
		Outputs: []chains.Output{{Value: 2, Address: "b"}}, Raw: []byte{1, 2},
	}
	c := tx.Clone()
	require.Equal(t, tx, c)
	tx.Inputs[0].Sequence, tx.Outputs[0].Value, tx.Raw[0] = 0, 0, 0
	require.EqualValues(t, 7, c.Inputs[0].Sequence)
	require.EqualValues(t, 2, c.Outputs[0].Value)
	require.EqualValues(t, 1, c.Raw[0])
	require.Equal(t, chains.Tx{}, (&chains.Tx{}).Clone(), "nil stays nil")
}

// What a spend reveals is inside of the spent output only where nodes checked that.
func TestInside(t *testing.T) {
	in := chains.Input{Known: true, Spent: chains.Output{Type: chains.ScriptP2SH}, Signed: chains.Signed{Wraps: "inside"}}
	require.Equal(t, chains.Address("inside"), in.Inside())
	in.Spent.Type = chains.ScriptP2WSH
	require.Equal(t, chains.Address("inside"), in.Inside())
	for _, other := range []chains.ScriptType{chains.ScriptUnknown, chains.ScriptP2PKH, chains.ScriptMultisig, chains.ScriptP2TR} {
		in.Spent.Type = other
		require.Empty(t, in.Inside(), other)
	}
	in.Spent.Type, in.Known = chains.ScriptP2SH, false
	require.Empty(t, in.Inside())
}
