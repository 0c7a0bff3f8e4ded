-- Which addresses one transaction shows to be one owner's. Derived from tx.body; clew db check
-- compares it.
CREATE TABLE joins (
    pos     INTEGER PRIMARY KEY, -- place of the block, or of a transaction of which a spent output became known later
    entries BLOB NOT NULL        -- packed, see join.go: version of the rules, transactions that wait for a spent output, and for each that joins: inputs, rules, keyed hashes of addresses
);
