package tracer

// Case says how what is made from a trace is headed in a proceeding. Who offers it fills it in: in
// the incident (case:), in a file of its own or by flags. It changes no amount and stands outside of
// a trace's id. The zero value heads nothing.
type Case struct {
	Court   string   `json:"court,omitempty" yaml:"court"`     // "UNITED STATES DISTRICT COURT, NORTHERN DISTRICT OF GEORGIA"
	Docket  string   `json:"docket,omitempty" yaml:"docket"`   // number of the case
	Caption []string `json:"caption,omitempty" yaml:"caption"` // the parties, a line each
	Exhibit string   `json:"exhibit,omitempty" yaml:"exhibit"` // on the sticker: "Government Exhibit 12"
	// BatesPrefix and BatesStart number each page: ABC000123. A start of 0 numbers none.
	BatesPrefix string `json:"bates_prefix,omitempty" yaml:"bates_prefix"`
	BatesStart  int    `json:"bates_start,omitempty" yaml:"bates_start"`
	// Offered says as what: a summary of voluminous records (Federal Rule of Evidence 1006), an
	// illustrative aid (107), or "" where that is left open, which is printed too.
	Offered    Offered `json:"offered,omitempty" yaml:"offered"`
	PreparedBy string  `json:"prepared_by,omitempty" yaml:"prepared_by"`
	Paper      string  `json:"paper,omitempty" yaml:"paper"` // "letter" (also where empty) or "a4"
}

// Offered is as what an exhibit is offered.
type Offered string

// The ways to offer an exhibit.
const (
	OfferedSummary Offered = "summary" // Federal Rule of Evidence 1006
	OfferedAid     Offered = "aid"     // Federal Rule of Evidence 107
)

// Declaration is an entry of the log about an incident of the same id.
type Declaration struct {
	SHA256   string `json:"sha256"`   // of the incident file
	When     string `json:"when"`     // RFC 3339, when it was first logged
	Rule     string `json:"rule"`     // the rule that it declared
	Accounts string `json:"accounts"` // its pots
}
