package heuristics

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"clew/chains"
)

// ErrNotJoined means that two events are not the two sides of one message of a bridge.
var ErrNotJoined = errors.New("not two sides of one message")

// JoinBridge reports whether in is where the message arrived that out sent: both are of the same
// protocol, bear the same key, and every field that both sides name is equal, the two chains
// among them. Equal time and amount are nothing: without a key there is no link. The error
// wraps ErrNotJoined and names the first difference.
//
// Any contract can write such events. Whether they are the protocol's own, Event.Registered
// says; a hop needs that of both sides, or that the incident names the contracts. A key that
// two events bear links neither: some protocols do not number messages where they are sent
// (CCTP v2), and some can be made to bear a number twice.
func JoinBridge(out, in *chains.Event) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%s and %s: %w: %s", out.Name, in.Name, ErrNotJoined, fmt.Sprintf(format, args...))
	}
	switch {
	case out.Kind != chains.EventBridgeOut:
		return refuse("%s sends nothing over a bridge", out.Name)
	case in.Kind != chains.EventBridgeIn:
		return refuse("%s receives nothing over a bridge", in.Name)
	case out.Protocol != in.Protocol:
		return refuse("protocol %s here, %s there", out.Protocol, in.Protocol)
	case out.Key == "":
		return refuse("the message has no key where it was sent")
	case in.Key == "":
		return refuse("the message has no key where it arrived")
	case out.Key != in.Key:
		return refuse("key %s here, %s there", out.Key, in.Key)
	}
	for i := range out.Fields {
		here := &out.Fields[i]
		if there := in.Field(here.Name); there != "" && here.Value != "" && there != here.Value {
			return refuse("%s is %s here, %s there", here.Name, here.Value, there)
		}
	}
	return nil
}

// BridgeReceiver returns who receives the message whose two sides out and in are: as the arrival
// tells it, or, where the arrival names the key alone (Wormhole, Hop's bonds), as the message
// was sent. "" where neither tells: contracts hand the value on then, and only they know to whom.
func BridgeReceiver(out, in *chains.Event) chains.Address {
	if in.Account != "" {
		return in.Account
	}
	digits, ok := strings.CutPrefix(out.Field("recipient"), "0x")
	a, err := hex.DecodeString(digits)
	if !ok || err != nil || len(a) != 20 {
		return ""
	}
	return chains.Address(a)
}
