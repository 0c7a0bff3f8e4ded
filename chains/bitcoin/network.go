package bitcoin

import (
	"fmt"
	"strings"

	"clew/chains"
)

// network holds what differs between the chains of the family.
type network struct {
	chain chains.Chain

	// The node:

	// node is the name that getblockchaininfo gives the network.
	node string
	// home is the node's data folder below the user's home directory, and dir the folder in
	// it where the node keeps the network, "" for none.
	home, dir string
	// port is the default port of JSON-RPC.
	port string
	// magic are the four bytes before each block in blk*.dat, and before each message.
	magic [4]byte
	// blockBytes is the largest size of a block in consensus bytes.
	blockBytes int64

	// Addresses:

	// pubKeyHash and scriptHash are the first bytes of base58 addresses; olderHash are others
	// that stand for scriptHash in addresses of old.
	pubKeyHash, scriptHash byte
	olderHash              []byte
	// hrp is the prefix of segwit addresses, before the "1"; "" on a chain without segwit.
	hrp string
	// stealth is the prefix of addresses inside the extension blocks of MimbleWimble; "" on a
	// chain that has none.
	stealth string
	// cash is the prefix of CashAddr, before the ":"; "" on a chain without it. Where it is
	// set, outputs may carry tokens, and a P2SH may commit to 32 bytes.
	cash string

	// Blocks:

	// heights is the first block from which on every coinbase must state its height (BIP34); 0
	// where that is not known, or can be set as on test networks of one's own.
	heights int64
	// anyOrder: a child may stand before its parent in a block.
	anyOrder bool
	// work says which hash has to meet the target.
	work workKind
	// mergeID is the chain's id in merged mining, with workMerged. strictID: a merged block
	// has it and its parent has not.
	mergeID  uint16
	strictID bool
	// powLimit is the easiest target of a block, in the form of a header's bits.
	powLimit uint32
	// fixedBits: the bits change at each period of retargetBlocks only. Test networks let
	// a block that is late have the easiest target.
	fixedBits bool

	// split tells networks apart that share block 0; nil where none does.
	split *split
}

// workKind is a rule of proof of work.
type workKind uint8

const (
	workSHA256 workKind = iota // the block's hash
	workScrypt                 // scrypt of the header
	workMerged                 // scrypt of the header, or of that of a parent that commits to it
)

// split says how a network is told from those with the same block 0.
type split struct {
	height int64  // of the first block that they do not share; 0 if they share none but block 0
	hash   string // of the network's own block at that height; "" for any that is not another's
	// software are parts of what nodes of the network call themselves.
	software []string
}

var (
	coreSoftware = []string{"/Satoshi:", "/btcd:"}
	cashSoftware = []string{"/Bitcoin Cash Node:", "/bchd:", "/BCH Unlimited:", "/Bitcoin Verde:", "/Knuth:", "/Flowee:"}
)

// networks is what the nodes' chainparams say. Test networks share base58 versions: those
// addresses parse on each of them.
var networks = []network{
	{
		chain: "bitcoin", node: "main", home: ".bitcoin", port: "8332", magic: [4]byte{0xf9, 0xbe, 0xb4, 0xd9}, blockBytes: 4_000_000,
		pubKeyHash: 0x00, scriptHash: 0x05, hrp: "bc", powLimit: 0x1d00ffff, heights: 227_931, fixedBits: true,
		split: &split{478_559, "00000000000000000019f112ec0a9982926f1258cdcc558dd7c3b7e5dc7fa148", coreSoftware},
	},
	{
		chain: "bitcoin-testnet", node: "test", home: ".bitcoin", dir: "testnet3", port: "18332", magic: [4]byte{0x0b, 0x11, 0x09, 0x07},
		blockBytes: 4_000_000, pubKeyHash: 0x6f, scriptHash: 0xc4, hrp: "tb", powLimit: 0x1d00ffff, heights: 21_111,
		split: &split{height: 1_155_876, software: coreSoftware},
	},
	{
		chain: "bitcoin-testnet4", node: "testnet4", home: ".bitcoin", dir: "testnet4", port: "48332", magic: [4]byte{0x1c, 0x16, 0x3f, 0x28},
		blockBytes: 4_000_000, pubKeyHash: 0x6f, scriptHash: 0xc4, hrp: "tb", powLimit: 0x1d00ffff, heights: 1,
	},
	{
		chain: "bitcoin-signet", node: "signet", home: ".bitcoin", dir: "signet", port: "38332", magic: [4]byte{0x0a, 0x03, 0xcf, 0x40},
		blockBytes: 4_000_000, pubKeyHash: 0x6f, scriptHash: 0xc4, hrp: "tb", powLimit: 0x1e0377ae, heights: 1,
	},
	{
		chain: "bitcoin-regtest", node: "regtest", home: ".bitcoin", dir: "regtest", port: "18443", magic: [4]byte{0xfa, 0xbf, 0xb5, 0xda},
		blockBytes: 4_000_000, pubKeyHash: 0x6f, scriptHash: 0xc4, hrp: "bcrt", powLimit: 0x207fffff,
		split: &split{software: coreSoftware},
	},
	{
		chain: "bitcoin-simnet", node: "simnet", home: ".bitcoin", dir: "simnet", port: "18556", magic: [4]byte{0x16, 0x1c, 0x14, 0x12},
		blockBytes: 4_000_000, pubKeyHash: 0x3f, scriptHash: 0x7b, hrp: "sb", powLimit: 0x207fffff, heights: 1,
	},
	{
		chain: "litecoin", node: "main", home: ".litecoin", port: "9332", magic: [4]byte{0xfb, 0xc0, 0xb6, 0xdb}, blockBytes: mwebBlockBytes,
		pubKeyHash: 0x30, scriptHash: 0x32, olderHash: []byte{0x05}, hrp: "ltc", stealth: "ltcmweb",
		work: workScrypt, powLimit: 0x1e0fffff, heights: 710_000, fixedBits: true,
	},
	{
		chain: "litecoin-testnet", node: "test", home: ".litecoin", dir: "testnet4", port: "19332", magic: [4]byte{0xfd, 0xd2, 0xc8, 0xf1},
		blockBytes: mwebBlockBytes, pubKeyHash: 0x6f, scriptHash: 0x3a, olderHash: []byte{0xc4}, hrp: "tltc", stealth: "tmweb",
		work: workScrypt, powLimit: 0x1e0fffff, heights: 76,
	},
	{
		chain: "litecoin-regtest", node: "regtest", home: ".litecoin", dir: "regtest", port: "19443", magic: [4]byte{0xfa, 0xbf, 0xb5, 0xda},
		blockBytes: mwebBlockBytes, pubKeyHash: 0x6f, scriptHash: 0x3a, olderHash: []byte{0xc4}, hrp: "rltc", stealth: "tmweb",
		work: workScrypt, powLimit: 0x207fffff,
	},
	{
		chain: "bitcoin-cash", node: "main", home: ".bitcoin", port: "8332", magic: [4]byte{0xe3, 0xe1, 0xf3, 0xe8}, blockBytes: cashBlockBytes,
		pubKeyHash: 0x00, scriptHash: 0x05, cash: "bitcoincash", anyOrder: true, powLimit: 0x1d00ffff, heights: 227_931,
		split: &split{478_559, "000000000000000000651ef99cb9fcbe0dadde1d424bd9f15ff20136191a5eec", cashSoftware},
	},
	{
		chain: "bitcoin-cash-testnet", node: "test", home: ".bitcoin", dir: "testnet3", port: "18332", magic: [4]byte{0xf4, 0xe5, 0xf3, 0xf4},
		blockBytes: cashBlockBytes, pubKeyHash: 0x6f, scriptHash: 0xc4, cash: "bchtest", anyOrder: true, powLimit: 0x1d00ffff, heights: 21_111,
		split: &split{1_155_876, "00000000000e38fef93ed9582a7df43815d5c2ba9fd37ef70c9a0ea4a285b8f5", cashSoftware},
	},
	{
		chain: "bitcoin-cash-regtest", node: "regtest", home: ".bitcoin", dir: "regtest", port: "18443", magic: [4]byte{0xda, 0xb5, 0xbf, 0xfa},
		blockBytes: cashBlockBytes, pubKeyHash: 0x6f, scriptHash: 0xc4, cash: "bchreg", anyOrder: true, powLimit: 0x207fffff,
		split: &split{software: cashSoftware},
	},
	{
		chain: "dogecoin", node: "main", home: ".dogecoin", port: "22555", magic: [4]byte{0xc0, 0xc0, 0xc0, 0xc0}, blockBytes: 4_000_000,
		pubKeyHash: 0x1e, scriptHash: 0x16, work: workMerged, mergeID: 0x62, strictID: true, powLimit: 0x1e0fffff, heights: 1_034_383,
	},
	{
		chain: "dogecoin-testnet", node: "test", home: ".dogecoin", dir: "testnet3", port: "44555", magic: [4]byte{0xfc, 0xc1, 0xb7, 0xdc},
		blockBytes: 4_000_000, pubKeyHash: 0x71, scriptHash: 0xc4, work: workMerged, mergeID: 0x62, powLimit: 0x1e0fffff, heights: 708_658,
	},
	{
		chain: "dogecoin-regtest", node: "regtest", home: ".dogecoin", dir: "regtest", port: "18332", magic: [4]byte{0xfa, 0xbf, 0xb5, 0xda},
		blockBytes: 4_000_000, pubKeyHash: 0x6f, scriptHash: 0xc4, work: workMerged, mergeID: 0x62, strictID: true, powLimit: 0x207fffff,
	},
}

const (
	// mwebBlockBytes: 4 MB, and just over 11 MB of extension block (litecoind's
	// MAX_BLOCK_SERIALIZED_SIZE_WITH_MWEB).
	mwebBlockBytes = 16_000_000
	// cashBlockBytes: 32 MB, and since May 2024 more by a rule that follows demand and can
	// double the limit in a year at most (CHIP-2023-04).
	cashBlockBytes = 64_000_000
)

// networkOf returns the parameters of chain, or an error that wraps ErrUnknownChain.
func networkOf(chain chains.Chain) (*network, error) {
	for i := range networks {
		if networks[i].chain == chain {
			return &networks[i], nil
		}
	}
	return nil, fmt.Errorf("chain %q is not of the Bitcoin family: %w", chain, chains.ErrUnknownChain)
}

// networksOfGenesis returns the networks whose block 0 has the given hash: none, one, or those
// that tellApart tells apart.
func networksOfGenesis(genesis chains.BlockHash) []*network {
	var found []*network
	for i := range networks {
		if n := &networks[i]; n.chain.Info().Genesis == genesis.String() {
			found = append(found, n)
		}
	}
	return found
}

// tellApart returns which of the networks with one block 0 a node is of. It looks at the
// node's block at the height where they split (splitHeight), nil where the node's chain is
// shorter, and then at what the node calls itself (getnetworkinfo's subversion, "" if it does
// not say). If neither tells, the node is what the caller asked for, if that is one of them,
// else the error wraps chains.ErrUnknownChain. A block that is of none of them is
// chains.ErrWrongChain. Of none it is nil.
func tellApart(shared []*network, at *chains.BlockHash, software string, asked chains.Chain) (*network, error) {
	var byAsk, other *network
	var names []string
	if len(shared) == 0 {
		return nil, nil
	}
	for _, n := range shared {
		if len(shared) == 1 || at != nil && n.split.hash == at.String() {
			return n, nil
		}
		if n.chain == asked {
			byAsk = n
		}
		if n.split.hash == "" {
			other = n
		}
		names = append(names, string(n.chain))
	}
	if at != nil && other != nil {
		return other, nil
	}
	if at != nil {
		return nil, fmt.Errorf("block %s at height %d is of none of %s: %w", at, splitHeight(shared), strings.Join(names, ", "), chains.ErrWrongChain)
	}
	for _, n := range shared {
		for _, part := range n.split.software {
			if strings.Contains(software, part) {
				return n, nil
			}
		}
	}
	if byAsk != nil {
		return byAsk, nil
	}
	return nil, fmt.Errorf("%s share block 0, the node has not reached block %d where they split, and calls itself %q: name the chain with --chain: %w",
		strings.Join(names, " and "), splitHeight(shared), software, chains.ErrUnknownChain)
}

// splitHeight returns the height of the block by which networks with one block 0 are told
// apart; 0 if there is none, or nothing to tell.
func splitHeight(shared []*network) int64 {
	if len(shared) < 2 {
		return 0
	}
	return shared[0].split.height
}
