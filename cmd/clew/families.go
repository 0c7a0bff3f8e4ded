package main

import (
	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/ingest"
	"clew/tracer"
)

// families is the way with addresses of every chain that this program knows.
type families struct{}

// codec returns it.
func codec() tracer.Codec { return families{} }

func of(chain chains.Chain) tracer.Codec {
	if chain.Info().Family == chains.FamilyEVM {
		return evm.Codec{}
	}
	return bitcoin.Codec{}
}

// ParseAddress reads an address as its chain writes it.
func (families) ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	return of(chain).ParseAddress(chain, text)
}

// FormatAddress writes one.
func (families) FormatAddress(chain chains.Chain, a chains.Address) string {
	return of(chain).FormatAddress(chain, a)
}

// Place says what stands at an address of a chain of accounts, as the tables of the adapter do.
func (families) Place(chain chains.Chain, a chains.Address) (kind tracer.NodeKind, entity, source string, ok bool) {
	if chain.Info().Family != chains.FamilyEVM {
		return "", "", "", false
	}
	word, entity, source, ok := evm.PlaceOf(chain, a)
	return tracer.NodeKind(word), entity, source, ok
}

// BridgeProtocols returns the names of the bridges whose events are read.
func (families) BridgeProtocols() []string { return evm.BridgeProtocols() }

// decoderOf returns what reads the bytes of a chain where its blocks come as bytes; nil for a
// chain of accounts, whose node tells facts.
func decoderOf(chain chains.Chain) ingest.Decoder {
	if chain.Info().Family == chains.FamilyEVM {
		return nil
	}
	return bitcoin.Codec{}
}

// merkleOf returns what proves that a transaction belongs to its block; nil for a chain of
// accounts, whose node brings its proofs.
func merkleOf(chain chains.Chain) ingest.Merkle {
	if chain.Info().Family == chains.FamilyEVM {
		return nil
	}
	return bitcoin.Codec{}
}
