-- Facts of chains. A place (pos) is chain number 7 bits | height 32 bits | ordinal in block
-- 24 bits. The ordinal counts outputs: a transaction's place is that of its first output.
-- Places come from the chain alone, so chunks and restarts do not change them, and they
-- never leave the store. There are no foreign keys: clew db check compares the tables.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY, -- hash_key: 16 random bytes that key the hashes in posting
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

-- The two indexes. A batch is written as two runs of sorted postings, one of txids and one of
-- addresses; runs are merged as they become many, so that no batch touches more than its own
-- pages and a read looks into few runs.
CREATE TABLE run (
    run_no      INTEGER PRIMARY KEY, -- 0 to 131071, leads the ids of its rows
    chain_no    INTEGER NOT NULL,    -- chain.chain_no
    kind        INTEGER NOT NULL,    -- 0: where a txid is named, by the transaction itself and by those that spend its outputs; 1: which transactions pay to an address or spend from it
    level       INTEGER NOT NULL,    -- 0: as a batch was written; n: merged of runs below n
    from_height INTEGER NOT NULL,    -- lowest block of a posting
    to_height   INTEGER NOT NULL,    -- highest block of a posting
    postings    INTEGER NOT NULL     -- number of them
);

CREATE TABLE posting (
    id      INTEGER PRIMARY KEY, -- run 17 bits | key of the first posting 40 bits | part 6 bits
    entries BLOB NOT NULL        -- packed, see posting.go: keys, places, each with a tag. Kind 0: 0 (has this txid) or 1 + the index of the output spent; kind 1: 1 (pays), 2 (spends) or 3 (both). Keys are keyed hashes; tx.body decides
);

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
