package evm

import (
	"clew/chains"
)

// Scene is where logs happened, as far as keys of bridges depend on it.
type Scene struct {
	Chain chains.Chain
	Tx    chains.TxID      // of the transaction
	Block chains.BlockHash // of its block
}

// Events returns what the logs of one transaction say, in words that all protocols share, by
// log index. Logs that no row of the table fits are not in it. A log is used once: where a
// message takes several, the event stands at the one that names the key.
//
// Events never fails: what is not of an event's shape is no event. Safe for concurrent use.
func Events(at Scene, logs []Log) []chains.Event {
	known := tables()
	var events []chains.Event
	read := reading{at: at, logs: logs, tables: known}
	for i := range logs {
		if len(logs[i].Topics) == 0 {
			continue
		}
		for _, row := range known.rows[logs[i].Topics[0]] {
			if event, ok := read.event(row, i); ok {
				events = append(events, event)
				break
			}
		}
	}
	return events
}

// reading is the logs of one transaction while they are read.
type reading struct {
	at     Scene
	logs   []Log
	used   map[int]bool // logs that belong to another one's event
	tables *eventTables
}

// event reads the event whose main log is the i-th. Not ok: the log, or one that must stand
// beside it, is not of the row's shape.
func (r *reading) event(row *eventRow, i int) (chains.Event, bool) {
	vars, err := row.event.decode(&r.logs[i])
	if err != nil {
		return chains.Event{}, false
	}
	log := &r.logs[i]
	s := scope{reading: r, protocol: row.Protocol, index: i, vars: vars}
	vars["@emitter"] = abiValue{kindAddress, log.Address[:]}
	taken, emitters, ok := r.beside(row, i, &s)
	if !ok {
		return chains.Event{}, false
	}
	if row.derive != nil {
		if err := row.derive(&s); err != nil {
			return chains.Event{}, false
		}
	}
	event, ok := row.fill(&s)
	if !ok {
		return chains.Event{}, false
	}
	event.Emitter, event.Index = chains.Address(log.Address[:]), log.Index
	event.Others = emitters
	event.Registered = r.registered(&event)
	for _, j := range taken {
		if r.used == nil {
			r.used = map[int]bool{}
		}
		r.used[j] = true
	}
	return event, true
}

// registered reports whether every contract that the event rests on is the protocol's own.
func (r *reading) registered(event *chains.Event) bool {
	if !r.tables.isOwn(event.Protocol, r.at.Chain, event.Emitter) {
		return false
	}
	for _, a := range event.Others {
		if !r.tables.isOwn(event.Protocol, r.at.Chain, a) {
			return false
		}
	}
	return true
}

// beside finds the logs that a row needs besides the main one, nearest first, and puts their
// values into scope as AS.NAME. It returns their indices and their emitters other than the main one.
func (r *reading) beside(row *eventRow, i int, s *scope) (taken []int, emitters []chains.Address, ok bool) {
	for w := range row.With {
		j, found := r.nearest(&row.With[w], i, s)
		if !found && row.With[w].Optional {
			continue
		}
		if !found {
			return nil, nil, false
		}
		taken = append(taken, j)
		if !row.With[w].Optional && r.logs[j].Address != r.logs[i].Address {
			emitters = append(emitters, chains.Address(r.logs[j].Address[:]))
		}
	}
	for _, expr := range row.trust {
		v, known := expr.eval(s)
		if !known || len(v.bytes) < 20 {
			return nil, nil, false
		}
		emitters = append(emitters, chains.Address(v.bytes[len(v.bytes)-20:]))
	}
	return taken, emitters, true
}

// besideLogs is how many logs on one side of a main log are looked through for those that belong
// to it. Protocols write them next to each other, with at most a dozen of fees and transfers
// between; it bounds what a transaction of very many logs costs.
const besideLogs = 64

// nearest finds the log nearest to the i-th, on the side where the row says, that no other
// event took and that fits its conditions; its values stay in scope.
func (r *reading) nearest(with *withRow, i int, s *scope) (int, bool) {
	step := 1
	if with.Before {
		step = -1
	}
	for j := i + step; j >= 0 && j < len(r.logs) && j != i+step*(besideLogs+1); j += step {
		if len(r.logs[j].Topics) == 0 || r.used[j] {
			continue
		}
		vars, err := with.event.decode(&r.logs[j])
		if err != nil {
			continue
		}
		for name, v := range vars {
			s.vars[with.As+"."+name] = v
		}
		s.vars[with.As+".@emitter"] = abiValue{kindAddress, r.logs[j].Address[:]}
		if with.holds(s) {
			return j, true
		}
		for name := range vars {
			delete(s.vars, with.As+"."+name)
		}
		delete(s.vars, with.As+".@emitter")
	}
	return 0, false
}

// holds reports whether the pairs of expressions that must agree do.
func (w *withRow) holds(s *scope) bool {
	for _, pair := range w.same {
		a, okA := pair[0].eval(s)
		b, okB := pair[1].eval(s)
		if !okA || !okB || a.text() != b.text() {
			return false
		}
	}
	return true
}
