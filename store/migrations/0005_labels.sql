-- Labels of addresses: editions of sources, as package labels packs them. Earlier editions stay:
-- they tell what was claimed at a time.
CREATE TABLE label_pack (
    sha256    TEXT NOT NULL,    -- hex, of the pack
    base      INTEGER NOT NULL, -- 1: it stands in place of those that the program carries; 0: it was added to them
    added_at  TEXT NOT NULL,    -- RFC 3339, UTC
    bytes     INTEGER NOT NULL, -- length of the pack
    pack_zstd BLOB NOT NULL,    -- the pack, compressed with zstd
    PRIMARY KEY (sha256, base)
);
