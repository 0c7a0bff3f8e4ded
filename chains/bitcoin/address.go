package bitcoin

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"

	"clew/chains"
)

// ErrBadAddress means that a text is no address of the chain that was asked for.
var ErrBadAddress = errors.New("not an address")

// Scripts without an address of their own are written with these words in front.
const (
	prefixP2PK   = "p2pk:"   // and the public key as pushed, in hex
	prefixScript = "script:" // and the SHA-256 of the script reversed, in hex: an Electrum server's script hash
)

// maxAddressText is the length of the longest text that ParseAddress reads: an
// uncompressed key in hex.
const maxAddressText = len(prefixP2PK) + 2*65

// FormatAddress returns the text of an address key in the chain's own checksummed form,
// or p2pk:HEX or script:HEX where the chain has none. ParseAddress reads it back. A key
// that no adapter of this family made, or a chain of another family, gives "".
func FormatAddress(chain chains.Chain, a chains.Address) string {
	net, err := networkOf(chain)
	if err != nil || !net.validKey(a) {
		return ""
	}
	payload := []byte(a[1:])
	switch a[0] {
	case kindP2PKH:
		if net.cash != "" {
			return formatCash(net.cash, cashP2PKH, payload)
		}
		return base58.CheckEncode(payload, net.pubKeyHash)
	case kindP2SH, kindP2SH32:
		if net.cash != "" {
			return formatCash(net.cash, cashP2SH, payload)
		}
		return base58.CheckEncode(payload, net.scriptHash)
	case kindP2WPKH, kindP2WSH:
		return formatWitness(net.hrp, 0, payload)
	case kindP2TR:
		return formatWitness(net.hrp, 1, payload)
	case kindWitness:
		return formatWitness(net.hrp, payload[0], payload[1:])
	case kindP2PK:
		return prefixP2PK + hex.EncodeToString(payload)
	}
	slices.Reverse(payload)
	return prefixScript + hex.EncodeToString(payload)
}

// validKey reports whether Classify could have made a on net.
func (net *network) validKey(a chains.Address) bool {
	if a == "" {
		return false
	}
	payload := []byte(a[1:])
	switch a[0] {
	case kindP2PKH, kindP2SH:
		return len(payload) == 20
	case kindP2WPKH:
		return len(payload) == 20 && net.hrp != ""
	case kindP2WSH, kindP2TR:
		return len(payload) == 32 && net.hrp != ""
	case kindScript:
		return len(payload) == 32
	case kindP2SH32:
		return len(payload) == 32 && net.cash != ""
	case kindWitness:
		taproot := len(payload) == 33 && payload[0] == 1
		return net.hrp != "" && len(payload) >= 3 && len(payload) <= 41 && payload[0] >= 1 && payload[0] <= 16 && !taproot
	case kindP2PK:
		return isPublicKey(payload)
	}
	return false
}

// formatWitness encodes a witness program: bech32 for version 0 (BIP173), bech32m for the
// others (BIP350).
func formatWitness(hrp string, version byte, program []byte) string {
	words, err := bech32.ConvertBits(program, 8, 5, true)
	if err != nil {
		return ""
	}
	encode := bech32.EncodeM
	if version == 0 {
		encode = bech32.Encode
	}
	text, err := encode(hrp, append([]byte{version}, words...))
	if err != nil {
		return ""
	}
	return text
}

// ParseAddress reads an address of chain, as a wallet or explorer writes it, or as
// FormatAddress writes scripts that have no address. Every spelling of one address (bech32
// in capitals) gives the same key. Nothing is trimmed. An error wraps ErrBadAddress and
// says what is wrong; for an address of another known network it also wraps ErrWrongChain
// and names that.
func ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	net, err := networkOf(chain)
	if err != nil {
		return "", fmt.Errorf("address %q: %w", shorten(text), err)
	}
	a, err := parseAddress(net, text)
	if err != nil {
		return "", fmt.Errorf("address %q: %w", shorten(text), err)
	}
	return a, nil
}

func parseAddress(net *network, text string) (chains.Address, error) {
	switch {
	case text == "":
		return "", fmt.Errorf("%w: it is empty", ErrBadAddress)
	case len(text) > maxAddressText:
		return "", fmt.Errorf("%w: %d characters are too many", ErrBadAddress, len(text))
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fmt.Errorf("%w: it contains white space or characters that no address has; copy it again", ErrBadAddress)
	case strings.HasPrefix(text, prefixP2PK):
		return parsePublicKey(text[len(prefixP2PK):])
	case strings.HasPrefix(text, prefixScript):
		return parseScriptHash(text[len(prefixScript):])
	}
	if prefix := cashPrefix(text); net.cash != "" && (prefix != "" || len(text) >= shortestCash && !strings.Contains(text, "1")) {
		return parseCash(net, text)
	} else if prefix != "" {
		return "", wrongNetwork(net, func(n *network) bool { return n.cash == prefix })
	}
	if looksStealth(text) {
		return "", fmt.Errorf("%w: it is one inside Litecoin's extension block, which no output on the chain shows; "+
			"a trace starts at the output that goes in there, or at one that comes out", ErrBadAddress)
	}
	a, err := parseBase58(net, text)
	if i := strings.LastIndexByte(text, '1'); err != nil && i > 0 && looksSegwit(text[:i]) {
		return parseWitness(net, text)
	}
	return a, err
}

// looksStealth reports whether text begins as addresses inside an extension block do.
func looksStealth(text string) bool {
	return slices.ContainsFunc(networks, func(n network) bool {
		return n.stealth != "" && strings.HasPrefix(strings.ToLower(text), n.stealth+"1")
	})
}

// looksSegwit reports whether prefix is the human-readable part of a known network, in any
// case. A base58 address can begin so too (simnet's "sb1…"), which its checksum tells.
func looksSegwit(prefix string) bool {
	return slices.ContainsFunc(networks, func(n network) bool { return n.hrp != "" && strings.EqualFold(n.hrp, prefix) })
}

func parsePublicKey(digits string) (chains.Address, error) {
	key, err := hex.DecodeString(digits)
	if err != nil || !isPublicKey(key) {
		return "", fmt.Errorf("%w: want a public key of 33 or 65 bytes in hex after %s", ErrBadAddress, prefixP2PK)
	}
	return chains.Address(append([]byte{kindP2PK}, key...)), nil
}

func parseScriptHash(digits string) (chains.Address, error) {
	hash, err := hex.DecodeString(digits)
	if err != nil || len(hash) != 32 {
		return "", fmt.Errorf("%w: want 64 hex digits after %s", ErrBadAddress, prefixScript)
	}
	slices.Reverse(hash)
	return chains.Address(append([]byte{kindScript}, hash...)), nil
}

func parseWitness(net *network, text string) (chains.Address, error) {
	hrp, words, encoding, err := bech32.DecodeGeneric(text)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadAddress, err)
	}
	if len(words) == 0 {
		return "", fmt.Errorf("%w: no witness version", ErrBadAddress)
	}
	version := words[0]
	program, err := bech32.ConvertBits(words[1:], 5, 8, false)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrBadAddress, err)
	case version > 16 || len(program) < 2 || len(program) > 40:
		return "", fmt.Errorf("%w: version %d with a program of %d bytes is no witness program", ErrBadAddress, version, len(program))
	case version == 0 && len(program) != 20 && len(program) != 32:
		return "", fmt.Errorf("%w: a version 0 program has 20 or 32 bytes, not %d", ErrBadAddress, len(program))
	case (version == 0) != (encoding == bech32.Version0):
		return "", fmt.Errorf("%w: version 0 wants a bech32 checksum, later versions bech32m; this is the other", ErrBadAddress)
	case hrp != net.hrp:
		return "", wrongNetwork(net, func(n *network) bool { return n.hrp == hrp })
	}
	opcode := byte(op0)
	if version > 0 {
		opcode = op1 + version - 1
	}
	script := append([]byte{opcode, byte(len(program))}, program...)
	a, _ := net.classify(script)
	return a, nil
}

func parseBase58(net *network, text string) (chains.Address, error) {
	payload, version, err := base58.CheckDecode(text)
	switch {
	case errors.Is(err, base58.ErrChecksum):
		return "", fmt.Errorf("%w: the checksum is wrong; a character was changed, or the case (base58 addresses are case-sensitive)", ErrBadAddress)
	case err != nil:
		return "", fmt.Errorf("%w: it has no form that is known on %s", ErrBadAddress, net.chain)
	case len(payload) != 20:
		return "", fmt.Errorf("%w: base58 of %d bytes, want 20 (is it a key or an extended key?)", ErrBadAddress, len(payload))
	case version == net.pubKeyHash:
		return chains.Address(append([]byte{kindP2PKH}, payload...)), nil
	case version == net.scriptHash, slices.Contains(net.olderHash, version):
		return chains.Address(append([]byte{kindP2SH}, payload...)), nil
	}
	return "", wrongNetwork(net, func(n *network) bool { return version == n.pubKeyHash || version == n.scriptHash })
}

// wrongNetwork says to which networks an address belongs that is not of net.
func wrongNetwork(net *network, match func(*network) bool) error {
	var names []string
	for i := range networks {
		if n := &networks[i]; match(n) {
			names = append(names, string(n.chain))
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: its prefix belongs to no network of the Bitcoin family known here", ErrBadAddress)
	}
	return fmt.Errorf("%w of %s but of %s: %w", ErrBadAddress, net.chain, strings.Join(names, ", "), chains.ErrWrongChain)
}

// shorten keeps a message readable whatever was passed.
func shorten(text string) string {
	if len(text) > maxAddressText {
		return text[:maxAddressText] + "…"
	}
	return text
}
