package labels

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// What OFAC publishes as sdn_advanced.xml is the sanctions standard of 2011 (UN 1267/1988 model):
// reference values give ids their words, distinct parties have features, and entries say when a
// party was listed, and under which programme. Of features only those count whose type's word
// begins as below; what follows is the code of the coin.
const ofacAddress = "Digital Currency Address"

// OFAC reads sdn_advanced.xml, or the consolidated list of the same form, as a stream: memory
// is in proportion to the parties with an address. Each address becomes a label with the party's
// first name as text, its programmes as concepts, its listing as ValidFrom, and its delisting,
// or the end of the feature, as ValidTo. A party that was listed again is a label for each time that
// it was on the list without a break, by whichever entries. Codes of coins that the program does not know keep their
// addresses under the code.
func OFAC(in io.Reader, o Options) (*Pack, Report, error) {
	e := o.Edition
	e.Form = FormOFAC
	e.Retrieved = cmp.Or(e.Retrieved, o.Today)
	if e.Title == "" {
		e.Title = "OFAC SDN list"
	}
	if e.Creator == "" {
		e.Creator = "Office of Foreign Assets Control"
	}
	p := &ofac{d: xml.NewDecoder(in), words: map[string]map[string]string{}, listed: map[string][]ofacSpan{}}
	if err := p.read(); err != nil {
		line, _ := p.d.InputPos()
		return nil, Report{}, fmt.Errorf("%w: sdn_advanced.xml, line %d: %w", ErrForm, line, err)
	}
	e.Dated = p.issued
	if o.sum != nil {
		var err error
		if e.SHA256, err = o.sum(); err != nil {
			return nil, Report{}, err
		}
	}
	b := newBuilder(o.Codec, e)
	for i := range p.parties {
		b.party(&p.parties[i], p)
	}
	return b.pack()
}

// ofac is the state of a pass through the file.
type ofac struct {
	d       *xml.Decoder
	issued  time.Time
	words   map[string]map[string]string // element, id: what it means
	parties []ofacParty
	listed  map[string][]ofacSpan // by profile, as its entries have it
}

// ofacParty is a profile with addresses.
type ofacParty struct {
	profile, name, kind string
	features            []ofacFeature
}

type ofacFeature struct {
	typeID, address, raw string
	from, to             time.Time
	line                 int
}

// ofacSpan is a time on the list: from listed on, before delisted; zero: not said.
type ofacSpan struct {
	listed, delisted time.Time
	programmes       []string
}

// unbroken puts spans that overlap or meet together, and returns them in order of time. None: one
// without dates, since whom a list names is on it.
func unbroken(spans []ofacSpan) []ofacSpan {
	if len(spans) == 0 {
		return []ofacSpan{{}}
	}
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(x, y ofacSpan) int { return x.listed.Compare(y.listed) })
	out := spans[:1]
	for _, s := range spans[1:] {
		last := &out[len(out)-1]
		if !last.delisted.IsZero() && last.delisted.Before(s.listed) {
			out = append(out, s)
			continue
		}
		if s.delisted.IsZero() || !last.delisted.IsZero() && s.delisted.After(last.delisted) {
			last.delisted = s.delisted
		}
		last.programmes = slices.Clone(last.programmes)
		for _, code := range s.programmes {
			if !slices.Contains(last.programmes, code) {
				last.programmes = append(last.programmes, code)
			}
		}
	}
	return out
}

// referenceSets are the sets of words that are used.
var referenceSets = []string{"FeatureType", "EntryEventType", "SanctionsType", "PartySubType"}

func (p *ofac) read() error {
	found := false
	for {
		token, err := p.d.Token()
		if errors.Is(err, io.EOF) {
			if !found {
				return errors.New("it has no DistinctParties")
			}
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := start.Name.Local; {
		case name == "DateOfIssue":
			var d ofacDate
			if err := p.d.DecodeElement(&d, &start); err != nil {
				return err
			}
			p.issued = d.time()
		case slices.Contains(referenceSets, name):
			err = p.word(&start)
		case name == "DistinctParty":
			err = p.party(&start)
		case name == "SanctionsEntry":
			err = p.entry(&start)
		case name == "Locations" || name == "IDRegDocuments" || name == "ProfileRelationships":
			err = p.d.Skip()
		case name == "DistinctParties":
			found = true
		}
		if err != nil {
			return err
		}
	}
}

// word reads an element whose text is what its ID means.
func (p *ofac) word(start *xml.StartElement) error {
	var w struct {
		ID   string `xml:"ID,attr"`
		Text string `xml:",chardata"`
	}
	if err := p.d.DecodeElement(&w, start); err != nil {
		return err
	}
	set := p.words[start.Name.Local]
	if set == nil {
		set = map[string]string{}
		p.words[start.Name.Local] = set
	}
	set[w.ID] = strings.TrimSpace(w.Text)
	return nil
}

type ofacDate struct {
	Year  int `xml:"Year"`
	Month int `xml:"Month"`
	Day   int `xml:"Day"`
}

func (d *ofacDate) time() time.Time {
	if d == nil || d.Year == 0 {
		return time.Time{}
	}
	return time.Date(d.Year, time.Month(max(d.Month, 1)), max(d.Day, 1), 0, 0, 0, 0, time.UTC)
}

// ofacBoundary is a date of which the list may know only between which days it lies.
type ofacBoundary struct {
	From ofacDate `xml:"From"`
	To   ofacDate `xml:"To"`
}

type ofacVersion struct {
	Period *struct {
		Start ofacBoundary `xml:"Start"`
		End   ofacBoundary `xml:"End"`
	} `xml:"DatePeriod"`
	Details []string `xml:"VersionDetail"`
	Raw     string   `xml:",innerxml"`
}

type ofacProfile struct {
	ID         string `xml:"ID,attr"`
	SubType    string `xml:"PartySubTypeID,attr"`
	Identities []struct {
		Aliases []struct {
			Primary bool `xml:"Primary,attr"`
			Names   []struct {
				Parts []string `xml:"DocumentedNamePart>NamePartValue"`
			} `xml:"DocumentedName"`
		} `xml:"Alias"`
	} `xml:"Identity"`
	Features []struct {
		Type     string        `xml:"FeatureTypeID,attr"`
		Versions []ofacVersion `xml:"FeatureVersion"`
		Raw      string        `xml:",innerxml"`
	} `xml:"Feature"`
}

func (p *ofac) party(start *xml.StartElement) error {
	line, _ := p.d.InputPos()
	var party struct {
		Profiles []ofacProfile `xml:"Profile"`
	}
	if err := p.d.DecodeElement(&party, start); err != nil {
		return err
	}
	for i := range party.Profiles {
		profile := &party.Profiles[i]
		out := ofacParty{profile: profile.ID, name: profile.name(), kind: p.words["PartySubType"][profile.SubType]}
		for _, f := range profile.Features {
			if !strings.HasPrefix(p.words["FeatureType"][f.Type], ofacAddress) {
				continue
			}
			for _, v := range f.Versions {
				for _, text := range v.Details {
					feature := ofacFeature{typeID: f.Type, address: strings.TrimSpace(text), raw: squeezed(f.Raw), line: line}
					if v.Period != nil {
						feature.from, feature.to = v.Period.Start.From.time(), v.Period.End.To.time()
					}
					out.features = append(out.features, feature)
				}
			}
		}
		if len(out.features) > 0 {
			p.parties = append(p.parties, out)
		}
	}
	return nil
}

// name returns the first name of the profile: of its primary alias where one is marked so.
func (p *ofacProfile) name() string {
	first := ""
	for _, identity := range p.Identities {
		for _, alias := range identity.Aliases {
			for _, name := range alias.Names {
				text := strings.Join(name.Parts, " ")
				if alias.Primary && text != "" {
					return text
				}
				if first == "" {
					first = text
				}
			}
		}
	}
	return first
}

func (p *ofac) entry(start *xml.StartElement) error {
	var in struct {
		Profile string `xml:"ProfileID,attr"`
		Events  []struct {
			Type string   `xml:"EntryEventTypeID,attr"`
			Date ofacDate `xml:"Date"`
		} `xml:"EntryEvent"`
		Measures []struct {
			Type    string `xml:"SanctionsTypeID,attr"`
			Comment string `xml:"Comment"`
		} `xml:"SanctionsMeasure"`
	}
	if err := p.d.DecodeElement(&in, start); err != nil {
		return err
	}
	var programmes []string
	for _, m := range in.Measures {
		if word := p.words["SanctionsType"][m.Type]; word == "Program" || word == "" {
			if code := strings.TrimSpace(m.Comment); code != "" && !slices.Contains(programmes, code) {
				programmes = append(programmes, code)
			}
		}
	}
	var events []ofacEvent
	for _, event := range in.Events {
		switch word := p.words["EntryEventType"][event.Type]; {
		case slices.Contains([]string{"Created", "Added", "Listed"}, word):
			events = append(events, ofacEvent{event.Date.time(), true})
		case slices.Contains([]string{"Deleted", "Removed", "Delisted"}, word):
			events = append(events, ofacEvent{event.Date.time(), false})
		}
	}
	for _, span := range spansOf(events) {
		span.programmes = programmes
		p.listed[in.Profile] = append(p.listed[in.Profile], span)
	}
	return nil
}

// ofacEvent puts an entry on the list, or takes it off.
type ofacEvent struct {
	at time.Time
	on bool
}

// spansOf returns when an entry was in force: it may be taken off and put on again. Of events
// of one day the order of the file counts.
func spansOf(events []ofacEvent) []ofacSpan {
	slices.SortStableFunc(events, func(x, y ofacEvent) int { return x.at.Compare(y.at) })
	spans, open := []ofacSpan{{}}, true // in force since nobody says when, until an event says more
	for i, e := range events {
		last := &spans[len(spans)-1]
		switch {
		case e.on && i == 0:
			last.listed = e.at
		case e.on && !open:
			spans, open = append(spans, ofacSpan{listed: e.at}), true
		case !e.on && open:
			last.delisted, open = e.at, false
		case !e.on:
			last.delisted = e.at
		}
	}
	return spans
}

// party adds the addresses of a party.
func (b *builder) party(party *ofacParty, p *ofac) {
	spans := unbroken(p.listed[party.profile])
	for _, f := range party.features {
		code := strings.TrimLeft(strings.TrimPrefix(p.words["FeatureType"][f.typeID], ofacAddress), " -")
		context := party.kind
		if context != "" {
			context += ", "
		}
		l := said{address: f.address, text: party.name, context: context + "profile " + party.profile, raw: f.raw, line: f.line}
		l.claim = Claim{Category: "sanction", Asset: code, Source: b.edition.Source, Confidence: "authority_data"}
		some := false
		for _, span := range spans {
			c := &l.claim
			c.Concepts, c.ValidFrom, c.ValidTo = span.programmes, span.listed, span.delisted
			if f.from.After(c.ValidFrom) {
				c.ValidFrom = f.from
			}
			if !f.to.IsZero() && (c.ValidTo.IsZero() || f.to.Before(c.ValidTo)) {
				c.ValidTo = f.to
			}
			if c.ValidTo.IsZero() || c.ValidFrom.Before(c.ValidTo) {
				b.add(&l)
				some = true
			}
		}
		if !some {
			b.report.refuse(f.line, f.address, errors.New("at no time was the party on the list and the address its own"))
		}
	}
}

// squeezed returns XML without the white space between its elements.
func squeezed(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "> <", "><")
}
