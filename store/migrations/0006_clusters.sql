-- What the joins of a chain below a place make of its addresses, so that nobody has to read them all
-- again. Derived from joins: a base stands for exactly the rows below its end, and whatever changes
-- one of them takes it away.
CREATE TABLE cluster_base (
    base_no   INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    chain_no  INTEGER NOT NULL,           -- chain.chain_no
    end_pos   INTEGER NOT NULL,           -- place behind the last block that is in it
    saved     INTEGER NOT NULL DEFAULT 0, -- 0: somebody is making it, and it says nothing yet
    version   TEXT NOT NULL DEFAULT '',   -- of the rules that made the joins
    row_bytes INTEGER NOT NULL DEFAULT 0, -- length of all joins.entries that are in it
    joins     INTEGER NOT NULL DEFAULT 0, -- number of joins
    waiting   INTEGER NOT NULL DEFAULT 0, -- number of transactions that wait for a spent output
    addresses INTEGER NOT NULL DEFAULT 0, -- number of addresses that are joined
    slots     INTEGER NOT NULL DEFAULT 0, -- places in the table of their keys
    births    INTEGER NOT NULL DEFAULT 0  -- number of blocks that brought addresses
);

CREATE TABLE cluster_part (
    part  INTEGER PRIMARY KEY, -- cluster_base.base_no << 32 | 0, 1, 2 …
    bytes BLOB NOT NULL        -- see clusterbase.go; the parts of a base follow each other
);

CREATE TRIGGER cluster_base_gone AFTER DELETE ON cluster_base BEGIN
    DELETE FROM cluster_part WHERE part >= OLD.base_no << 32 AND part < (OLD.base_no + 1) << 32;
END;
CREATE TRIGGER joins_added AFTER INSERT ON joins BEGIN
    DELETE FROM cluster_base WHERE chain_no = NEW.pos >> 56 AND end_pos > NEW.pos;
END;
CREATE TRIGGER joins_changed AFTER UPDATE ON joins BEGIN
    DELETE FROM cluster_base WHERE chain_no = OLD.pos >> 56 AND end_pos > min(OLD.pos, NEW.pos);
END;
CREATE TRIGGER joins_gone AFTER DELETE ON joins BEGIN
    DELETE FROM cluster_base WHERE chain_no = OLD.pos >> 56 AND end_pos > OLD.pos;
END;
