package bitcoin

import (
	"crypto/sha256"

	"clew/chains"
)

// The first byte of an address key says what the rest is. The values are stored; they are
// never renumbered.
//
//	kind           payload                              length of the key
//	1 P2PKH        HASH160 of the public key            21
//	2 P2SH         HASH160 of the redeem script         21
//	3 P2WPKH       HASH160 of the public key            21
//	4 P2WSH        SHA-256 of the witness script        33
//	5 P2TR         x-only output key                    33
//	6 witness      version (1 to 16), program           4 to 42
//	7 P2PK         public key as pushed                 34 or 66
//	8 script       SHA-256 of the output script         33
//	9 P2SH32       HASH256 of the redeem script         33
const (
	kindP2PKH   = 1
	kindP2SH    = 2
	kindP2WPKH  = 3
	kindP2WSH   = 4
	kindP2TR    = 5
	kindWitness = 6
	kindP2PK    = 7
	kindScript  = 8
	kindP2SH32  = 9
)

const (
	op0             = 0x00
	opPush1         = 0x01
	opPush20        = 0x14
	opPush32        = 0x20
	opPush33        = 0x21
	opPush65        = 0x41
	opPushData1     = 0x4c
	opPushData2     = 0x4d
	opPushData4     = 0x4e
	op1Negate       = 0x4f
	op1             = 0x51
	op16            = 0x60
	opReturn        = 0x6a
	opDup           = 0x76
	opEqual         = 0x87
	opEqualVerify   = 0x88
	op8             = 0x58
	op9             = 0x59
	opHash160       = 0xa9
	opHash256       = 0xaa
	opCheckSig      = 0xac
	opCheckMultisig = 0xae
	annexTag        = 0x50 // the first byte of a taproot's annex
	leafVersion     = 0xc0 // of a taproot's scripts
)

// Classify returns the address key of an output script of chain and the standard form that the
// script has. Bare multisig, OP_RETURN, the empty script and every script without a
// standard form are kept by the SHA-256 of the script, so that equal scripts always give
// equal keys and different scripts different ones. A chain of another family gives "".
//
// The forms are those of Bitcoin Core's Solver, with one difference: every script that
// begins with OP_RETURN is ScriptNullData, since none can be spent, while Core calls those
// with more than pushes behind it nonstandard.
func Classify(chain chains.Chain, script []byte) (chains.Address, chains.ScriptType) {
	net, err := networkOf(chain)
	if err != nil {
		return "", chains.ScriptUnknown
	}
	return net.classify(script)
}

// Output returns an output of chain as its script describes it: address key, form, and what else it
// shows. A chain of another family gives one without an address.
func Output(chain chains.Chain, value uint64, script []byte) chains.Output {
	out := chains.Output{Value: value}
	if net, err := networkOf(chain); err == nil {
		var buf [maxKey]byte
		out.Address = chains.Address(net.appendOutput(buf[:0], script, &out))
	}
	return out
}

func (net *network) classify(script []byte) (chains.Address, chains.ScriptType) {
	var buf [maxKey]byte
	var out chains.Output
	key := net.appendOutput(buf[:0], script, &out)
	return chains.Address(key), out.Type
}

// appendOutput appends the address key of an output's script to keys and sets what else the
// script says of out.
func (net *network) appendOutput(keys, script []byte, out *chains.Output) []byte {
	if out.Token = false; net.cash != "" {
		script, out.Token = cutToken(script)
	}
	keys, out.Type = net.appendKey(keys, script)
	if out.Data = 0; out.Type == chains.ScriptNullData {
		out.Data = dataLength(script[1:])
	}
	return keys
}

// dataLength returns the length of the push that rest is, chains.DataOther where it is anything
// else.
func dataLength(rest []byte) uint8 {
	switch n := len(rest); {
	case n >= 2 && n <= 76 && int(rest[0]) == n-1:
		return rest[0]
	case n >= 3 && rest[0] == opPushData1 && int(rest[1]) == n-2:
		return rest[1]
	}
	return chains.DataOther
}

// maxKey is the length of the longest key, that of an uncompressed public key.
const maxKey = 66

// appendKey appends the key of script, which has no token prefix, to dst.
func (net *network) appendKey(dst, script []byte) ([]byte, chains.ScriptType) {
	n := len(script)
	switch {
	case n == 25 && script[0] == opDup && script[1] == opHash160 && script[2] == opPush20 &&
		script[23] == opEqualVerify && script[24] == opCheckSig:
		return append(append(dst, kindP2PKH), script[3:23]...), chains.ScriptP2PKH
	case n == 23 && script[0] == opHash160 && script[1] == opPush20 && script[22] == opEqual:
		return append(append(dst, kindP2SH), script[2:22]...), chains.ScriptP2SH
	case net.cash != "" && n == 35 && script[0] == opHash256 && script[1] == opPush32 && script[34] == opEqual:
		return append(append(dst, kindP2SH32), script[2:34]...), chains.ScriptP2SH
	case net.hrp != "" && n >= 4 && n <= 42 && int(script[1])+2 == n && (script[0] == op0 || script[0] >= op1 && script[0] <= op16):
		return net.appendWitnessKey(dst, script)
	case n > 0 && script[0] == opReturn:
		return appendScriptKey(dst, script), chains.ScriptNullData
	case n > 0 && script[n-1] == opCheckSig && n >= 2 && int(script[0])+2 == n && isPublicKey(script[1:n-1]):
		return append(append(dst, kindP2PK), script[1:n-1]...), chains.ScriptP2PK
	}
	if _, _, ok := multisig(script); ok {
		return appendScriptKey(dst, script), chains.ScriptMultisig
	}
	return appendScriptKey(dst, script), chains.ScriptUnknown
}

// appendWitnessKey appends the key of a witness program (BIP141): one opcode for the
// version and one push of 2 to 40 bytes.
func (net *network) appendWitnessKey(dst, script []byte) ([]byte, chains.ScriptType) {
	program := script[2:]
	switch {
	case script[0] == op0 && len(program) == 20:
		return append(append(dst, kindP2WPKH), program...), chains.ScriptP2WPKH
	case script[0] == op0 && len(program) == 32:
		return append(append(dst, kindP2WSH), program...), chains.ScriptP2WSH
	case script[0] == op0: // fails when spent, and has no address (BIP141)
		return appendScriptKey(dst, script), chains.ScriptUnknown
	case script[0] == op1 && len(program) == 32:
		return append(append(dst, kindP2TR), program...), chains.ScriptP2TR
	}
	form := chains.ScriptWitness
	switch {
	case net.stealth != "" && script[0] == op9 && len(program) == 32:
		form = chains.ScriptPegIn
	case net.stealth != "" && script[0] == op8 && len(program) == 32:
		form = chains.ScriptPegged
	}
	return append(append(dst, kindWitness, script[0]-op1+1), program...), form
}

func appendScriptKey(dst, script []byte) []byte {
	sum := sha256.Sum256(script)
	return append(append(dst, kindScript), sum[:]...)
}

// isPublicKey reports whether key has the length that its first byte calls for. Whether it
// is a point of the curve is not asked: outputs that pay to no point exist.
func isPublicKey(key []byte) bool {
	switch {
	case len(key) == 33:
		return key[0] == 2 || key[0] == 3
	case len(key) == 65:
		return key[0] == 4 || key[0] == 6 || key[0] == 7
	}
	return false
}

// multisig reads M KEY… N OP_CHECKMULTISIG with 1 ≤ M ≤ N ≤ 20 and N keys, each a direct push;
// ok is false for any other script.
func multisig(script []byte) (m, n int, ok bool) {
	if len(script) < 4 || script[len(script)-1] != opCheckMultisig {
		return 0, 0, false
	}
	need, rest, ok := smallNumber(script[:len(script)-1])
	if !ok {
		return 0, 0, false
	}
	keys := 0
	for len(rest) > 0 && (rest[0] == opPush33 || rest[0] == opPush65) {
		size := int(rest[0])
		if len(rest) < 1+size || !isPublicKey(rest[1:1+size]) {
			return 0, 0, false
		}
		rest, keys = rest[1+size:], keys+1
	}
	total, rest, ok := smallNumber(rest)
	return need, total, ok && len(rest) == 0 && total == keys && need <= total
}

// smallNumber reads a number from 1 to 20 off the front of script, in its shortest push.
func smallNumber(script []byte) (int, []byte, bool) {
	switch {
	case len(script) >= 1 && script[0] >= op1 && script[0] <= op16:
		return int(script[0]-op1) + 1, script[1:], true
	case len(script) >= 2 && script[0] == opPush1 && script[1] >= 17 && script[1] <= 20:
		return int(script[1]), script[2:], true
	}
	return 0, nil, false
}
