package tracer

import "clew/chains"

// Places is a Codec that knows contracts which hold other people's value: pools of mixers,
// bridges, services, pools of venues.
type Places interface {
	// Place says what stands at an address: a service, mixer, bridge, pool or contract, whose it
	// is, and who says so; false where it is none that is known.
	Place(chain chains.Chain, a chains.Address) (kind NodeKind, entity, source string, ok bool)
}

// Bridges is a Codec that knows bridges by name.
type Bridges interface {
	// BridgeProtocols returns the names of those whose events are read, in order.
	BridgeProtocols() []string
}
