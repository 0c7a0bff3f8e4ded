// Package labels holds what others say of addresses: who is said to be behind one, since when,
// in whose words and with what confidence. It reads the forms in which such claims are
// published (TagPacks, ActorPacks, the sanctions list of OFAC, plain lists, tables), keeps them
// packed, and answers which are made of an address at a time.
//
// A label is somebody's claim and never a fact. It moves no value; labels that contradict
// each other stand side by side; and one of an address on one chain says nothing about the
// same bytes on another. The package knows no encoding of addresses (the adapters do, and are
// passed in as a Codec), reads no network and writes no file.
//
// Start reading at Label, then Set (set.go), which answers, and Pack (pack.go), in which an
// edition of a source is kept. The importers are tagpack.go, actorpack.go, ofac.go and table.go.
package labels

import (
	"strings"
	"time"

	"clew/chains"
)

// Codec reads and writes the addresses of every chain.
type Codec interface {
	ParseAddress(chain chains.Chain, text string) (chains.Address, error)
	FormatAddress(chain chains.Chain, a chains.Address) string
}

// Form says in what form a source publishes.
type Form string

// The forms that are read.
const (
	FormTagPack   Form = "tagpack"
	FormActorPack Form = "actorpack"
	FormOFAC      Form = "ofac" // sdn_advanced.xml
	FormList      Form = "list" // an address a line
	FormCSV       Form = "csv"
	FormOwn       Form = "own" // what whoever uses the program says
)

// Kind is what an address is said to be, in few words that are the same for all sources. The
// source's own words are kept beside it.
type Kind string

// The kinds. Of these a trace ends at service, mixer and bridge.
const (
	Service    Kind = "service"
	Mixer      Kind = "mixer"
	Bridge     Kind = "bridge"
	Pool       Kind = "pool"
	Contract   Kind = "contract"
	Sanctioned Kind = "sanctioned"
	Theft      Kind = "theft"
	Scam       Kind = "scam"
	Ransomware Kind = "ransomware"
	Person     Kind = "person"
	Other      Kind = "other"
)

// Edition is one version of a source, as it was taken from there.
type Edition struct {
	Form        Form   `json:"kind"`
	Title       string `json:"title"`   // of the pack; of lists and tables, what whoever imports them says
	Creator     string `json:"creator"` // as the source says; ""
	Description string `json:"description,omitempty"`
	Source      string `json:"source"`  // where it was taken from: URI, or words
	Licence     string `json:"licence"` // "" where nobody said
	File        string `json:"file"`    // its name, without folder
	SHA256      string `json:"sha256"`  // hex, of the file as it came
	// Retrieved is when it was taken from its source; Dated the date that it bears itself, zero
	// where it bears none.
	Retrieved time.Time `json:"retrieved_at"`
	Dated     time.Time `json:"dated,omitzero"`
}

// SameSource reports whether e and f are editions of one source: of one form, title and creator.
func (e *Edition) SameSource(f *Edition) bool {
	return e.Form == f.Form && e.Title == f.Title && e.Creator == f.Creator
}

// Date is when what e says was said: its own date, or else when it was taken.
func (e *Edition) Date() time.Time {
	if e.Dated.IsZero() {
		return e.Retrieved
	}
	return e.Dated
}

// Claim is what a source says alike of many addresses. Texts are the source's own; "" where it
// says nothing.
type Claim struct {
	Edition    *Edition
	Actor      string   // id in an ActorPack
	ActorName  string   // of that actor; "" where no ActorPack at hand knows the id
	OfActor    []string // the categories of that actor; none where no ActorPack knows it
	Category   string   // what it is, in the source's words
	Abuse      string   // what it did
	Concepts   []string // more of both
	Kind       Kind     // derived by us from the three, else from the actor's categories
	Source     string   // where the claim was found: URI, or words
	Confidence string   // word or number
	// ClusterDefiner is "true" where the source means the whole cluster of the address, "false"
	// where the address alone, "" where it does not say.
	ClusterDefiner string
	Asset          string // the source's word for the coin or token: BTC, XBT, USDT
	Network        string // and for the network, where it gives both
	// LastMod is when the source last changed the claim; ValidFrom and ValidTo when it says that
	// what it claims began and ended (the end is excluded). Zero where it does not say.
	LastMod, ValidFrom, ValidTo time.Time
}

// Label is one claim about one address.
type Label struct {
	*Claim                 // shared with other labels: never written to
	Chain   chains.Chain   // "" on a chain that this program does not know
	Foreign string         // then the source's word for that chain: XMR
	Address chains.Address // on such a chain the text as written
	Text    string         // who or what it is said to be
	Context string         // what else the source says of this address

	// Since is when the claim was made first as far as is known, Until when its source stopped
	// making it (an edition without it, or the end of what it claims); zero: it still does.
	Since, Until time.Time

	// The pack in which it stands, and as which label. There the address as written is "" where the
	// codec writes it so, and lowered where it is that in lower case; the raw text has placeholder in
	// its place.
	pack  *Pack
	entry int
}

const (
	lowered     = "\x01"
	placeholder = "\x00"
)

// Written returns the address as the source writes it.
func (l *Label) Written(c Codec) string {
	if l.Chain == "" {
		return string(l.Address)
	}
	switch text := l.pack.textAt(l.pack.entries[l.entry].written); text {
	case "":
		return c.FormatAddress(l.Chain, l.Address)
	case lowered:
		return strings.ToLower(c.FormatAddress(l.Chain, l.Address))
	default:
		return text
	}
}

// Raw returns the source's own entry, without the line breaks around it.
func (l *Label) Raw(c Codec) string {
	return strings.ReplaceAll(l.pack.textAt(l.pack.entries[l.entry].raw), placeholder, l.Written(c))
}

// Actor is somebody whom an ActorPack describes.
type Actor struct {
	ID            string
	Label         string
	URI           string
	Categories    []string
	Jurisdictions []string
	Aliases       []string
	Raw           string // the pack's own entry
}
