package bitcoin_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// Blocks with an extension block: four of Litecoin's test network, two of a litecoind.
var extended = []struct {
	chain   chains.Chain
	file    string
	height  int64
	hash    string
	txs     int
	pegIns  int
	pegOuts int // outputs of the last transaction but its first
}{
	{"litecoin-testnet", "litecoin/testnet/2215584.blk.gz", 2215584, "7e35fabe7b3c694ebeb0368a1a1c31e83962f3c5b4cc8dcede3ae94ed3deb306", 5, 1, 0},
	{"litecoin-testnet", "litecoin/testnet/2215586.blk.gz", 2215586, "3000cc2076a568a8eb5f56a06112a57264446e2c7d2cca28cdc85d91820dfa17", 37, 1, 0},
	{"litecoin-testnet", "litecoin/testnet/2319633.blk.gz", 2319633, "e9fe2c6496aedefa8bf6529bdc5c1f9fd4af565ca4c98cab73e3a1f616fb3502", 2, 0, 0},
	{"litecoin-testnet", "litecoin/testnet/2321749.blk.gz", 2321749, "57929846db4a92d937eb596354d10949e33c815ee45df0c9b3bbdfb283e15bcd", 4, 0, 0},
	{"litecoin-regtest", "litecoin/regtest/432.blk.gz", 432, "3c353e0302409929cdce3d38491410b74478d375122fce8d632c9978dc866e35", 3, 1, 0},
	{"litecoin-regtest", "litecoin/regtest/443.blk.gz", 443, "51110faaedb91a1838d79eaec452dab8d3650b90472930902fc421492f03d8ab", 2, 0, 2},
}

func TestDecodeBlockWithExtension(t *testing.T) {
	for _, c := range extended {
		t.Run(c.file, func(t *testing.T) {
			raw := fixture(t, c.file)
			block, err := bitcoin.DecodeBlock(c.chain, raw, c.height)
			require.NoError(t, err)
			require.Equal(t, c.hash, block.Ref.Hash.String())
			require.Equal(t, raw, block.Raw, "the extension block stays where it is")
			require.NoError(t, bitcoin.CheckWork(c.chain, block.Header))
			require.Len(t, idsOf(block), c.txs)
			last := &block.Txs[c.txs-1]
			require.Equal(t, chains.ScriptPegged, last.Outputs[0].Type)
			require.Len(t, last.Outputs, 1+c.pegOuts)
			pegIns := 0
			for i := range block.Txs {
				for _, out := range block.Txs[i].Outputs {
					if out.Type == chains.ScriptPegIn {
						pegIns++
						require.Contains(t, spends(last), chains.OutPoint{Tx: block.Txs[i].ID}, "the last transaction spends every peg-in")
					}
				}
				again, err := bitcoin.DecodeTx(c.chain, block.Txs[i].Raw)
				require.NoError(t, err)
				require.Equal(t, block.Txs[i].ID, again.ID)
			}
			require.Equal(t, c.pegIns, pegIns)
			_, err = bitcoin.DecodeBlock("bitcoin", raw, c.height)
			require.ErrorIs(t, err, bitcoin.ErrBadEncoding, "Bitcoin knows no such flag")
		})
	}
}

func spends(tx *chains.Tx) []chains.OutPoint {
	var points []chains.OutPoint
	for _, in := range tx.Inputs {
		points = append(points, in.Prev)
	}
	return points
}

func TestDecodeBlockRefusesBrokenExtensions(t *testing.T) {
	raw := fixture(t, "litecoin/regtest/443.blk.gz")
	block, err := bitcoin.DecodeBlock("litecoin-regtest", raw, 443)
	require.NoError(t, err)
	end := len(raw) - len(block.Raw[bytesBefore(block):])
	hogEx := block.Txs[1].Raw
	change := func(at int, b byte) []byte {
		bad := slices.Clone(raw)
		bad[at] = b
		return bad
	}
	cases := []struct {
		name string
		raw  []byte
		says string
	}{
		{"missing", raw[:end], "want 1 byte"},
		{"no bytes", raw[:end+1], "without bytes"},
		{"no presence", change(end, 2), "02 where the extension block begins"},
		{"a bit in the presence", change(end, 0x81), "81 where"},
		{"two integrating transactions", slices.Concat(raw[:end-len(hogEx)-len(block.Txs[0].Raw)-1],
			[]byte{3}, block.Txs[0].Raw, hogEx, hogEx, raw[end:]), "not the last"},
		{"the first", slices.Concat(raw[:bitcoin.HeaderBytes], []byte{1}, hogEx, raw[end:]), "coinbase"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := bitcoin.DecodeBlock("litecoin-regtest", c.raw, 443)
			require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
			require.ErrorContains(t, err, c.says)
		})
	}
	empty := slices.Concat(raw[:end], []byte{0})
	_, err = bitcoin.DecodeBlock("litecoin-regtest", empty, 443)
	require.NoError(t, err, "an extension block may be absent")
	inside := slices.Clone(hogEx)
	inside[len(inside)-5] = 1
	_, err = bitcoin.DecodeTx("litecoin-regtest", inside)
	require.ErrorContains(t, err, "inside the extension block")
}

// bytesBefore returns the length of header, count and transactions of a small block.
func bytesBefore(b *chains.Block) int {
	n := len(b.Header) + 1
	for i := range b.Txs {
		n += len(b.Txs[i].Raw)
	}
	return n
}

// The undo data of a litecoind, with what undoes the extension block behind it, tells what
// every transaction spends, peg-ins and the last one's own output included.
func TestDecodeUndoWithExtension(t *testing.T) {
	for _, height := range []string{"432", "443"} {
		t.Run(height, func(t *testing.T) {
			block, err := bitcoin.DecodeBlock("litecoin-regtest", fixture(t, "litecoin/regtest/"+height+".blk.gz"), 0)
			require.NoError(t, err)
			raw := fixture(t, "litecoin/regtest/"+height+".undo.gz")
			spent, err := bitcoin.DecodeUndo("litecoin-regtest", raw)
			require.NoError(t, err)
			require.NoError(t, bitcoin.AttachSpent("litecoin-regtest", block, spent))
			last := block.Txs[len(block.Txs)-1]
			require.Contains(t, []chains.ScriptType{chains.ScriptPegIn, chains.ScriptPegged}, last.Inputs[0].Spent.Type)
			_, err = bitcoin.DecodeUndo("bitcoin-regtest", raw)
			require.ErrorContains(t, err, "too many")
		})
	}
}

func TestLitecoinAddresses(t *testing.T) {
	key := unhex(t, "751e76e8199196d454941c45d1b3a323f1433bd6")
	script := unhex(t, "0014751e76e8199196d454941c45d1b3a323f1433bd6")
	p2pkh := slices.Concat(unhex(t, "76a914"), key, unhex(t, "88ac"))
	p2sh := slices.Concat(unhex(t, "a914"), key, unhex(t, "87"))
	cases := []struct {
		chain  chains.Chain
		script []byte
		text   string
		older  string
	}{
		{"litecoin", p2pkh, "LVuDpNCSSj6pQ7t9Pv6d6sUkLKoqDEVUnJ", ""},
		{"litecoin", p2sh, "MJaRnao1s62a2zAKSkmG582KbLKianqb7v", "3CNHUhP3uyB9EUtRLsmvFUmvGdjGdkTxJw"},
		{"litecoin", script, "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", ""},
		{"litecoin-testnet", p2pkh, "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", ""},
		{"litecoin-testnet", p2sh, "QXHFfTBKYXjaaTH1e7Rox8CcdNPGHVhM59", "2N3vVYSK5XRgVSGWy21PnsRmBUywSQNdCsf"},
		{"litecoin-testnet", script, "tltc1qw508d6qejxtdg4y5r3zarvary0c5xw7klfsuq0", ""},
		{"litecoin-regtest", unhex(t, "0014c3ef41450e88451c3a522f7472d10447e43f6339"), "rltc1qc0h5z3gw3pz3cwjj9a6895gygljr7ceehr9nu7", ""},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			a, _ := bitcoin.Classify(c.chain, c.script)
			require.Equal(t, c.text, bitcoin.FormatAddress(c.chain, a))
			for _, text := range []string{c.text, c.older} {
				if text == "" {
					continue
				}
				back, err := bitcoin.ParseAddress(c.chain, text)
				require.NoError(t, err, text)
				require.Equal(t, a, back)
			}
		})
	}
	for _, text := range []string{
		"ltcmweb1qq0gngf95exem33hqwekj0xzjf4h3hx8xh0d8d4slekvdgneja64eyq4e6vcnzlsawge2nhqw0p3vwqx5p6up5pnjxm34gm6n52d4zj3guv9qet58",
		"tmweb1qq0gngf95exem33hqwekj0xzjf4h3hx8xh0d8d4slekvdgneja64eyq4e6vcnzlsawge2nhqw0p3vwqx5p6up5pnjxm34gm6n52d4zj3guv9qet58",
	} {
		_, err := bitcoin.ParseAddress("litecoin", text)
		require.ErrorIs(t, err, bitcoin.ErrBadAddress)
		require.ErrorContains(t, err, "extension block")
	}
}

// The forms that only Litecoin gives a meaning are later witness programs elsewhere.
func TestPegForms(t *testing.T) {
	program := slices.Repeat([]byte{7}, 32)
	cases := []struct {
		chain  chains.Chain
		opcode byte
		form   chains.ScriptType
	}{
		{"litecoin", 0x59, chains.ScriptPegIn},
		{"litecoin", 0x58, chains.ScriptPegged},
		{"litecoin", 0x5a, chains.ScriptWitness},
		{"bitcoin", 0x59, chains.ScriptWitness},
		{"bitcoin", 0x58, chains.ScriptWitness},
		{"dogecoin", 0x59, chains.ScriptUnknown},
	}
	for _, c := range cases {
		a, form := bitcoin.Classify(c.chain, slices.Concat([]byte{c.opcode, 32}, program))
		require.Equal(t, c.form, form, "%s %x", c.chain, c.opcode)
		back, err := bitcoin.ParseAddress(c.chain, bitcoin.FormatAddress(c.chain, a))
		require.NoError(t, err)
		require.Equal(t, a, back)
	}
	_, form := bitcoin.Classify("litecoin", slices.Concat([]byte{0x59, 31}, program[:31]))
	require.Equal(t, chains.ScriptWitness, form)
}

// Work on Litecoin is the scrypt hash's; its SHA-256 hash meets no target.
func TestScryptWork(t *testing.T) {
	block := fixture(t, "litecoin/testnet/2215584.blk.gz")
	header := slices.Clone(block[:bitcoin.HeaderBytes])
	require.NoError(t, bitcoin.CheckWork("litecoin-testnet", header))
	binary.LittleEndian.PutUint32(header[76:], binary.LittleEndian.Uint32(header[76:])+1)
	require.ErrorIs(t, bitcoin.CheckWork("litecoin-testnet", header), bitcoin.ErrNoWork)
}

// idsOf returns the txids of a block.
func idsOf(b *chains.Block) []chains.TxID {
	var ids []chains.TxID
	for i := range b.Txs {
		ids = append(ids, b.Txs[i].ID)
	}
	return ids
}
