// Package second checks a bundle by docs/bundle.md and docs/format.md alone. It shares no code with
// the rest of the project, only the standard library and Keccak: what it finds, anybody finds who
// reads those two pages. The tests hold it against `clew verify`; nothing in the program uses it.
//
// It checks: the archive and the manifest's hashes; in recordings the objects, headers with their
// links and (SHA-256) work, transactions by their ids and Merkle branches at the depth of the block's
// coinbase, on chains of accounts headers, both tries and the hash of each transaction; of each
// proven hop the output or the token log that it names; and the sums of the trace. It does not trace
// again, check signatures of senders, nor work that is not SHA-256.
package second

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big" //nolint:depguard // it shares no code with the program, its amounts neither
	"strings"
)

// checker collects what is wrong.
type checker struct {
	files map[string][]byte
	wrong []string
	made  map[string]*transaction // of the Bitcoin family, by chain and id
	logs  map[string][]logEntry   // of chains of accounts, by chain and id
}

func (c *checker) fail(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// Check returns what is wrong with a bundle, nothing where it finds nothing.
func Check(data []byte) []string {
	c := &checker{files: map[string][]byte{}, made: map[string]*transaction{}, logs: map[string][]logEntry{}}
	c.archive(data)
	c.manifest()
	for name := range c.files {
		if folder, ok := strings.CutSuffix(name, "/recording.json"); ok {
			c.recording(folder)
		}
	}
	c.trace()
	return c.wrong
}

func (c *checker) archive(data []byte) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		c.fail("it is no ZIP: %v", err)
		return
	}
	last, size := "", int64(22)
	for _, m := range z.File {
		if m.Method != zip.Store || m.Name <= last || len(m.Extra) > 0 || m.Comment != "" {
			c.fail("%s is compressed, twice there or out of order", m.Name)
			continue
		}
		last = m.Name
		size += 30 + 46 + 2*int64(len(m.Name)) + int64(m.CompressedSize64)
		r, err := m.Open()
		if err != nil {
			c.fail("%s: %v", m.Name, err)
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			c.fail("%s: %v", m.Name, err)
			continue
		}
		c.files[m.Name] = content
	}
	if size != int64(len(data)) {
		c.fail("the archive has %d bytes, its files and their names make %d", len(data), size)
	}
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func (c *checker) manifest() {
	var m struct {
		Schema string
		Trace  struct{ SHA256 string }
		Files  []struct {
			Name, SHA256 string
			Bytes        int
		}
	}
	if err := json.Unmarshal(c.files["manifest.json"], &m); err != nil || m.Schema != "clew.bundle/1" {
		c.fail("manifest.json: %v, schema %q", err, m.Schema)
		return
	}
	named := map[string]bool{"manifest.json": true, "manifest.json.minisig": true}
	for _, f := range m.Files {
		content, ok := c.files[f.Name]
		if named[f.Name] = true; !ok || len(content) != f.Bytes || sum(content) != f.SHA256 {
			c.fail("%s is missing, or not what the manifest says", f.Name)
		}
	}
	for name := range c.files {
		if !named[name] {
			c.fail("%s: the manifest does not name it", name)
		}
	}
	if sum(c.files["trace.json"]) != m.Trace.SHA256 {
		c.fail("trace.json is not the manifest's trace")
	}
}

// movement is a leg of a hop, as far as it is checked.
type movement struct {
	Chain, TxID, Asset, Units, Evidence string
	Positions                           []struct{ Kind, Value string }
	From                                []struct{ Outpoint string }
}

type account struct {
	Asset, Chain, Seeded, Ended, Difference string
	In                                      string `json:"converted_in"`
	Out                                     string `json:"converted_out"`
}

func (c *checker) trace() {
	var t struct {
		Incident struct{ SHA256, Accounts string }
		Seeds    []struct{ Chain, Asset, Units string }
		Hops     []struct {
			Number int
			Kind   string
			Legs   []movement
		}
		Endpoints []struct {
			Chain, Asset string
			Traced       map[string]*string
		}
		Conservation map[string][]account
	}
	if err := json.Unmarshal(c.files["trace.json"], &t); err != nil {
		c.fail("trace.json: %v", err)
		return
	}
	if sum(c.files["incident.yaml"]) != t.Incident.SHA256 {
		c.fail("incident.yaml is not the incident of the trace")
	}
	for i := range t.Hops {
		h := &t.Hops[i]
		for k := range h.Legs {
			if leg := &h.Legs[k]; leg.Evidence == "proven" && t.Incident.Accounts == "output" {
				c.moves(fmt.Sprintf("hop %d", h.Number), leg, len(h.Legs) == 1 && h.Kind == "transfer")
			}
		}
	}
	seeded, ended := sums{}, sums{}
	for _, s := range t.Seeds {
		seeded.add(s.Chain+" "+s.Asset, s.Units)
	}
	for rule, rows := range t.Conservation {
		if rule == "poison" {
			continue
		}
		for _, e := range t.Endpoints {
			if units := e.Traced[rule]; units != nil {
				ended.add(rule+" "+e.Chain+" "+e.Asset, *units)
			}
		}
		for i := range rows {
			c.balances(rule, &rows[i], seeded, ended)
		}
	}
}

// sums adds decimals up by name.
type sums map[string]*big.Int

func (s sums) add(name, decimal string) {
	if s[name] == nil {
		s[name] = new(big.Int)
	}
	s[name].Add(s[name], number(decimal))
}

func (s sums) of(name string) *big.Int {
	if s[name] == nil {
		return new(big.Int)
	}
	return s[name]
}

// number reads a decimal; what is none counts as −1, so that nothing is equal to it.
func number(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return big.NewInt(-1)
	}
	return n
}

func (c *checker) balances(rule string, row *account, seeded, ended sums) {
	name := row.Chain + " " + row.Asset
	if number(row.Seeded).Cmp(seeded.of(name)) != 0 || number(row.Ended).Cmp(ended.of(rule+" "+name)) != 0 {
		c.fail("conservation under %s of %s: seeds or endpoints have other sums", rule, name)
	}
	in := new(big.Int).Add(number(row.Seeded), number(row.In))
	out := new(big.Int).Add(number(row.Ended), number(row.Out))
	if in.Cmp(out) != 0 || row.Difference != "0" {
		c.fail("conservation under %s of %s: %s came, %s left", rule, name, in, out)
	}
}

// moves compares a leg with the output, or the log, that it names.
func (c *checker) moves(what string, leg *movement, alone bool) {
	key := leg.Chain + " " + leg.TxID
	tx, logs := c.made[key], c.logs[key]
	for _, p := range leg.Positions {
		switch {
		case p.Kind == "vout":
			n := number(p.Value)
			if tx == nil || !n.IsInt64() || n.Int64() >= int64(len(tx.values)) || n.Sign() < 0 {
				c.fail("%s: %s has no output %s", what, leg.TxID, p.Value)
			} else if new(big.Int).SetUint64(tx.values[n.Int64()]).Cmp(number(leg.Units)) != 0 {
				c.fail("%s: output %s of %s has %d units, not %s", what, p.Value, leg.TxID, tx.values[n.Int64()], leg.Units)
			}
		case p.Kind == "log" && alone:
			if !anyLog(logs, p.Value, leg) {
				c.fail("%s: no log %s of %s moves %s of %s", what, p.Value, leg.TxID, leg.Units, leg.Asset)
			}
		}
	}
	for _, f := range leg.From {
		if f.Outpoint != "" && (tx == nil || !tx.spends[f.Outpoint]) {
			c.fail("%s: %s does not spend %s", what, leg.TxID, f.Outpoint)
		}
	}
}

func anyLog(logs []logEntry, index string, leg *movement) bool {
	asset, _, nft := strings.Cut(strings.ToLower(leg.Asset), "/")
	for i := range logs {
		l := &logs[i]
		if fmt.Sprint(l.index) == index && "0x"+hex.EncodeToString(l.address) == asset {
			return nft || len(l.data) < 32 || new(big.Int).SetBytes(l.data[:32]).Cmp(number(leg.Units)) == 0
		}
	}
	return false
}
