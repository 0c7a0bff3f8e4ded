package server

import (
	"context"

	"clew/chains"
	"clew/screen"
)

// addressIn names an address.
type addressIn struct {
	Chain   string `path:"chain" maxLength:"60" doc:"The chain's short name, such as bitcoin, or eip155:N."`
	Address string `path:"address" maxLength:"200" doc:"The address, in a form that the chain knows."`
}

type addressOut struct{ Body *screen.AddressAnswer }

// getAddress tells what is known of an address.
func (s *Server) getAddress(ctx context.Context, in *addressIn) (*addressOut, error) {
	state := s.opt.State()
	if state == nil {
		return nil, busy.problem("%s. Ask again in a second.", sentence(errNoState)).after(1)
	}
	subject := screen.Subject{Kind: screen.KindAddress, Chain: chains.Chain(in.Chain), Address: in.Address, Direction: screen.Source}
	subject, err := subject.Check(s.opt.Codec)
	if err != nil {
		return nil, invalidSubject.problem("%s.", sentence(err))
	}
	callOf(ctx).about = subject.Key()
	a, err := state.Screener.Address(ctx, subject.Chain, subject.Address)
	if err != nil {
		return nil, s.screenProblem(ctx, err)
	}
	return &addressOut{a}, nil
}
