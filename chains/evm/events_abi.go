package evm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
)

// signature is an event as a contract's ABI declares it.
type signature struct {
	name   string
	topic  [32]byte // keccak of the canonical text
	params []param
	topics int // indexed parameters
}

// param is one parameter of an event or one part of a tuple.
type param struct {
	name    string
	kind    abiKind
	size    int // bytes of an integer or of bytesN
	indexed bool
	parts   []param // of a tuple
}

// abiKind is the form of a value.
type abiKind uint8

const (
	kindUint abiKind = iota + 1
	kindInt
	kindAddress
	kindBool
	kindFixed // bytesN
	kindBytes
	kindText
	kindTuple
)

// abiValue is one decoded value: a number of size bytes in big-endian order, or bytes.
type abiValue struct {
	kind  abiKind
	bytes []byte
}

// maxEventData is the longest data of a log that is decoded, in bytes. Real messages are below
// a tenth of it; it bounds what hostile logs cost.
const maxEventData = 1 << 17

var errShape = errors.New("not of the event's shape")

// parseSignature reads "Name(type [indexed] name, …)". Tuples are written (type name, …) name.
func parseSignature(text string) (signature, error) {
	name, rest, ok := strings.Cut(text, "(")
	if !ok || !strings.HasSuffix(rest, ")") {
		return signature{}, fmt.Errorf("event %q: want NAME(TYPE NAME, …)", text)
	}
	params, err := parseParams(strings.TrimSuffix(rest, ")"))
	if err != nil {
		return signature{}, fmt.Errorf("event %q: %w", text, err)
	}
	s := signature{name: name, params: params}
	s.topic = [32]byte(crypto.Keccak256([]byte(name + canonical(params))))
	for _, p := range params {
		if p.indexed {
			s.topics++
		}
	}
	return s, nil
}

// parseParams reads a list of parameters.
func parseParams(text string) ([]param, error) {
	var params []param
	depth, start := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ',' && depth == 0:
			p, err := parseParam(strings.TrimSpace(text[start:i]))
			if err != nil {
				return nil, err
			}
			params, start = append(params, p), i+1
		case text[i] == '(':
			depth++
		case text[i] == ')':
			depth--
		}
	}
	return params, nil
}

// parseParam reads "type [indexed] name".
func parseParam(text string) (param, error) {
	if inner, ok := strings.CutPrefix(text, "("); ok {
		end := strings.LastIndex(inner, ")")
		if end < 0 {
			return param{}, fmt.Errorf("tuple %q is not closed", text)
		}
		parts, err := parseParams(inner[:end])
		return param{name: strings.TrimSpace(inner[end+1:]), kind: kindTuple, parts: parts}, err
	}
	words := strings.Fields(text)
	if len(words) < 2 {
		return param{}, fmt.Errorf("parameter %q: want TYPE NAME", text)
	}
	p := param{name: words[len(words)-1], indexed: len(words) == 3 && words[1] == "indexed"}
	if len(words) > 2 && !p.indexed {
		return param{}, fmt.Errorf("parameter %q: want TYPE indexed NAME", text)
	}
	var err error
	p.kind, p.size, err = parseType(words[0])
	return p, err
}

// parseType reads an elementary type.
func parseType(text string) (abiKind, int, error) {
	switch text {
	case "address":
		return kindAddress, 20, nil
	case "bool":
		return kindBool, 1, nil
	case "bytes":
		return kindBytes, 0, nil
	case "string":
		return kindText, 0, nil
	}
	for prefix, k := range map[string]abiKind{"uint": kindUint, "int": kindInt, "bytes": kindFixed} {
		digits, ok := strings.CutPrefix(text, prefix)
		n, err := strconv.Atoi(digits)
		if !ok || err != nil {
			continue
		}
		if k != kindFixed {
			if n%8 != 0 {
				break
			}
			n /= 8
		}
		if n >= 1 && n <= 32 {
			return k, n, nil
		}
	}
	return 0, 0, fmt.Errorf("type %q is not known", text)
}

// canonical returns the types alone, as they are hashed.
func canonical(params []param) string {
	words := make([]string, len(params))
	for i, p := range params {
		switch p.kind {
		case kindUint, kindInt:
			words[i] = map[abiKind]string{kindUint: "uint", kindInt: "int"}[p.kind] + strconv.Itoa(8*p.size)
		case kindFixed:
			words[i] = "bytes" + strconv.Itoa(p.size)
		case kindTuple:
			words[i] = canonical(p.parts)
		default:
			words[i] = map[abiKind]string{kindAddress: "address", kindBool: "bool", kindBytes: "bytes", kindText: "string"}[p.kind]
		}
	}
	return "(" + strings.Join(words, ",") + ")"
}

// decode returns the values of a log by name; the parts of a tuple as NAME.PART. errShape if the
// log is of another shape. An indexed value of variable length is only a hash and is left out.
func (s *signature) decode(l *Log) (map[string]abiValue, error) {
	if len(l.Topics) != s.topics+1 || l.Topics[0] != s.topic || len(l.Data) > maxEventData {
		return nil, errShape
	}
	out := make(map[string]abiValue, len(s.params))
	var inData []param
	next := 1
	for _, p := range s.params {
		if !p.indexed {
			inData = append(inData, p)
			continue
		}
		if !p.dynamic() && p.kind != kindTuple {
			v, err := p.word(l.Topics[next][:])
			if err != nil {
				return nil, err
			}
			out[p.name] = v
		}
		next++
	}
	return out, decodeTuple(out, "", inData, l.Data)
}

// dynamic reports whether the value stands behind the head, at an offset.
func (p *param) dynamic() bool {
	if p.kind == kindTuple {
		for i := range p.parts {
			if p.parts[i].dynamic() {
				return true
			}
		}
		return false
	}
	return p.kind == kindBytes || p.kind == kindText
}

// width is how many bytes of the head the value takes.
func (p *param) width() int {
	if p.kind != kindTuple || p.dynamic() {
		return 32
	}
	sum := 0
	for i := range p.parts {
		sum += p.parts[i].width()
	}
	return sum
}

// decodeTuple puts the values of params into out under prefix.
func decodeTuple(out map[string]abiValue, prefix string, params []param, data []byte) error {
	at := 0
	for i := range params {
		p := &params[i]
		if at+p.width() > len(data) {
			return errShape
		}
		body := data[at:]
		if p.dynamic() {
			offset, ok := wordLength(data[at:at+32], len(data))
			if !ok {
				return errShape
			}
			body = data[offset:]
		}
		at += p.width()
		if p.kind == kindTuple {
			if err := decodeTuple(out, prefix+p.name+".", p.parts, body); err != nil {
				return err
			}
			continue
		}
		v, err := p.read(body)
		if err != nil {
			return err
		}
		out[prefix+p.name] = v
	}
	return nil
}

// read reads an elementary value at the front of body.
func (p *param) read(body []byte) (abiValue, error) {
	if len(body) < 32 {
		return abiValue{}, errShape
	}
	if !p.dynamic() {
		return p.word(body[:32])
	}
	n, ok := wordLength(body[:32], len(body)-32)
	if !ok {
		return abiValue{}, errShape
	}
	return abiValue{p.kind, body[32 : 32+n]}, nil
}

// wordLength reads a word that is at most limit.
func wordLength(word []byte, limit int) (int, bool) {
	n := new(uint256.Int).SetBytes32(word)
	if !n.IsUint64() || n.Uint64() > uint64(limit) {
		return 0, false
	}
	return int(n.Uint64()), true
}

// word cuts a value out of its 32 bytes. What does not fit the type is refused: a compiler never
// writes it.
func (p *param) word(w []byte) (abiValue, error) {
	pad, v := w[:32-p.size], abiValue{p.kind, w[32-p.size : 32]}
	fill := byte(0)
	switch p.kind {
	case kindFixed:
		pad, v.bytes = w[p.size:32], w[:p.size]
	case kindInt:
		if v.bytes[0]&0x80 != 0 {
			fill = 0xff
		}
	case kindBool:
		if v.bytes[0] > 1 {
			return abiValue{}, errShape
		}
	}
	for _, b := range pad {
		if b != fill {
			return abiValue{}, errShape
		}
	}
	return v, nil
}
