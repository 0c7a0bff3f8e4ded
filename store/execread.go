package store

import "clew/chains"

// execReader reads what appendExec wrote.
type execReader struct {
	*bodyReader
	names []string
}

// exec reads an execution. Addresses share the memory of the body.
func (d *bodyReader) exec() *chains.Execution {
	var few [namesScanned]string
	r := execReader{d, few[:0]}
	e := new(chains.Execution)
	flags := r.byte()
	e.Failed, e.Untraced = flags&execFailed != 0, flags&execUntraced != 0
	if flags&^byte(execKnownFlags) != 0 {
		r.fail()
	}
	e.Type = r.byte()
	e.Nonce = r.uvarint()
	e.GasPrice = r.amount()
	for _, a := range [...]*chains.Address{&e.Sender, &e.To, &e.Created} {
		*a = r.address()
	}
	if flags&execCaps != 0 {
		e.TipCap, e.FeeCap = r.amount(), r.amount()
	}
	if n := r.count(5); n > 0 {
		e.Moves = make([]chains.Move, n)
	}
	for i := range e.Moves {
		r.move(&e.Moves[i])
	}
	if n := r.count(10); n > 0 {
		e.Events = make([]chains.Event, n)
	}
	for i := range e.Events {
		r.event(&e.Events[i])
	}
	e.Ran = r.addresses()
	return e
}

func (d *bodyReader) fail() { d.bad, d.rest = true, "" }

func (d *bodyReader) amount() chains.Amount {
	a, err := chains.BytesAmount(d.take(int(d.byte())))
	if err != nil {
		d.fail()
	}
	return a
}

func (r *execReader) address() chains.Address { return chains.Address(r.name()) }

func (r *execReader) addresses() []chains.Address {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	list := make([]chains.Address, n)
	for i := range list {
		list[i] = r.address()
	}
	return list
}

func (r *execReader) asset() chains.Asset {
	n := r.uvarint()
	if n == 0 {
		return chains.Native
	}
	return chains.Asset(r.named(n - 1))
}

func (r *execReader) name() string { return r.named(r.uvarint()) }

// named returns the name with that number, which it reads where it is the next one.
func (r *execReader) named(n uint64) string {
	switch {
	case n == 0:
		return ""
	case n <= uint64(len(r.names)):
		return r.names[n-1]
	case n > uint64(len(r.names))+1:
		r.fail()
		return ""
	}
	form := r.uvarint()
	var s string
	if form != textForm {
		if form%2 != 0 || form == 0 {
			r.fail()
		}
		s = r.take(int(min(form/2, 1<<31-1)))
	} else {
		capitals := r.take(5)
		address := r.address20()
		if r.bad {
			return ""
		}
		s = textOf(address, capitals)
	}
	r.names = append(r.names, s)
	return s
}

// address20 reads the name of an address inside of another name. A text inside of a text is none,
// so that no body makes the reader go deep.
func (r *execReader) address20() string {
	n := r.uvarint()
	s := ""
	switch {
	case n > 0 && n <= uint64(len(r.names)):
		s = r.names[n-1]
	case n == uint64(len(r.names))+1 && r.uvarint() == 2*addressLength:
		s = r.take(addressLength)
		r.names = append(r.names, s)
	}
	if len(s) != addressLength {
		r.fail()
	}
	return s
}

func (r *execReader) move(m *chains.Move) {
	form := r.byte()
	m.Kind, m.Evidence = chains.MoveKind(form&(1<<moveEvidence-1)), chains.Evidence(form>>moveEvidence)
	m.Asset = r.asset()
	m.From, m.To = r.address(), r.address()
	m.Amount = r.amount()
	m.Index = uint32(r.uvarint())
}

func (r *execReader) event(e *chains.Event) {
	form := r.byte()
	e.Kind, e.Registered = chains.EventKind(form&^eventRegistered), form&eventRegistered != 0
	e.Protocol, e.Name, e.Emitter = r.name(), r.name(), r.address()
	e.Others = r.addresses()
	e.Index = uint32(r.uvarint())
	e.Key, e.Peer, e.Account = r.name(), chains.Chain(r.name()), r.address()
	e.Asset = r.asset()
	e.Amount = r.amount()
	if n := r.count(2); n > 0 {
		e.Fields = make([]chains.Field, n)
	}
	for i := range e.Fields {
		e.Fields[i] = chains.Field{Name: r.name(), Value: r.name()}
	}
}
