-- Facts of chains. A place (pos) is chain number 7 bits | height 32 bits | ordinal in block
-- 24 bits. The ordinal counts outputs: a transaction's place is that of its first output.
-- Places come from the chain alone, so chunks and restarts do not change them, and they
-- never leave the store. There are no foreign keys: clew db check compares the tables.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY, -- hash_key: 16 random bytes that key every *_hash column
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE chain (
    chain_no INTEGER PRIMARY KEY, -- 0 to 127, in the order in which this store met them
    name     TEXT NOT NULL UNIQUE -- short name: "bitcoin"
);

-- What was read whole. Spans of one chain never touch or overlap.
CREATE TABLE span (
    chain_no    INTEGER NOT NULL, -- chain.chain_no
    from_height INTEGER NOT NULL, -- first block
    to_height   INTEGER NOT NULL, -- last block, included
    unresolved  INTEGER NOT NULL, -- 1: some input here was stored without its spent output
    PRIMARY KEY (chain_no, from_height)
) WITHOUT ROWID;

-- Blocks of the main chain.
CREATE TABLE block (
    pos         INTEGER PRIMARY KEY, -- place of the block: ordinal 0
    hash        BLOB NOT NULL,       -- 32 bytes, in display order
    prev        BLOB NOT NULL,       -- hash of the block before, 32 bytes, in display order
    time_unix_s INTEGER NOT NULL,    -- as the header says, in seconds
    txs         INTEGER NOT NULL,    -- number of transactions
    header      BLOB NOT NULL        -- consensus bytes of the header
);
CREATE INDEX block_by_hash ON block (hash);

-- Transactions of the main chain.
CREATE TABLE tx (
    pos  INTEGER PRIMARY KEY, -- place of the transaction
    body BLOB NOT NULL        -- packed, see body.go: txid, inputs with spent outputs, outputs
);

-- Where a txid is named: by the transaction itself and by those that spend its outputs.
-- One row holds what one batch brought for one txid; rows of one txid never overlap.
CREATE TABLE tx_ref (
    txid_hash INTEGER NOT NULL, -- keyed hash of the txid, 48 bits; tx.body decides
    pos       INTEGER NOT NULL, -- place of the first transaction of the row
    entries   BLOB NOT NULL,    -- packed, see posting.go: places, each with 0 (has this txid) or 1 + the index of the output spent
    PRIMARY KEY (txid_hash, pos)
) WITHOUT ROWID;

-- Which transactions pay to an address or spend from it. Rows as in tx_ref.
CREATE TABLE addr_tx (
    address_hash INTEGER NOT NULL, -- keyed hash of the address, 48 bits; tx.body decides
    pos          INTEGER NOT NULL, -- place of the first transaction of the row
    entries      BLOB NOT NULL,    -- packed, see posting.go: places, each with 1 (pays), 2 (spends) or 3 (both)
    PRIMARY KEY (address_hash, pos)
) WITHOUT ROWID;

-- Blocks that left the main chain. One that comes back moves to block again.
CREATE TABLE stale_block (
    chain_no    INTEGER NOT NULL, -- chain.chain_no
    hash        BLOB NOT NULL,    -- 32 bytes, in display order
    height      INTEGER NOT NULL, -- in blocks, the genesis block is 0
    prev        BLOB NOT NULL,    -- hash of the block before, 32 bytes, in display order
    time_unix_s INTEGER NOT NULL, -- as the header says, in seconds
    txs         INTEGER NOT NULL, -- number of transactions
    header      BLOB NOT NULL,    -- consensus bytes of the header
    bodies_zstd BLOB NOT NULL,    -- every tx.body in order, each after its length (uvarint), compressed with zstd
    UNIQUE (chain_no, hash)
);

-- Results.
CREATE TABLE trace (
    id              TEXT PRIMARY KEY, -- id that clew trace printed
    incident_sha256 TEXT NOT NULL,    -- hex, of the incident's file
    json_bytes      INTEGER NOT NULL, -- length of the JSON
    json_zstd       BLOB NOT NULL     -- the trace's JSON, compressed with zstd
);

-- What was declared and done, append only: each entry's hash covers the one before.
CREATE TABLE log (
    seq    INTEGER PRIMARY KEY, -- 1, 2, 3 …
    prev   BLOB NOT NULL,       -- hash of the entry before, 32 bytes; zeros for the first
    entry  TEXT NOT NULL,       -- JSON: when (RFC 3339, UTC), what, sha256, details
    hash   BLOB NOT NULL        -- SHA-256 of prev followed by entry
);
