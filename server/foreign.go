package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// foreign refuses what a page of somebody else made a browser of this machine send. With keys that would come
// to nothing, since a browser has none; without them the page would be asked as anybody here is.
func (s *Server) foreign(r *http.Request) *Problem {
	if err := s.origin.Check(r); err != nil {
		return foreignPage.problem("A browser sent it for a page that is not this server's (%s). Call the API from a program.", err)
	}
	if s.opt.NoAuth && overTCP(r) && !ownHost(r.Host) {
		return foreignHost.problem("Without keys the server answers at the names of this machine alone, and not as %.100q. Ask http://127.0.0.1 or http://localhost.", r.Host)
	}
	return nil
}

// overTCP says whether a browser could have sent a request: over a Unix socket none can.
func overTCP(r *http.Request) bool {
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return at == nil || at.Network() != "unix"
}

// ownHost says whether a Host header names this machine: a name that somebody can lead here does not, an
// address of loopback does.
func ownHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
