package screen

import "clew/labels"

// CategoryOf derives the category of a label from its source's words.
func CategoryOf(l *labels.Label) Category {
	switch l.Kind {
	case labels.Service:
		return Service
	case labels.Mixer:
		return Mixer
	case labels.Bridge:
		return Bridge
	case labels.Pool, labels.Contract:
		return Contract
	case labels.Sanctioned:
		return Sanctioned
	case labels.Theft:
		return Stolen
	case labels.Scam:
		return Fraud
	case labels.Ransomware:
		return Ransomware
	}
	return Other
}

// CategoriesSHA256 is the hash, hex, of the table by which words of sources become categories.
func CategoriesSHA256() string { return "" }
