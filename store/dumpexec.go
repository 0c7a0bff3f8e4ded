package store

import (
	"bufio"
	"fmt"

	"clew/chains"
)

// dumpExec writes an execution, a line for each movement and event.
func dumpExec(w *bufio.Writer, e *chains.Execution) {
	fmt.Fprintf(w, "exec sender %x to %x created %x nonce %d type %d price %s", string(e.Sender), string(e.To), string(e.Created), e.Nonce, e.Type, e.GasPrice)
	for _, s := range []struct {
		set  bool
		text string
	}{{e.Failed, " failed"}, {e.Untraced, " untraced"}} {
		if s.set {
			fmt.Fprint(w, s.text)
		}
	}
	if !e.FeeCap.IsZero() || !e.TipCap.IsZero() {
		fmt.Fprintf(w, " caps %s %s", e.TipCap, e.FeeCap)
	}
	fmt.Fprintln(w)
	for i := range e.Moves {
		m := &e.Moves[i]
		fmt.Fprintf(w, "move %d %s %q %x to %x %s index %d %s\n", m.Kind, m.Kind.Position(), m.Asset, string(m.From), string(m.To), m.Amount, m.Index, m.Evidence)
	}
	for i := range e.Events {
		v := &e.Events[i]
		fmt.Fprintf(w, "event %d %q %q %x registered %t index %d key %q peer %q account %x %q %s", v.Kind, v.Protocol, v.Name, string(v.Emitter),
			v.Registered, v.Index, v.Key, v.Peer, string(v.Account), v.Asset, v.Amount)
		for _, a := range v.Others {
			fmt.Fprintf(w, " and %x", string(a))
		}
		for _, f := range v.Fields {
			fmt.Fprintf(w, " %q=%q", f.Name, f.Value)
		}
		fmt.Fprintln(w)
	}
	for _, a := range e.Ran {
		fmt.Fprintf(w, "ran %x\n", string(a))
	}
}
