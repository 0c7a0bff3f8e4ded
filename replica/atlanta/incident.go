package atlanta

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed incident.yaml.tmpl
var incidentText string

// named are the accounts that an analyst of this case would name: what is known of the bridge from
// its documents, and which wallets are the exchange's own. Its deposit addresses are for the trace to find.
var named = []struct{ chain, name, kind, entity, protocol string }{
	{"polygon", "bridge", "bridge", "REPLICA bridge", "nomad"},
	{"bsc", "bridge", "bridge", "REPLICA bridge", "nomad"},
	{"polygon", "exchange.hot", "service", "REPLICA exchange", ""},
	{"bsc", "exchange.hot", "service", "REPLICA exchange", ""},
	{"polygon", "exchange.ops", "service", "REPLICA exchange", ""},
}

// adopted are the notes of the run that the incident adopts.
var adopted = []string{"a1", "a2", "a3", "a4", "a5"}

type knownLine struct{ Chain, Address, Kind, Entity, Protocol, Source string }

// Incident returns the incident file of the case.
func (p *Play) Incident() ([]byte, error) {
	data := struct {
		Notice string
		Stolen []Stolen
		Known  []knownLine
		Adopt  []*Mixed
	}{Notice: strings.TrimSpace(Notice), Stolen: p.Truth.Stolen}
	for _, n := range named {
		at, err := p.Chains[n.chain].place(n.name)
		if err != nil {
			return nil, fmt.Errorf("incident: %w", err)
		}
		data.Known = append(data.Known, knownLine{n.chain, at.Hex(), n.kind, n.entity, n.protocol, "REPLICA ground truth (truth.json)"})
	}
	for _, name := range adopted {
		n := p.notes[name]
		if n == nil || n.mixed == nil || n.mixed.Withdrawal == nil {
			return nil, fmt.Errorf("incident: deposit %q was never withdrawn", name)
		}
		data.Adopt = append(data.Adopt, n.mixed)
	}
	parsed, err := template.New("incident").Parse(incidentText)
	if err != nil {
		return nil, fmt.Errorf("incident: %w", err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("incident: %w", err)
	}
	return out.Bytes(), nil
}
