package screen

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// Kind says what is screened.
type Kind string

// The kinds of subjects.
const (
	// KindAddress is everything that an address was paid: where that came from, or went. What it
	// paid itself out of the same transaction is no receipt.
	KindAddress Kind = "address"
	// KindTransaction is all that a transaction pays; its fee is left out.
	KindTransaction Kind = "transaction"
	KindOutput      Kind = "output"  // one output of a chain of outputs
	KindDeposit     Kind = "deposit" // what an address is paid in a transaction
)

// Direction says which way the value is looked at.
type Direction string

// The directions.
const (
	Source Direction = "source" // where the funds came from
	// Destination: where they went. What an incident traces to the subject is stolen this way round too;
	// the rest is followed to where it is now, or to whom it reached.
	Destination Direction = "destination"
)

// Subject is what is screened. Its texts are in the chain's own form, as Check makes them.
type Subject struct {
	Kind    Kind         `json:"kind"`
	Chain   chains.Chain `json:"chain"`
	Address string       `json:"address,omitempty"` // of an address and a deposit
	TxID    string       `json:"txid,omitempty"`    // of all but an address; with 0x on a chain of accounts
	Vout    *uint32      `json:"vout,omitempty"`    // of an output
	// Asset bounds it to one asset; "" is every asset that moves there. Chains of outputs have one
	// alone, and it is "" there.
	Asset     chains.Asset `json:"asset,omitempty"`
	Direction Direction    `json:"direction"`
}

// Codec reads and writes addresses. The adapters implement it.
type Codec interface {
	ParseAddress(chain chains.Chain, text string) (chains.Address, error)
	FormatAddress(chain chains.Chain, a chains.Address) string
}

// ErrSubject: it cannot be understood what is to be screened. The text around it says why.
var ErrSubject = errors.New("subject")

// forms are the texts that ParseSubject reads.
const forms = "CHAIN:ADDRESS[:ASSET], CHAIN:TXID, CHAIN:TXID:VOUT or CHAIN:TXID:ADDRESS[:ASSET]"

// ParseSubject reads a subject as it stands on the command line, as source of funds:
//
//	CHAIN:ADDRESS[:ASSET]         an address
//	CHAIN:TXID                    a transaction
//	CHAIN:TXID:VOUT               an output
//	CHAIN:TXID:ADDRESS[:ASSET]    a deposit
//
// The error is an ErrSubject.
func ParseSubject(text string, codec Codec) (Subject, error) {
	s := Subject{Direction: Source}
	chain, rest, err := chains.SplitChain(strings.TrimSpace(text))
	if err != nil {
		return s, subjectError(text, err)
	}
	s.Chain = chain
	first, behind, more := strings.Cut(rest, ":")
	_, err = parseTxID(first)
	switch {
	case err != nil:
		s.Kind = KindAddress
		err = s.addressAsset(rest, codec)
	case !more:
		s.Kind, s.TxID = KindTransaction, first
		err = nil
	default:
		s.TxID = first
		err = s.inTx(behind, codec)
	}
	if err == nil {
		s, _, err = s.check(codec)
	}
	if err != nil {
		return s, subjectError(text, err)
	}
	return s, nil
}

func subjectError(text string, err error) error {
	return fmt.Errorf("%w %.200q: %w (want %s)", ErrSubject, text, err, forms)
}

// inTx reads what stands behind the transaction.
func (s *Subject) inTx(text string, codec Codec) error {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		vout := uint32(n)
		s.Kind, s.Vout = KindOutput, &vout
		return nil
	}
	s.Kind = KindDeposit
	return s.addressAsset(text, codec)
}

// addressAsset reads ADDRESS[:ASSET]; a colon may also belong to the address.
func (s *Subject) addressAsset(text string, codec Codec) error {
	_, err := codec.ParseAddress(s.Chain, text)
	if err == nil {
		s.Address = text
		return nil
	}
	cut := strings.LastIndexByte(text, ':')
	if claimed := strings.Index(text, ":"+chains.ClaimedPrefix); claimed >= 0 {
		cut = claimed
	}
	if cut < 0 {
		return err
	}
	if _, second := codec.ParseAddress(s.Chain, text[:cut]); second != nil {
		return err
	}
	s.Address, s.Asset = text[:cut], chains.Asset(text[cut+1:])
	return nil
}

// subjectKeys are what a subject's texts stand for.
type subjectKeys struct {
	address chains.Address // "" where it has none
	tx      chains.TxID
}

// Check returns the canonical form of a subject that came as JSON: texts as the chain writes them,
// no field that its kind does not have, a direction (source where none is given), and the kind where
// the fields leave no doubt. The error is an ErrSubject that names the field.
func (s Subject) Check(codec Codec) (Subject, error) {
	out, _, err := s.resolve(codec)
	return out, err
}

// resolve is Check, with the keys.
func (s Subject) resolve(codec Codec) (Subject, subjectKeys, error) {
	out, keys, err := s.check(codec)
	if err != nil {
		return s, keys, fmt.Errorf("%w: %w", ErrSubject, err)
	}
	return out, keys, nil
}

func (s Subject) check(codec Codec) (Subject, subjectKeys, error) {
	var keys subjectKeys
	var err error
	chain := s.Chain
	if chain == "" || chain.Info().Name != chain { // the list of names, for an error, takes longer than all else
		if chain, err = chains.ParseChain(string(s.Chain)); err != nil {
			return s, keys, fmt.Errorf("chain: %w", err)
		}
	}
	s.Chain = chain
	if s.Kind == "" {
		s.Kind = s.implied()
	}
	if err := s.fields(); err != nil {
		return s, keys, err
	}
	switch s.Direction {
	case "":
		s.Direction = Source
	case Source, Destination:
	default:
		return s, keys, fmt.Errorf("direction %.40q: want %s or %s", s.Direction, Source, Destination)
	}
	if s.Address != "" {
		if keys.address, err = codec.ParseAddress(chain, s.Address); err != nil {
			return s, keys, fmt.Errorf("address: %w", err)
		}
		s.Address = codec.FormatAddress(chain, keys.address)
	}
	if s.TxID != "" {
		if keys.tx, err = parseTxID(s.TxID); err != nil {
			return s, keys, fmt.Errorf("txid: %w", err)
		}
		s.TxID = formatTxID(chain, keys.tx)
	}
	s.Asset, err = canonicalAsset(chain, s.Asset, codec)
	return s, keys, err
}

// implied returns the kind that the fields show.
func (s *Subject) implied() Kind {
	switch {
	case s.Vout != nil:
		return KindOutput
	case s.TxID != "" && s.Address != "":
		return KindDeposit
	case s.TxID != "":
		return KindTransaction
	}
	return KindAddress
}

// fields checks that those stand that the kind has, and no others.
func (s *Subject) fields() error {
	has := [3]bool{s.Address != "", s.TxID != "", s.Vout != nil}
	var want [3]bool
	switch s.Kind {
	case KindAddress:
		want = [3]bool{true, false, false}
	case KindTransaction:
		want = [3]bool{false, true, false}
	case KindOutput:
		want = [3]bool{false, true, true}
		if s.Chain.Info().Family != chains.FamilyBitcoin {
			return fmt.Errorf("kind %s: %s keeps value in accounts and has no outputs; want a %s, with txid and address", s.Kind, s.Chain, KindDeposit)
		}
	case KindDeposit:
		want = [3]bool{true, true, false}
	default:
		return fmt.Errorf("kind %.40q: want %s, %s, %s or %s", s.Kind, KindAddress, KindTransaction, KindOutput, KindDeposit)
	}
	for i, name := range [3]string{"address", "txid", "vout"} {
		switch {
		case want[i] && !has[i]:
			return fmt.Errorf("%s: missing, and the kind %s has one", name, s.Kind)
		case has[i] && !want[i]:
			return fmt.Errorf("%s: the kind %s has none", name, s.Kind)
		}
	}
	return nil
}

// Key returns the canonical JSON of s: equal subjects have equal keys. s is as Check returned it.
func (s Subject) Key() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("screen: a subject of texts alone does not marshal: " + err.Error()) // no value of it can
	}
	return string(text)
}

// String returns s as ParseSubject reads it, but for its direction.
func (s Subject) String() string {
	text := string(s.Chain)
	for _, part := range [2]string{s.TxID, s.Address} {
		if part != "" {
			text += ":" + part
		}
	}
	if s.Vout != nil {
		text += ":" + strconv.FormatUint(uint64(*s.Vout), 10)
	}
	if s.Asset != "" && s.Address != "" {
		text += ":" + string(s.Asset)
	}
	return text
}

func parseTxID(text string) (chains.TxID, error) {
	return chains.ParseHash(strings.TrimPrefix(text, "0x"))
}

// formatTxID writes a transaction's id as its chain does.
func formatTxID(chain chains.Chain, id chains.TxID) string {
	if chain.Info().Family == chains.FamilyEVM {
		return "0x" + id.String()
	}
	return id.String()
}

// canonicalAsset returns an asset in the form in which adapters write it; "" for the only one of a
// chain of outputs.
func canonicalAsset(chain chains.Chain, asset chains.Asset, codec Codec) (chains.Asset, error) {
	switch {
	case asset == "":
		return "", nil
	case asset.IsValuation():
		return "", fmt.Errorf("asset %.100q: somebody's valuation is no asset that lies on the chain", asset)
	}
	out, err := tracer.ParseAsset(chain, string(asset), codec)
	if chain.Info().Family != chains.FamilyEVM {
		out = "" // the only one
	}
	return out, err
}
