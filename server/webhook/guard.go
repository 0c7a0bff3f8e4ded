package webhook

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"syscall"
)

// ErrTarget: an address to which nothing is sent.
var ErrTarget = errors.New("not a target for webhooks")

// Guard says where webhooks may go. The zero value allows https to public addresses alone. It looks
// at the address to which a connection is made, not at the name: a name can lead to another address
// each time it is asked for.
type Guard struct {
	// Allowed are networks to which webhooks may go although they are not public. Plain http is taken
	// to these alone: its bodies and signatures can be read by everybody on the way.
	Allowed []netip.Prefix
}

// ParseGuard reads networks (10.1.0.0/16, fd00::/8) and single addresses.
func ParseGuard(texts []string) (Guard, error) {
	var g Guard
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(text); err == nil {
				p = netip.PrefixFrom(a, a.BitLen())
			}
		}
		if err != nil || p != p.Masked() || p.Addr().Is4In6() {
			return Guard{}, fmt.Errorf("webhook network %q: want an address, or a network like 10.1.0.0/16 with no bits behind its mask", text)
		}
		g.Allowed = append(g.Allowed, p)
	}
	return g, nil
}

// special are the networks that are not public, in the registries of special addresses of IANA (RFC
// 6890 and after), and those which carry an address of IPv4 inside, behind which any of the others may be.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32", // the host of a virtual machine on Azure, by a public address
	"2001::/23",        // protocols, Teredo
	"2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

// public is the part of IPv6 that is given out.
var public = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// CheckURL checks a target as it is set: its form, its scheme and, where it is written as an
// address, that. A name is checked whenever a connection is made. Errors wrap ErrTarget.
func (g Guard) CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("want https://HOST[:PORT]/PATH: %w", ErrTarget)
	case u.User != nil:
		return fmt.Errorf("%s: user and password in the URL are not sent: the signature says who we are: %w", shown(u), ErrTarget)
	case u.Fragment != "":
		return fmt.Errorf("%s: what stands behind # is not sent: %w", shown(u), ErrTarget)
	case u.Scheme == "http" && len(g.Allowed) == 0:
		return fmt.Errorf("%s: https is needed; plain http goes to networks alone that the operator allows (--allow-webhook): %w", shown(u), ErrTarget)
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%s: https is needed: %w", shown(u), ErrTarget)
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return nil //nolint:nilerr // it is a name
	}
	return g.check(addr, u.Scheme == "http")
}

// shown names a target in messages: paths and queries of webhooks are secrets often enough.
func shown(u *url.URL) string { return u.Scheme + "://" + u.Host }

// check is ErrTarget where nothing may be sent to addr.
func (g Guard) check(addr netip.Addr, plain bool) error {
	bare := addr.Unmap().WithZone("")
	for _, p := range g.Allowed {
		if p.Contains(bare) {
			return nil
		}
	}
	if plain {
		return fmt.Errorf("%s: plain http, and no network that the operator allowed (--allow-webhook): %w", bare, ErrTarget)
	}
	open := bare.Is4() || public.Contains(bare)
	for _, p := range special {
		open = open && !p.Contains(bare)
	}
	if !open || addr.Zone() != "" {
		return fmt.Errorf("%s is this machine's, a private or a reserved address (--allow-webhook %s would allow it): %w", bare, bare, ErrTarget)
	}
	return nil
}

// control returns what a dialer asks before each connection, with the address that a name led to.
func (g Guard) control(plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("%q: %w: %w", address, err, ErrTarget)
		}
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return fmt.Errorf("%q: %w: %w", address, err, ErrTarget)
		}
		return g.check(addr, plain)
	}
}
