package exhibit_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// written makes the exhibit of a trace and returns its texts by name.
func written(t *testing.T, trace *tracer.Trace, opt exhibit.Options) (dir string, texts map[string]string, names []string) {
	t.Helper()
	dir, texts = t.TempDir(), map[string]string{}
	names, err := exhibit.Write(t.Context(), trace, nil, dir, opt)
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, ".txt") {
			text, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			texts[name] = string(text)
		}
	}
	return dir, texts, names
}

func onlyLetters() exhibit.Options { return exhibit.Options{Letters: true, Only: []string{"graphml"}} }

// sentToService is a trace with an endpoint at an address that is claimed to be a service's, which
// change may change.
func sentToService(t *testing.T, change func(*tracer.Endpoint)) *tracer.Trace {
	t.Helper()
	trace, _ := ten().finish(t)
	trace.Incident.Synthetic = false
	e := atService(t, oneSeed(trace))
	for i := range trace.Nodes {
		if n := &trace.Nodes[i]; n.ID == e.Node {
			n.Entity, n.Label = "Kraken-ähnlich GmbH", "hot wallet (somebody's list, 2020-01-01)"
		}
	}
	change(e)
	return trace
}

const letterFile = "letters/01-kraken-hnlich-gmbh.txt"

func TestLetterToAService(t *testing.T) {
	trace := sentToService(t, func(*tracer.Endpoint) {})
	_, none, names := written(t, trace, exhibit.Options{Only: []string{"graphml"}})
	require.Empty(t, none, "letters are never written unasked: %v", names)

	_, texts, names := written(t, trace, onlyLetters())
	require.Contains(t, names, strings.TrimSuffix(letterFile, "txt")+"pdf")
	text := texts[letterFile]
	require.NotEmpty(t, text, "%v", names)
	words := strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"DRAFT, written by a program", "The customer may be innocent.", "Kraken-ähnlich GmbH",
		"That the address is a service’s is claimed (schedule D says by whom).", "[____ signature]", "[____ statute, order, warrant or request",
		"[ ] Preserve every record", "[ ] Hold (freeze) on that account", "Step 1 (hop ", "since 2019-", "identification that was made (KYC)", "IP addresses", "withdrawals since ",
		"Annex 1: what came to the address", "fifo: ", "(declared)", "poison: ", "(contact, not a share)",
	} {
		require.Contains(t, words, want)
	}
	require.NotContains(t, text, "REPLICA")
	require.Less(t, strings.Index(text, "What is asked"), strings.Index(text, "[____ signature]"), "what is asked is found before the lists")
	require.Less(t, strings.Index(text, "[____ signature]"), strings.Index(text, "Annex 1"))
	require.Less(t, strings.Index(text, "Annex 1"), strings.Index(text, "Step 1 (hop "))
	var service *tracer.Endpoint
	for i := range trace.Endpoints {
		if trace.Endpoints[i].Reason == tracer.ReasonService {
			service = &trace.Endpoints[i]
		}
	}
	lines := strings.Split(text, "\n")
	require.True(t, hasLine(lines, service.TxID.String()), "a hash stands whole in one line")
	require.Contains(t, words, service.Units.String()+" units")
	require.Contains(t, texts["letters/00-overview.txt"], "01-kraken-hnlich-gmbh\n  to     Kraken-ähnlich GmbH")
}

func hasLine(lines []string, part string) bool {
	for _, l := range lines {
		if strings.Contains(l, part) {
			return true
		}
	}
	return false
}

// A letter asks to hold something only where an accounting rule leads there by more than a guess.
func TestLetterAsksToHoldOnlyWhatIsFirm(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*tracer.Endpoint)
		says   string // a caveat; "" where the letter asks to hold
	}{
		{"a rule", func(*tracer.Endpoint) {}, ""},
		{"an adopted candidate", func(e *tracer.Endpoint) { moveBasis(e, tracer.Adopted) }, "reached only through a candidate that the analyst adopted"},
		{"an inference", func(e *tracer.Endpoint) { moveBasis(e, tracer.Inference) }, "reached only through a link that a heuristic infers"},
		{"poison alone", func(e *tracer.Endpoint) {
			for _, r := range tracer.Rules() {
				if r.Conserves() {
					e.Traced.Value[r] = chains.Amount{}
				}
			}
			e.Range = tracer.Range{}
		}, "Poison alone leads here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, texts, _ := written(t, sentToService(t, c.change), onlyLetters())
			words := strings.Join(strings.Fields(texts[letterFile]), " ")
			if c.says == "" {
				require.Contains(t, words, "Hold (freeze)")
				require.NotContains(t, texts["letters/00-overview.txt"], "  but ")
				return
			}
			require.Contains(t, words, c.says)
			require.Contains(t, words, "This letter does not ask to hold funds")
			require.NotContains(t, words, "Hold (freeze)")
			require.Contains(t, texts["letters/00-overview.txt"], "  but ")
		})
	}
}

// Where a heuristic alone takes an address for a service's, nothing is to be held, and nobody is named.
func TestLetterOfAnInferredServiceAsksForRecords(t *testing.T) {
	trace := replica(t).Trace
	_, texts, names := written(t, trace, onlyLetters())
	inferred := 0
	for name, text := range texts {
		words := strings.Join(strings.Fields(text), " ")
		if !strings.Contains(words, "deposit address is what a heuristic infers") {
			continue
		}
		inferred++
		require.Contains(t, name, "a-service-nobody-has-named")
		require.Contains(t, words, "where nobody can say, there is nobody to send this to")
		require.Contains(t, words, "This letter does not ask to hold funds")
		require.NotContains(t, words, "Hold (freeze)")
		list := texts["letters/00-overview.txt"]
		_, of, ok := strings.Cut(list, strings.TrimSuffix(strings.TrimPrefix(name, "letters/"), ".txt"))
		require.True(t, ok, list)
		require.Contains(t, strings.Join(strings.Fields(of[:strings.Index(of+"\n\n", "\n\n")]), " "), "but no list names the address")
	}
	require.Positive(t, inferred, "%v", names)
}

// moveBasis makes all of an endpoint's amounts rest on one basis.
func moveBasis(e *tracer.Endpoint, to tracer.Basis) {
	for _, r := range tracer.Rules() {
		whole, _ := e.Traced.Get(r)
		var split tracer.BasisSplit
		split.Parts[to] = whole
		e.ByBasis.Value[r] = split
	}
}

// What a replica's letters say, on paper too, is that they are not to be sent.
func TestReplicaLettersAreNotToBeSent(t *testing.T) {
	trace := sentToService(t, func(*tracer.Endpoint) {})
	trace.Incident.Synthetic = true
	dir, texts, names := written(t, trace, onlyLetters())
	for name, text := range texts {
		require.Contains(t, strings.Join(strings.Fields(text), " "), "NOT TO BE SENT, NOT TO BE SIGNED", name)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("there is no pdftotext here")
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".pdf") {
			continue
		}
		out, err := exec.CommandContext(t.Context(), tool, filepath.Join(dir, name), "-").Output()
		require.NoError(t, err)
		require.Contains(t, strings.Join(strings.Fields(string(out)), " "), "NOT TO BE SENT, NOT TO BE SIGNED", name)
	}
}

func TestCertificatesAreDraftsWithBlanks(t *testing.T) {
	trace, _ := ten().finish(t)
	when := "2026-01-02T00:00:00Z"
	trace.Incident.FirstLogged, trace.Tool = &when, tracer.Tool{Version: "v9.9", Commit: "c0ffee"}
	trace.Inputs.Recording = &tracer.Input{SHA256: strings.Repeat("ab", 32), Coverage: "extract"}
	trace.Incident.Earlier = []tracer.Declaration{{SHA256: "0a", When: "2026-01-01T00:00:00Z", Rule: "lifo", Accounts: "output"}}
	x, err := exhibit.New(t.Context(), trace, nil, exhibit.Options{})
	require.NoError(t, err)
	_, texts, names := written(t, trace, onlyLetters())
	for _, name := range []string{"certificate_902_13", "certificate_902_14"} {
		require.Contains(t, names, name+".pdf")
		words := strings.Join(strings.Fields(texts[name+".txt"]), " ")
		for _, want := range []string{"DRAFT", "have a lawyer read this", "The program signs nothing", "[____ signature]", "[____ name]", x.SHA256, "clew v9.9, commit c0ffee",
			trace.Incident.SHA256, trace.AsOf[0].Hash.String(), "902(11)", "28 U.S.C. § 1746"} {
			require.Contains(t, words, want, name)
		}
	}
	process := strings.Join(strings.Fields(texts["certificate_902_13.txt"]), " ")
	copies := strings.Join(strings.Fields(texts["certificate_902_14.txt"]), " ")
	require.Contains(t, copies, "recording.json and objects.zip of each recording, with their folders: [____ the SHA-256 of each]", "the trace alone does not tell")
	require.Contains(t, copies, "(double SHA-256 of its header): "+trace.AsOf[0].Hash.String(), "a block's hash is of no file")
	before, _, _ := strings.Cut(copies, "5. The blocks")
	require.NotContains(t, before, trace.AsOf[0].Hash.String())
	require.Contains(t, process, "the trace dates the file's first declaration "+when+", by the log of whoever made it or by the recording")
	require.Contains(t, process, "rule lifo with pots output was declared under the same id")
	require.Contains(t, process, "clew trace incident.yaml --rpc recording:recording --out again")

	require.Contains(t, process, strings.Repeat("ab", 32))

	alone, _ := three().finish(t)
	alone.Tool = tracer.Tool{Version: "unknown", Commit: "unknown"}
	_, texts, _ = written(t, alone, onlyLetters())
	require.NotContains(t, texts["certificate_902_13.txt"], "unknown")
	require.Contains(t, strings.Join(strings.Fields(texts["certificate_902_13.txt"]), " "), "whose version was not recorded when it was built [____ state it")
	require.Contains(t, texts["letters/00-overview.txt"], "None of the traced value was seen to reach a known service.")
}

// The issuer of a token is asked about what addresses hold of it, by name where the contract is known,
// and not at all where nobody can hold it.
func TestLetterToAnIssuer(t *testing.T) {
	for _, c := range []struct{ name, contract, to string }{
		{"known", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "Circle (issuer of USDC)"},
		{"not known", "0x1111111111111111111111111111111111111111", "[____ name of the issuer of the token"},
		{"nobody can hold it", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, texts, _ := written(t, heldToken(t, c.contract), onlyLetters())
			if c.to == "" {
				require.Len(t, texts, 3, "overview and certificates")
				return
			}
			require.Len(t, texts, 4)
			for name, text := range texts {
				if !strings.HasPrefix(name, "letters/01-") {
					continue
				}
				words := strings.Join(strings.Fields(text), " ")
				require.Contains(t, words, c.to)
				require.Contains(t, words, "Contract: "+c.contract)
				require.Contains(t, words, "The holder of an address may be innocent.")
				require.Contains(t, words, "Hold it at the addresses of annex 1, up to")
			}
		})
	}
}

// heldToken is a trace that ends with a token of ethereum, whose contract is given, at an address.
func heldToken(t *testing.T, contract string) *tracer.Trace {
	t.Helper()
	b := newBooks("held")
	coin := asset{"ethereum", "COIN"}
	b.claim("ethereum", "COIN", "COIN", 18)
	b.seed("V1", coin, "first", 5_000)
	b.pay(coin, "first", "second", 4_000, tracer.NodeAddress)
	trace, _ := b.finish(t)
	text, err := json.Marshal(trace)
	require.NoError(t, err)
	text = []byte(strings.ReplaceAll(string(text), string(b.named(coin)), contract))
	out := &tracer.Trace{}
	require.NoError(t, json.Unmarshal(text, out))
	return out
}
