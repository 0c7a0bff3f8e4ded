package labels_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/labels"
)

func TestList(t *testing.T) {
	o := options("addresses_XBT.txt", "2024-09-01")
	o.Text, o.Category = "listed", "sanction"
	p, r, err := labels.Read(strings.NewReader("\ufeff# a list\n"+genesis+"\n\n"+second+"\tthe second one\r\nnonsense\n"), "", o)
	require.NoError(t, err)
	require.Equal(t, 2, p.Len())
	require.Equal(t, []labels.Refusal{{Line: 5, Address: "nonsense", Why: r.Refused[0].Why}}, r.Refused)
	s := set(t, p)
	l := s.Lookup("bitcoin", key(t, "bitcoin", genesis), time.Time{})[0]
	require.Equal(t, "listed", l.Text)
	require.Equal(t, labels.Sanctioned, l.Kind)
	require.Equal(t, "addresses_XBT", l.Edition.Title)
	require.Equal(t, "the second one", s.Lookup("bitcoin", key(t, "bitcoin", second), time.Time{})[0].Text)
}

// The name of the chain wins over the file's; without both nothing is guessed.
func TestListChain(t *testing.T) {
	for _, c := range []struct {
		name, chain, file, address string
		on                         chains.Chain
		foreign                    string
	}{
		{"by the file", "", "sanctioned_ETH.txt", account, "ethereum", ""},
		{"by the option", "polygon", "sanctioned_ETH.txt", account, "polygon", ""},
		{"one that has no short name", "eip155:61", "x.txt", account, "eip155:61", ""},
		{"a coin that is not known", "", "sanctioned_XMR.txt", "49HqitRzdnhYjgTEAhgGpCfsjdTeMbUTU6cyR4JV1R7k2Eej9rGT8JpFiYDa4tZM6RZiFrHmMzgSrhHEqpDYKBe5B2ufNsL", "", "XMR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(c.file, "2024-09-01")
			o.Chain = c.chain
			s := set(t, read(t, c.address+"\n", o))
			if c.on == "" {
				require.Equal(t, c.foreign, s.Elsewhere(c.address)[0].Foreign)
				return
			}
			require.Len(t, s.Lookup(c.on, key(t, c.on, c.address), time.Time{}), 1)
			for _, in := range chains.Known() {
				if a, err := (families{}).ParseAddress(in.Name, c.address); err == nil && in.Name != c.on {
					require.Empty(t, s.Lookup(in.Name, a, time.Time{}), in.Name)
				}
			}
		})
	}
	_, _, err := labels.Read(strings.NewReader(genesis), "", options("my-list.txt", "2024-09-01"))
	require.ErrorIs(t, err, labels.ErrForm)
	require.ErrorContains(t, err, "on which chain")
}

func TestCSV(t *testing.T) {
	data, err := os.ReadFile("../testdata/labels/etherscan.csv")
	require.NoError(t, err)
	o := options("etherscan.csv", "2024-09-01")
	o.Chain = "ethereum"
	p, r, err := labels.Read(bytes.NewReader(data), "", o)
	require.NoError(t, err)
	require.Equal(t, labels.FormCSV, p.Edition().Form)
	require.Len(t, r.Refused, 1)
	require.Equal(t, 5, r.Refused[0].Line)
	s := set(t, p)
	l := s.Lookup("ethereum", key(t, "ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), time.Time{})[0]
	require.Equal(t, "Example Exploiter 1", l.Text)
	require.Equal(t, labels.Theft, l.Kind)
	require.Equal(t, "with a comma, and\na second line", l.Context)
	require.Equal(t, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed,Example Exploiter 1,exploit,\"with a comma, and\na second line\"", l.Raw(families{}))
	l = s.Lookup("ethereum", key(t, "ethereum", "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"), time.Time{})[0]
	require.Equal(t, "phish-hack", l.Text, "what it is called where it has no name")
	require.Equal(t, labels.Scam, l.Kind)
	require.Equal(t, "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359", l.Written(families{}))
}

func TestCSVShapes(t *testing.T) {
	const creator = "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"
	for _, c := range []struct {
		name, text string
		columns    map[string]string
		text1      string
		kind       labels.Kind
	}{
		{"banned", "banned_address,wallet_tag,data_source\n" + account + ",Fake_Phishing1,etherscan-phish-hack-list\n", nil, "Fake_Phishing1", labels.Scam},
		{"phishing", "address,etherscan_tag,etherscan_labels,is_contract\n" + account + ",Fake_Phishing2,phish-hack,False\n", nil, "Fake_Phishing2", labels.Scam},
		{"contracts", "contract_address,contract_tag,contract_creator,contract_creation_tx,contract_creator_tag,source,notes,contract_creator_etherscan_label\n" + account + ",Exploiter: Contract," + creator + ",0x00,Exploiter 2,a table,,heist\n", nil, "Exploiter: Contract", labels.Theft},
		{"semicolons", "Adresse;Wer;Was\n" + account + ";Somebody;exchange\n", map[string]string{"address": "Adresse", "label": "Wer", "category": "Was"}, "Somebody", labels.Service},
		{"a chain of its own", "address\tlabel\tchain\n" + account + "\tx\tethereum\n", nil, "x", labels.Other},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options("t.csv", "2024-09-01")
			o.Chain, o.Columns = "ETH", c.columns
			s := set(t, read(t, c.text, o))
			l := s.Lookup("ethereum", key(t, "ethereum", account), time.Time{})[0]
			require.Equal(t, c.text1, l.Text)
			require.Equal(t, c.kind, l.Kind)
			if by := s.Lookup("ethereum", key(t, "ethereum", creator), time.Time{}); c.name == "contracts" {
				require.Equal(t, "Exploiter 2", by[0].Text)
				require.Equal(t, "created the contract "+account, by[0].Context)
			} else {
				require.Empty(t, by)
			}
		})
	}
}

func TestCSVErrors(t *testing.T) {
	for _, c := range []struct {
		name, text, chain, want string
		columns                 map[string]string
	}{
		{"no addresses", "who,what\nx,y\n", "ETH", "none of its columns", nil},
		{"no chain", "address,label\n" + account + ",x\n", "", "on which chain", nil},
		{"a column that is not there", "address,label\n", "ETH", `no column "wallet"`, map[string]string{"address": "wallet"}},
		{"a role that is none", "address,label\n", "ETH", `no role "wallet"`, map[string]string{"wallet": "address"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options("t.csv", "2024-09-01")
			o.Chain, o.Columns = c.chain, c.columns
			_, _, err := labels.Read(strings.NewReader(c.text), labels.FormCSV, o)
			require.ErrorIs(t, err, labels.ErrForm)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestReadUnpacksGzip(t *testing.T) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(genesis + "\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	p := read(t, out.String(), options("a_BTC.txt.gz", "2024-09-01"))
	require.Equal(t, "a_BTC.txt", p.Edition().File)
	require.Equal(t, 1, p.Len())
}
