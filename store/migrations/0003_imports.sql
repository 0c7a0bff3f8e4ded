-- Files of transfers that somebody delivered, as they came.
CREATE TABLE import (
    sha256       TEXT PRIMARY KEY, -- hex, of the file's bytes
    chain        TEXT NOT NULL,    -- short name
    name         TEXT NOT NULL,    -- of the file, without its folder
    source       TEXT NOT NULL,    -- who delivered it, as whoever imported it says
    unit         TEXT NOT NULL,    -- what its amounts are counted in where that is no coin; '' for coins and tokens
    decimals     INTEGER NOT NULL, -- of the unit, or of tokens; -1: not said
    imported_at  TEXT NOT NULL,    -- RFC 3339, UTC
    bytes        INTEGER NOT NULL, -- length of the file
    content_zstd BLOB NOT NULL     -- the file, compressed with zstd
);
