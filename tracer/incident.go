// Package tracer follows stolen value from its seeds to where it ends.
package tracer

import "clew/chains"

// Stop bounds a trace. A zero field sets no bound, but for Touched.
type Stop struct {
	Hops    int                            `json:"hops,omitempty"`  // a holding this many hops from its seed is not followed
	Until   string                         `json:"until,omitempty"` // RFC 3339: the chain ends before its first later block
	Dust    map[chains.Asset]chains.Amount `json:"dust,omitempty"`  // a holding with less traced value is not followed
	Touched int                            `json:"touched"`         // transactions after which poison alone is not followed
}
