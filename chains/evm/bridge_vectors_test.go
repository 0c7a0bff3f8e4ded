package evm_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

// Accounts and tokens of the vectors are invented; the contracts of the protocols are theirs.
var (
	alice = common.HexToAddress("0x00000000000000000000000000000000000a11ce")
	bob   = common.HexToAddress("0x0000000000000000000000000000000000000b0b")
	coinA = common.HexToAddress("0x00000000000000000000000000000000c0100001")
	coinB = common.HexToAddress("0x00000000000000000000000000000000c0100002")
)

// emit encodes a log with go-ethereum's packer, which shares nothing with the decoder: event is
// the canonical signature, types and values are those in the data.
func emit(tb testing.TB, from, event string, topics []any, types string, values ...any) evm.Log {
	tb.Helper()
	l := evm.Log{Address: common.HexToAddress(from), Topics: [][32]byte{crypto.Keccak256Hash([]byte(event))}}
	for _, v := range topics {
		l.Topics = append(l.Topics, word(tb, v))
	}
	l.Data = pack(tb, types, values...)
	return l
}

// word is a value as a topic.
func word(tb testing.TB, v any) [32]byte {
	tb.Helper()
	switch v := v.(type) {
	case common.Address:
		return common.BytesToHash(v[:])
	case int:
		return common.BigToHash(big.NewInt(int64(v)))
	case common.Hash:
		return v
	}
	require.Failf(tb, "no topic", "%T", v)
	return [32]byte{}
}

// pack encodes values; types are separated by commas. Numbers are given as int.
func pack(tb testing.TB, types string, values ...any) []byte {
	tb.Helper()
	var args abi.Arguments
	for i, name := range strings.FieldsFunc(types, func(r rune) bool { return r == ',' }) {
		typ, err := abi.NewType(name, "", nil)
		require.NoError(tb, err)
		args = append(args, abi.Argument{Type: typ})
		switch v := values[i].(type) {
		case int:
			switch name {
			case "uint8":
				values[i] = uint8(v)
			case "uint16":
				values[i] = uint16(v)
			case "uint32":
				values[i] = uint32(v)
			case "uint64":
				values[i] = uint64(v)
			default:
				values[i] = big.NewInt(int64(v))
			}
		case common.Hash:
			values[i] = [32]byte(v)
		}
	}
	data, err := args.Pack(values...)
	require.NoError(tb, err)
	return data
}

// packed joins fields without padding: numbers as big-endian bytes of a size.
func packed(parts ...any) []byte {
	var out []byte
	for i := 0; i < len(parts); i++ {
		switch v := parts[i].(type) {
		case int:
			size := parts[i+1].(int)
			out = append(out, common.LeftPadBytes(big.NewInt(int64(v)).Bytes(), size)...)
			i++
		case common.Address:
			out = append(out, v[:]...)
		case common.Hash:
			out = append(out, v[:]...)
		case []byte:
			out = append(out, v...)
		}
	}
	return out
}

func wide(a common.Address) common.Hash { return common.BytesToHash(a[:]) }

// crossing is a message as both sides show it.
type crossing struct {
	from, to   evm.Scene
	sent       []evm.Log
	arrived    []evm.Log
	protocol   string
	receiver   common.Address // as Account of the arrival; zero where the event does not say
	given, got int64          // amounts of the events; 0 where they do not say
	// noFields: nothing but the key is common to both sides.
	noFields bool
}

// vector makes the message with that receiver and amount.
type vector func(tb testing.TB, to common.Address, amount int) crossing

func scene(chain chains.Chain) evm.Scene {
	return evm.Scene{
		Chain: chain, Tx: chains.TxID(crypto.Keccak256Hash([]byte("transaction on " + chain))),
		Block: chains.BlockHash(crypto.Keccak256Hash([]byte("block of " + chain))),
	}
}

// vectors are one message of each family and direction, written from the public declarations.
func vectors() map[string]vector {
	return map[string]vector{
		"across":               acrossVector,
		"cctp v1":              cctpVector,
		"cctp v2":              cctp2Vector,
		"wormhole":             wormholeVector,
		"layerzero":            layerzeroVector,
		"stargate v1":          stargateVector,
		"hop":                  hopVector,
		"celer":                celerVector,
		"multichain":           multichainVector,
		"polygon-pos":          polygonVector,
		"op-stack to the L2":   opVector,
		"op-stack to the L1":   opExitVector,
		"arbitrum ticket":      ticketVector,
		"arbitrum to the L1":   arbitrumExitVector,
		"nomad":                nomadVector,
		"op-stack token":       opTokenVector,
		"arbitrum token":       ticketTokenVector,
		"arbitrum token exit":  arbitrumTokenExitVector,
		"thorchain over chain": thorchainVector,
	}
}

func acrossVector(tb testing.TB, to common.Address, amount int) crossing {
	return crossing{
		from: scene("ethereum"), to: scene("arbitrum"), protocol: "across", receiver: to, given: int64(amount), got: int64(amount) - 1,
		sent: []evm.Log{emit(tb, "0x5c7BCd6E7De5423a257D81B442095A1a6ced35C5",
			"FundsDeposited(bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,uint32,bytes32,bytes32,bytes32,bytes)",
			[]any{42161, 77, wide(alice)}, "bytes32,bytes32,uint256,uint256,uint32,uint32,uint32,bytes32,bytes32,bytes",
			wide(coinA), wide(coinB), amount, amount-1, 100, 200, 150, wide(to), common.Hash{}, []byte("do"))},
		arrived: []evm.Log{emit(tb, "0xe35e9842fceaCA96570B734083f4a58e8F7C5f2A",
			"FilledRelay(bytes32,bytes32,uint256,uint256,uint256,uint256,uint256,uint32,uint32,bytes32,bytes32,bytes32,bytes32,bytes32,(bytes32,bytes32,uint256,uint8))",
			[]any{1, 77, wide(bob)}, "bytes32,bytes32,uint256,uint256,uint256,uint32,uint32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,uint256,uint8",
			wide(coinA), wide(coinB), amount, amount-1, 1, 200, 150, common.Hash{}, wide(alice), wide(to), crypto.Keccak256Hash([]byte("do")),
			wide(to), common.Hash{}, amount-1, 0)},
	}
}

func cctpVector(tb testing.TB, to common.Address, amount int) crossing {
	const messenger, transmitter = "0xBd3fa81B58Ba92a82136038B25aDec7066af3155", "0x0a992d191DEeC32aFe36203Ad87D7d289a738F81"
	there := common.HexToAddress("0x19330d10D9Cc8751218eaf51E8885D058642E08A")
	body := packed(0, 4, wide(coinA), wide(to), amount, 32, wide(alice))
	message := packed(0, 4, 0, 4, 3, 4, 62883, 8, wide(common.HexToAddress(messenger)), wide(there), common.Hash{}, body)
	return crossing{
		from: scene("ethereum"), to: scene("arbitrum"), protocol: "cctp", receiver: to, given: int64(amount), got: int64(amount),
		sent: []evm.Log{
			emit(tb, transmitter, "MessageSent(bytes)", nil, "bytes", message),
			emit(tb, messenger, "DepositForBurn(uint64,address,uint256,address,bytes32,uint32,bytes32,bytes32)",
				[]any{62883, coinA, alice}, "uint256,bytes32,uint32,bytes32,bytes32", amount, wide(to), 3, wide(there), common.Hash{}),
		},
		arrived: []evm.Log{
			emit(tb, there.Hex(), "MintAndWithdraw(address,uint256,address)", []any{to, coinB}, "uint256", amount),
			emit(tb, "0xC30362313FBBA5cf9163F0bb16a0e01f01A896ca", "MessageReceived(address,uint32,uint64,bytes32,bytes)",
				[]any{bob, 62883}, "uint32,bytes32,bytes", 0, wide(common.HexToAddress(messenger)), body),
		},
	}
}

func cctp2Vector(tb testing.TB, to common.Address, amount int) crossing {
	const messenger, transmitter = "0x28b5a0e9C621a5BadaA536219b3a228C8168cf5d", "0x81D40F21F12A8F0E3252Bccb954D722d4c464B64"
	own := wide(common.HexToAddress(messenger))
	body := func(fee, until int) []byte {
		return packed(1, 4, wide(coinA), wide(to), amount, 32, wide(alice), 9, 32, fee, 32, until, 32, []byte("hook"))
	}
	message := packed(1, 4, 0, 4, 6, 4, common.Hash{}, own, own, common.Hash{}, 1000, 4, 0, 4, body(0, 0))
	return crossing{
		from: scene("ethereum"), to: scene("base"), protocol: "cctp", receiver: to, given: int64(amount), got: int64(amount) - 2,
		sent: []evm.Log{
			emit(tb, transmitter, "MessageSent(bytes)", nil, "bytes", message),
			emit(tb, messenger, "DepositForBurn(address,uint256,address,bytes32,uint32,bytes32,bytes32,uint256,uint32,bytes)",
				[]any{coinA, alice, 1000}, "uint256,bytes32,uint32,bytes32,bytes32,uint256,bytes", amount, wide(to), 6, own, common.Hash{}, 9, []byte("hook")),
		},
		arrived: []evm.Log{
			emit(tb, messenger, "MintAndWithdraw(address,uint256,address,uint256)", []any{to, coinB}, "uint256,uint256", amount-2, 2),
			emit(tb, transmitter, "MessageReceived(address,uint32,bytes32,bytes32,uint32,bytes)",
				[]any{bob, crypto.Keccak256Hash([]byte("nonce")), 1000}, "uint32,bytes32,bytes", 0, own, body(2, 99)),
		},
	}
}

func wormholeVector(tb testing.TB, to common.Address, amount int) crossing {
	bridge := common.HexToAddress("0x3ee18B2214AFF97000D974cf647E7C347E8fa585")
	payload := packed(1, 1, amount, 32, wide(coinA), 2, 2, wide(to), 5, 2, 0, 32)
	return crossing{
		from: scene("ethereum"), to: scene("polygon"), protocol: "wormhole", noFields: true,
		sent: []evm.Log{emit(tb, "0x98f3c9e6E3fAce36bAAd05FE09d375Ef1464288B", "LogMessagePublished(address,uint64,uint32,bytes,uint8)",
			[]any{bridge}, "uint64,uint32,bytes,uint8", 4711, 0, payload, 1)},
		arrived: []evm.Log{emit(tb, "0x5a58505a96D1dbf8dF91cB21B54419FC36e93fdE", "TransferRedeemed(uint16,bytes32,uint64)",
			[]any{2, wide(bridge), 4711}, "")},
	}
}

func layerzeroVector(tb testing.TB, to common.Address, amount int) crossing {
	here, there := common.HexToAddress("0xc026395860Db2d07ee33e05fE50ed7bD583189C7"), common.HexToAddress("0xe8CDF27AcD73a434D661C84887215F7598e7d0d3")
	path := packed(5, 8, 30101, 4, wide(here), 30110, 4, wide(there))
	guid := crypto.Keccak256Hash(path)
	payload := packed(1, 1, path, guid, wide(to), amount, 8)
	return crossing{
		from: scene("ethereum"), to: scene("arbitrum"), protocol: "layerzero", receiver: to, given: int64(amount), got: int64(amount) - 1,
		sent: []evm.Log{
			emit(tb, "0x1a44076050125825900e736c501f859c50fE728c", "PacketSent(bytes,bytes,address)", nil, "bytes,bytes,address", payload, []byte{}, bob),
			emit(tb, here.Hex(), "OFTSent(bytes32,uint32,address,uint256,uint256)", []any{guid, alice}, "uint32,uint256,uint256", 30110, amount, amount-1),
		},
		arrived: []evm.Log{emit(tb, there.Hex(), "OFTReceived(bytes32,uint32,address,uint256)", []any{guid, to}, "uint32,uint256", 30101, amount-1)},
	}
}

func stargateVector(tb testing.TB, to common.Address, amount int) crossing {
	const node = "0x4D73AdB72bC3DD368966edD0f0b2148401A178E2"
	here, there := common.HexToAddress("0x00000000000000000000000000000000000b0001"), common.HexToAddress("0x00000000000000000000000000000000000b0002")
	inner := pack(tb, "uint8,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,bytes,bytes",
		1, 1, 2, 0, 0, 0, amount, 0, 0, 0, 0, 0, to[:], []byte{})
	return crossing{
		from: scene("ethereum"), to: scene("arbitrum"), protocol: "stargate", receiver: to,
		sent: []evm.Log{
			emit(tb, "0xdf0770dF86a8034b3EFEf0A1Bb3c889B8332FF56", "Swap(uint16,uint256,address,uint256,uint256,uint256,uint256,uint256)", nil,
				"uint16,uint256,address,uint256,uint256,uint256,uint256,uint256", 110, 2, alice, amount, 0, 0, 0, 0),
			emit(tb, node, "Packet(bytes)", nil, "bytes", packed(24179, 8, 101, 2, here, 110, 2, there, inner)),
		},
		arrived: []evm.Log{
			emit(tb, node, "PacketReceived(uint16,bytes,address,uint64,bytes32)", []any{101, there}, "bytes,uint64,bytes32", here[:], 24179, crypto.Keccak256Hash(inner)),
			emit(tb, "0x892785f33CdeE22A30AEF750F285E18c18040c3e", "SwapRemote(address,uint256,uint256,uint256)", nil, "address,uint256,uint256,uint256", to, amount, 0, 0),
		},
	}
}

func hopVector(tb testing.TB, to common.Address, amount int) crossing {
	nonce := crypto.Keccak256Hash([]byte("hop nonce"))
	id := crypto.Keccak256Hash(packed(1, 32, wide(to), amount, 32, nonce, 3, 32, 0, 32, 0, 32))
	return crossing{
		from: scene("polygon"), to: scene("ethereum"), protocol: "hop", receiver: to, given: int64(amount), got: int64(amount),
		sent: []evm.Log{emit(tb, "0x25D8039bB044dC227f741a9e381CA4cEAE2E6aE8", "TransferSent(bytes32,uint256,address,uint256,bytes32,uint256,uint256,uint256,uint256)",
			[]any{id, 1, to}, "uint256,bytes32,uint256,uint256,uint256,uint256", amount, nonce, 3, 8, 0, 0)},
		arrived: []evm.Log{emit(tb, "0x3666f603Cc164936C1b87e207F36BEBa4AC5f18a", "Withdrew(bytes32,address,uint256,bytes32)", []any{id, to}, "uint256,bytes32", amount, nonce)},
	}
}

func celerVector(tb testing.TB, to common.Address, amount int) crossing {
	id := crypto.Keccak256Hash([]byte("celer transfer"))
	return crossing{
		from: scene("ethereum"), to: scene("polygon"), protocol: "celer", receiver: to, given: int64(amount), got: int64(amount) - 4,
		sent: []evm.Log{emit(tb, "0x5427FEFA711Eff984124bFBB1AB6fbf5E3DA1820", "Send(bytes32,address,address,address,uint256,uint64,uint64,uint32)", nil,
			"bytes32,address,address,address,uint256,uint64,uint64,uint32", id, alice, to, coinA, amount, 137, 1, 5000)},
		arrived: []evm.Log{emit(tb, "0x88DCDC47D2f83a99CF0000FDF667A468bB958a78", "Relay(bytes32,address,address,address,uint256,uint64,bytes32)", nil,
			"bytes32,address,address,address,uint256,uint64,bytes32", crypto.Keccak256Hash([]byte("relay")), alice, to, coinB, amount-4, 1, id)},
	}
}

func multichainVector(tb testing.TB, to common.Address, amount int) crossing {
	from := scene("ethereum")
	return crossing{
		from: from, to: scene("polygon"), protocol: "multichain", receiver: to, given: int64(amount), got: int64(amount) - 1,
		sent: []evm.Log{emit(tb, "0x6b7a87899490EcE95443e979cA9485CBE7E71522", "LogAnySwapOut(address,address,address,uint256,uint256,uint256)",
			[]any{coinA, alice, to}, "uint256,uint256,uint256", amount, 1, 137)},
		arrived: []evm.Log{emit(tb, "0x4f3Aff3A747fCADe12598081e80c6605A8be192F", "LogAnySwapIn(bytes32,address,address,uint256,uint256,uint256)",
			[]any{common.Hash(from.Tx), coinB, to}, "uint256,uint256,uint256", amount-1, 1, 137)},
	}
}

func polygonVector(tb testing.TB, _ common.Address, _ int) crossing {
	return crossing{
		from: scene("ethereum"), to: scene("polygon"), protocol: "polygon-pos", noFields: true,
		sent:    []evm.Log{emit(tb, "0x28e4F3a7f651294B9564800b2D01f35189A5bFbE", "StateSynced(uint256,address,bytes)", []any{2973891, bob}, "bytes", []byte("state"))},
		arrived: []evm.Log{emit(tb, "0x0000000000000000000000000000000000001001", "StateCommitted(uint256,bool)", []any{2973891}, "bool", true)},
	}
}

func nomadVector(tb testing.TB, to common.Address, amount int) crossing {
	router := common.HexToAddress("0xD3dfD3eDe74E0DCEBC1AA685e151332857efCe2d")
	there := common.HexToAddress("0x88A69B4E698A4B090DF6CF5Bd7B2D47325Ad30A3")
	message := packed(1650811245, 4, wide(router), 4729, 4, 6648936, 4, wide(there), 6648936, 4, wide(coinB), 3, 1, wide(to), amount, 32, common.Hash{})
	hash := crypto.Keccak256Hash(message)
	return crossing{
		from: scene("eip155:1284"), to: scene("ethereum"), protocol: "nomad", receiver: to, given: int64(amount), got: int64(amount),
		sent: []evm.Log{
			emit(tb, "0x8F184D6Aa1977fd2F9d9024317D0ea5cF5815b6f", "Dispatch(bytes32,uint256,uint64,bytes32,bytes)",
				[]any{hash, 12, common.BytesToHash(packed(6648936, 4, 4729, 4))}, "bytes32,bytes", common.Hash{}, message),
			emit(tb, router.Hex(), "Send(address,address,uint32,bytes32,uint256,bool)", []any{coinA, alice, 6648936}, "bytes32,uint256,bool", wide(to), amount, false),
		},
		arrived: []evm.Log{
			emit(tb, there.Hex(), "Receive(uint64,address,address,address,uint256)",
				[]any{common.BytesToHash(packed(1650811245, 4, 4729, 4)), coinB, to}, "address,uint256", common.Address{}, amount),
			emit(tb, "0x5D94309E5a0090b165FA4181519701637B6DAEBA", "Process(bytes32,bool,bytes)", []any{hash, 1, common.Hash{}}, ""),
		},
	}
}

func thorchainVector(tb testing.TB, to common.Address, amount int) crossing {
	from := scene("ethereum")
	id := strings.ToUpper(common.Hash(from.Tx).Hex()[2:])
	return crossing{
		from: from, to: scene("bsc"), protocol: "thorchain", receiver: to, given: int64(amount), got: int64(amount) - 1,
		sent: []evm.Log{emit(tb, "0xD37BbE5744D730a1d98d8DC97c42F0Ca46aD7146", "Deposit(address,address,uint256,string)",
			[]any{bob, common.Address{}}, "uint256,string", amount, "=:BSC.BNB:"+to.Hex()+":0/1/0")},
		arrived: []evm.Log{emit(tb, "0xb30eC53F98ff5947EDe720D32aC2da7e52A5f56b", "TransferOut(address,address,address,uint256,string)",
			[]any{bob, to}, "address,uint256,string", common.Address{}, amount-1, "OUT:"+id)},
	}
}
