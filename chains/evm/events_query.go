package evm

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/holiman/uint256"

	"clew/chains"
)

// Filter is what a node is asked for to find an event: the form of eth_getLogs.
type Filter struct {
	// Addresses are the emitters; nil means any, so that contracts which an incident names are
	// found too. Where the key stands in no topic, only the protocol's own contracts and those
	// that the query names are asked: by the topic of the event alone, everybody's would come.
	Addresses [][20]byte
	// Topics are, by position, those that would do; nil means any.
	Topics [][][32]byte
	// Tx, where it is set, is the one transaction that the event can stand in.
	Tx *chains.TxID
}

// QueryFilters returns what finds the events that a query asks for on a chain: at least them,
// and where the key is not among the topics all events of the kind. The caller decodes what it
// finds and asks EventQuery.Answers. None: no row of the table has that kind and protocol.
func QueryFilters(chain chains.Chain, q chains.EventQuery) []Filter {
	known := tables()
	var filters []Filter
	for _, row := range known.list {
		if row.Protocol != q.Protocol || row.kind != q.Kind {
			continue
		}
		f := Filter{Topics: [][][32]byte{{row.event.topic}}}
		if q.Key != "" {
			parts := strings.Split(q.Key, "/")
			if len(parts) != len(row.key) {
				continue
			}
			f.Tx = row.keyTx(parts)
			f.Topics = append(f.Topics, row.keyTopics(parts)...)
		}
		if q.Emitter != "" {
			f.Addresses = [][20]byte{[20]byte([]byte(q.Emitter))}
		} else if len(f.Topics) == 1 && f.Tx == nil {
			f.Addresses = known.contracts(q.Protocol, chain)
			for _, a := range q.Named {
				f.Addresses = append(f.Addresses, [20]byte([]byte(a)))
			}
		}
		filters = append(filters, f)
	}
	if id := depositTx(q); id != nil {
		filters = append(filters, Filter{Tx: id})
	}
	return filters
}

// depositTx returns the transaction of Arbitrum's own type that a key of its deposits names, of
// which no log tells; nil where the query is for something else. (A row tells of the OP stack's.)
func depositTx(q chains.EventQuery) *chains.TxID {
	if q.Kind != chains.EventBridgeIn || q.Protocol != "arbitrum" {
		return nil
	}
	raw, err := hex.DecodeString(strings.TrimPrefix(q.Key, "0x"))
	if err != nil || len(raw) != 32 {
		return nil
	}
	id := chains.TxID(raw)
	return &id
}

// contracts returns the protocol's own contracts on a chain, in order; nil where none is known.
func (t *eventTables) contracts(protocol string, chain chains.Chain) [][20]byte {
	var list [][20]byte
	for _, c := range []chains.Chain{chain, ""} {
		for a := range t.own[ownKey{protocol, c}] {
			list = append(list, [20]byte([]byte(a)))
		}
	}
	slices.SortFunc(list, func(a, b [20]byte) int { return slices.Compare(a[:], b[:]) })
	return list
}

// keyTx returns the transaction that a key names; nil where its parts are others.
func (row *eventRow) keyTx(parts []string) *chains.TxID {
	for i, expr := range row.key {
		if expr.name != "@tx" {
			continue
		}
		if raw, err := hex.DecodeString(strings.TrimPrefix(parts[i], "0x")); err == nil && len(raw) == 32 {
			id := chains.TxID(raw)
			return &id
		}
	}
	return nil
}

// keyTopics returns, by position behind the event's own topic, what the parts of a key say of
// the indexed parameters; trailing ones that they say nothing of are left out.
func (row *eventRow) keyTopics(parts []string) [][][32]byte {
	var topics [][][32]byte
	last := 0
	for _, p := range row.event.params {
		if !p.indexed {
			continue
		}
		topics = append(topics, nil)
		if word, ok := row.keyWord(p, parts); ok {
			topics[len(topics)-1] = [][32]byte{word}
			last = len(topics)
		}
	}
	return topics[:last]
}

// keyWord puts a parameter together from the parts of a key that are made of it; false where
// they do not cover it.
func (row *eventRow) keyWord(p param, parts []string) (word [32]byte, ok bool) {
	at := 32 - p.size
	if p.kind == kindFixed {
		at = 0
	}
	covered := 0
	for i, expr := range row.key {
		if expr.name != p.name {
			continue
		}
		from, to := 0, p.size
		if expr.cut {
			from = expr.from
			if expr.to >= 0 {
				to = expr.to
			}
		}
		b, fits := keyBytes(parts[i], to-from)
		if !fits {
			return word, false
		}
		copy(word[at+from:at+to], b)
		covered += to - from
	}
	return word, covered == p.size
}

// keyBytes reads a part of a key back: a number, or bytes in hex, into n bytes.
func keyBytes(text string, n int) ([]byte, bool) {
	var b []byte
	if digits, ok := strings.CutPrefix(text, "0x"); ok {
		raw, err := hex.DecodeString(digits)
		if err != nil {
			return nil, false
		}
		b = raw
	} else {
		v, err := uint256.FromDecimal(text)
		if err != nil {
			return nil, false
		}
		b = v.Bytes()
	}
	if len(b) > n {
		return nil, false
	}
	return append(make([]byte, n-len(b)), b...), true
}
