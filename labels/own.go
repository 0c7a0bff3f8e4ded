package labels

import "time"

// OwnTitle is the title under which the labels stand that whoever uses the program makes.
const OwnTitle = "own labels"

// OwnLabel is a label that whoever uses the program makes.
type OwnLabel struct {
	Address    string // as written
	Chain      string // its name, or a source's word for one
	Text       string
	Category   string
	Abuse      string
	Actor      string
	Source     string
	Context    string
	Confidence string
	Made       time.Time // when it was made
	ValidFrom  time.Time // what it claims began then; zero: not said
	ValidTo    time.Time // and ended then
}

// Own makes an edition of the labels that whoever uses the program makes: all that are to count
// from o.Edition.Retrieved on.
func Own(list []OwnLabel, o Options) (*Pack, Report, error) {
	e := o.Edition
	e.Form, e.Title = FormOwn, OwnTitle
	b := newBuilder(o.Codec, e)
	for i, l := range list {
		t := TableOptions{Options: o}
		c := t.claim(l.Chain)
		c.Category, c.Abuse, c.Actor, c.Source, c.Confidence = l.Category, l.Abuse, l.Actor, l.Source, l.Confidence
		c.LastMod, c.ValidFrom, c.ValidTo = l.Made, l.ValidFrom, l.ValidTo
		b.add(&said{claim: c, address: l.Address, text: l.Text, context: l.Context, line: i + 1})
	}
	return b.pack()
}

// AsOwn returns a label as Own takes it.
func AsOwn(l *Label, codec Codec) OwnLabel {
	chain := string(l.Chain)
	if chain == "" {
		chain = l.Foreign
	}
	return OwnLabel{
		Address: l.Written(codec), Chain: chain, Text: l.Text, Category: l.Category, Abuse: l.Abuse, Actor: l.Actor, Source: l.Source,
		Context: l.Context, Confidence: l.Confidence, Made: l.LastMod, ValidFrom: l.ValidFrom, ValidTo: l.ValidTo,
	}
}
