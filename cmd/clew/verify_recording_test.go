package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/tracer"
)

// TestTamperedBitcoinRecordings changes what was recorded; every hash, name and checkpoint is made to
// fit.
func TestTamperedBitcoinRecordings(t *testing.T) {
	edit := func(change func(p *parts)) func(*forger) { return func(f *forger) { f.recording("recording", change) } }
	tx := func(p *parts, i int) *ingest.TxEntry { return &p.manifest.Txs[i] }
	header := func(p *parts, i int, change func(h *bitcoin.Header)) {
		p.headers(func(list [][]byte) [][]byte {
			h, err := bitcoin.DecodeHeader(p.manifest.Chain, list[i])
			require.NoError(p.f.t, err)
			change(&h)
			list[i] = h.Encode()
			return list
		})
	}
	finds(t, "peel", []tampering{
		{"a byte of a transaction", edit(func(p *parts) { p.object(&tx(p, 3).Raw, flip(60)) }), "recording", "recorded transaction"},
		{"the bytes of another transaction", edit(func(p *parts) { tx(p, 3).Raw = tx(p, 4).Raw }), "recording", "is not proven to be at position"},
		{"the proof of another transaction", edit(func(p *parts) { tx(p, 3).Branch = tx(p, len(p.manifest.Txs)-1).Branch }), "recording", ""},
		{"an element of a branch", edit(func(p *parts) { tx(p, 3).Branch[4][0] ^= 1 }), "recording", "is not proven to be at position"},
		{"a shorter branch", edit(func(p *parts) { tx(p, 3).Branch = tx(p, 3).Branch[1:] }), "recording", "branch"},
		{"another position", edit(func(p *parts) { tx(p, 3).Index ^= 1 }), "recording", "is not proven to be at position"},
		{"another height", edit(func(p *parts) { tx(p, 3).Height++ }), "recording", ""},
		{"a transaction of 64 bytes", edit(func(p *parts) {
			raw := make([]byte, 64)
			copy(raw, p.objects[tx(p, 3).Raw])
			tx(p, 3).Raw = p.put(raw)
		}), "recording", "recorded transaction"},
		{"a transaction is gone", edit(func(p *parts) { p.manifest.Txs = append(p.manifest.Txs[:3], p.manifest.Txs[4:]...) }), "trace.json", "is not in recording"},
		{"a transaction twice", edit(func(p *parts) { p.manifest.Txs = append(p.manifest.Txs[:4], p.manifest.Txs[3:]...) }), "recording", ""},
		{"the coinbases are another block's", edit(func(p *parts) { p.manifest.Coinbases[1].Raw = p.manifest.Coinbases[0].Raw }), "recording", "coinbase of block"},
		{"the branch of a coinbase", edit(func(p *parts) { p.manifest.Coinbases[1].Branch = p.manifest.Coinbases[1].Branch[1:] }), "recording", "coinbase of block"},
		{"a coinbase is gone", edit(func(p *parts) { p.manifest.Coinbases = p.manifest.Coinbases[1:] }), "recording", "coinbases of"},
		{"the parent of a transaction", edit(func(p *parts) { p.object(&tx(p, 3).Previous[0], flip(60)) }), "trace.json", "made again"},
		{"the value of a spent output", edit(func(p *parts) {
			// One input with a key's script, of 50 coins that it never had.
			spent := binary.LittleEndian.AppendUint64([]byte{1}, 5_000_000_000)
			tx(p, 3).Spent, tx(p, 3).Previous = p.put(append(spent, 1, 0x51)), nil
		}), "recording", "is said to have 5000000000 units"},
		{"the time of a header", edit(func(p *parts) { header(p, 4, func(h *bitcoin.Header) { h.Time++ }) }), "recording", "block "},
		{"the bits of a header", edit(func(p *parts) { header(p, 9, func(h *bitcoin.Header) { h.Bits = 0x1d00ffff }) }), "recording", ""},
		{"the block before a header", edit(func(p *parts) { header(p, 4, func(h *bitcoin.Header) { h.Prev[31] ^= 1 }) }), "recording", "does not follow the one before"},
		{"the root in a header", edit(func(p *parts) { header(p, 9, func(h *bitcoin.Header) { h.MerkleRoot[31] ^= 1 }) }), "recording", ""},
		{"the work of a header", edit(func(p *parts) { header(p, 0, func(h *bitcoin.Header) { h.Nonce++ }) }), "recording", "does not follow"},
		{"the work of the last header", func(f *forger) {
			f.recording("recording", func(p *parts) {
				header(p, 9, func(h *bitcoin.Header) {
					h.Nonce++
					p.manifest.AsOf.Hash = hashOfHeader(h)
				})
			})
		}, "recording", "above the target"},
		{"a header is gone", edit(func(p *parts) { p.headers(func(l [][]byte) [][]byte { return append(l[:4], l[5:]...) }) }), "recording", "parts"},
		{"the first header is gone", edit(func(p *parts) {
			p.headers(func(l [][]byte) [][]byte { return l[1:] })
			p.manifest.From++
		}), "recording", "lies outside of its headers"},
		{"all heights are higher", edit(func(p *parts) {
			p.manifest.From, p.manifest.To, p.manifest.AsOf.Height = p.manifest.From+1, p.manifest.To+1, p.manifest.AsOf.Height+1
			for i := range p.manifest.Txs {
				p.manifest.Txs[i].Height++
			}
			for i := range p.manifest.Coinbases {
				p.manifest.Coinbases[i].Height++
			}
		}), "recording", "the coinbase states height"},
		{"the last block", edit(func(p *parts) { p.manifest.AsOf.Hash[31] ^= 1 }), "recording", "the header of the pinned block"},
		{"another chain", edit(func(p *parts) { p.manifest.Chain, p.manifest.CAIP2 = "litecoin", chains.Chain("litecoin").CAIP2() }), "recording", ""},
		{"an object that nothing names", edit(func(p *parts) { p.objects["kept:"+hashOf([]byte("more"))] = []byte("more") }), "objects.zip", "does not name it"},
		{"an object of another content", edit(func(p *parts) {
			name := tx(p, 3).Raw
			p.objects["kept:"+name] = flip(60)(p.objects[name])
			delete(p.objects, name)
		}), "objects.zip", "has another content"},
		{"an object is gone", edit(func(p *parts) { delete(p.objects, tx(p, 3).Raw) }), "recording", "is not in objects.zip"},
	})
}

func flip(at int) func([]byte) []byte {
	return func(data []byte) []byte {
		forged := bytes.Clone(data)
		forged[min(at, len(forged)-1)] ^= 1
		return forged
	}
}

func hashOfHeader(h *bitcoin.Header) chains.BlockHash {
	again, err := bitcoin.DecodeHeader("bitcoin", h.Encode())
	if err != nil {
		panic(err)
	}
	return again.Hash
}

// TestTamperedAccountRecordings does the same on chains of accounts.
func TestTamperedAccountRecordings(t *testing.T) {
	const folder = "recording/polygon"
	edit := func(change func(p *parts)) func(*forger) { return func(f *forger) { f.recording(folder, change) } }
	first := func(p *parts) *ingest.TxEntry { return &p.manifest.Txs[withLogs(p)] }
	attest := func(from, to string) func(*forger) {
		return edit(func(p *parts) {
			for i := range p.manifest.Txs {
				e := &p.manifest.Txs[i]
				if text := p.objects[e.Attested]; e.Attested != "" && bytes.Contains(text, []byte(from)) {
					e.Attested = p.put(bytes.Replace(text, []byte(from), []byte(to), 1))
					return
				}
			}
			require.Fail(p.f.t, "nothing attested has "+from)
		})
	}
	finds(t, "atlanta-replica", []tampering{
		{"a receipt", edit(func(p *parts) { p.object(&first(p).Receipt, flip(400)) }), folder, "recorded transaction"},
		{"the bytes of a transaction", edit(func(p *parts) { p.object(&first(p).Raw, flip(20)) }), folder, "recorded transaction"},
		{"a node of a trie", edit(func(p *parts) { p.object(&first(p).ReceiptProof[0], flip(400)) }), folder, "recorded transaction"},
		{"the proof of another transaction", edit(func(p *parts) { first(p).TxProof = p.manifest.Txs[len(p.manifest.Txs)-1].TxProof }), folder, "recorded transaction"},
		{"no proofs", edit(func(p *parts) { first(p).TxProof, first(p).ReceiptProof = nil, nil }), "trace.json", "the recording shows attested"},
		{"no proof of the receipt", edit(func(p *parts) { first(p).ReceiptProof = nil }), folder, "recorded transaction"},
		{"gas", attest(`"gas":`, `"gas":1`), folder, "gas used"},
		{"the number of a log in its block", edit(func(p *parts) {
			e := first(p)
			price := regexp.MustCompile(`"price":"\d+"`)
			require.True(p.f.t, price.Match(p.objects[e.Attested]))
			e.Attested = p.put(price.ReplaceAll(p.objects[e.Attested], []byte(`$0,"first_log":7`)))
		}), folder, "first_log"},
		{"a sender who did not sign", edit(func(p *parts) {
			e := first(p)
			e.Attested = p.put(append([]byte(`{"sender":"0x00000000000000000000000000000000000070ce",`), p.objects[e.Attested][1:]...))
		}), folder, "recorded transaction"},
		{"the value of an inner call", func(f *forger) {
			t := &tracer.Trace{}
			require.NoError(f.t, json.Unmarshal(f.members[bundle.TraceFile], t))
			units := leg(t, "attested").Units.String()
			attest(`"v":"`+units, `"v":"1`+units)(f)
		}, "trace.json", ""},
		{"a transaction is gone, and nothing says so", edit(func(p *parts) {
			i := withLogs(p)
			p.manifest.Txs = append(p.manifest.Txs[:i], p.manifest.Txs[i+1:]...)
		}), "", ""},
		{"a balance", edit(func(p *parts) {
			p.object(&p.manifest.State, func(data []byte) []byte { return bytes.Replace(data, []byte(`"units": "1`), []byte(`"units": "9`), 1) })
		}), "trace.json", "made again"},
		{"the order of transactions", edit(func(p *parts) { p.manifest.Txs[0], p.manifest.Txs[1] = p.manifest.Txs[1], p.manifest.Txs[0] }), folder, "order of the chain"},
		{"a header", edit(func(p *parts) { p.headers(func(l [][]byte) [][]byte { l[3] = flip(600)(l[3]); return l }) }), folder, ""},
		{"a header is gone", edit(func(p *parts) {
			p.headers(func(l [][]byte) [][]byte { return append(l[:3], l[4:]...) })
			p.manifest.Heights = append(p.manifest.Heights[:3], p.manifest.Heights[4:]...)
		}), folder, ""},
	})
}

// transferTopic is what begins the log of a token's payment.
const transferTopic = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

// withLogs returns the index of a transaction behind the first ones that is the only one of its block
// and pays a token.
func withLogs(p *parts) int {
	topic, err := hex.DecodeString(transferTopic)
	require.NoError(p.f.t, err)
	for i := 4; i < len(p.manifest.Txs); i++ {
		e := &p.manifest.Txs[i]
		if e.Index == 0 && len(e.ReceiptProof) == 1 && bytes.Contains(p.objects[e.Receipt], topic) {
			return i
		}
	}
	panic("no such transaction")
}

// forgeHeader makes another token payment out of one, and everything that hangs on it: the receipt,
// its trie, the header, the headers behind it, and the trace. It returns the height of that block.
func forgeHeader(t *testing.T) (forged []byte, height int64) {
	t.Helper()
	f := forge(t, "atlanta-replica")
	f.recording("recording/polygon", func(p *parts) {
		e := &p.manifest.Txs[withLogs(p)]
		height = e.Height
		amount := tokenAmount(t, p.objects[e.Receipt])
		other := bytes.Clone(amount)
		other[31] ^= 1
		old := crypto.Keccak256(p.objects[e.ReceiptProof[0]])
		swap := func(data []byte) []byte { return bytes.ReplaceAll(data, amount, other) }
		p.object(&e.Receipt, swap)
		p.object(&e.ReceiptProof[0], swap)
		root := crypto.Keccak256(p.objects[e.ReceiptProof[0]])
		p.headers(func(list [][]byte) [][]byte {
			for i := range list {
				if p.manifest.Heights[i] < height {
					continue
				}
				was := crypto.Keccak256(list[i])
				list[i] = bytes.ReplaceAll(bytes.Clone(list[i]), old, root)
				old, root = was, crypto.Keccak256(list[i]) // the next header names it
				p.named(was, root)
			}
			return list
		})
	})
	data := f.seal()
	f.members[bundle.TraceFile] = again(t, data)
	f.members[bundle.LogFile] = nil
	delete(f.members, bundle.LogFile) // it speaks of the trace that was
	return f.seal(), height
}

// named puts the new hash of a block where the recording names the old one.
func (p *parts) named(was, is []byte) {
	if p.manifest.AsOf.Hash == chains.BlockHash(was) {
		p.manifest.AsOf.Hash = chains.BlockHash(is)
	}
	for i := range p.manifest.Txs {
		if p.manifest.Txs[i].TxID == chains.TxID(was) { // what the protocol itself did there
			p.manifest.Txs[i].TxID = chains.TxID(is)
		}
	}
}

// tokenAmount finds the 32 bytes of the amount in the first Transfer of a receipt.
func tokenAmount(t *testing.T, receipt []byte) []byte {
	t.Helper()
	topic, err := hex.DecodeString(transferTopic)
	require.NoError(t, err)
	at := bytes.Index(receipt, topic)
	require.Positive(t, at)
	// Two topics of 33 bytes each follow, then the length of the data.
	data := receipt[at+32+66:]
	require.Equal(t, byte(0xa0), data[0])
	return bytes.Clone(data[1:33])
}

// TestForgedHeader: a header that nobody made, with everything that fits it, is not found offline,
// and the answer says so; a hash that one trusts, and a node, find it.
func TestForgedHeader(t *testing.T) {
	forged, height := forgeHeader(t)
	v := verified(t, forged)
	require.True(t, v.OK, "%+v", v.Problems)
	require.False(t, v.Complete)
	require.Contains(t, strings.Join(v.Lacks, "\n"), "nobody vouches for")
	require.Contains(t, strings.Join(v.Notes, "\n"), "invented whole")

	trust := trustAll(t, sealed(t, "atlanta-replica"))
	v = verified(t, forged, func(o *bundle.Options) { o.Trust = trust })
	requireProblem(t, v, "recording/polygon", "the trust file says")
	require.Contains(t, v.Problems[0].What, "block "+itoa(height))

	v = verified(t, sealed(t, "atlanta-replica"), func(o *bundle.Options) { o.Trust = trust })
	require.True(t, v.OK, "%+v", v.Problems)
	require.NotContains(t, strings.Join(v.Lacks, " "), "vouches")
}
