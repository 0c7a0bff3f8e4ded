-- What screening leaves behind. Times are microseconds since 1970 in UTC, 0 where there is none yet.
-- Texts named JSON are JSON. There are no foreign keys: clew db check compares the tables.

-- Verdicts, each once: the same question at the same state has the same id.
CREATE TABLE screening (
    place      INTEGER PRIMARY KEY, -- created_us, or one more than the place before where the clock gave no later: lists are in this order
    created_us INTEGER NOT NULL,    -- when it was first given
    outcome    TEXT NOT NULL,       -- as the verdict says: 'match' …
    action     TEXT NOT NULL,       -- as the verdict says: 'allow' …
    key_id     TEXT NOT NULL,       -- api_key.id that asked first; '' for the command line
    id_no      INTEGER NOT NULL,    -- first 8 bytes of the SHA-256 of id, as a big-endian number: an index of it is half as large
    id         TEXT NOT NULL,       -- of the verdict
    subject_no INTEGER NOT NULL,    -- first 8 bytes of the SHA-256 of the subject, as a big-endian number
    subject_bytes INTEGER NOT NULL, -- length of the subject
    pattern_no INTEGER NOT NULL,    -- pattern.pattern_no; 0: none
    sum        INTEGER NOT NULL,    -- CRC-32C of the subject and the verdict
    packed     BLOB NOT NULL        -- the subject (canonical JSON) and behind it the exact bytes of the verdict, as a block of S2 with the pattern as its dictionary; without a pattern as they are
);
CREATE INDEX screening_by_id ON screening (id_no);
CREATE INDEX screening_by_subject ON screening (subject_no);
-- Most are clear and allowed: those are found soon by going through all, the others here.
CREATE INDEX screening_by_outcome ON screening (outcome) WHERE outcome <> 'clear within coverage';
CREATE INDEX screening_by_action ON screening (action) WHERE action <> 'allow';

-- What verdicts have in common: one of them, against which others are packed.
CREATE TABLE pattern (
    pattern_no INTEGER PRIMARY KEY, -- first 8 bytes of the SHA-256 of content, as a big-endian number
    content    BLOB NOT NULL        -- a subject and its verdict
);

-- What verdicts name by its SHA-256.
CREATE TABLE blob (
    sha256     BLOB NOT NULL UNIQUE, -- 32 bytes, of content
    kind       TEXT NOT NULL,        -- 'rules': a policy; 'labels': JSON list of packs; 'incidents': JSON list of traces
    created_us INTEGER NOT NULL,     -- when it was first kept
    content    BLOB NOT NULL         -- the exact bytes
);

-- Traces that screening looks in.
CREATE TABLE incident (
    id           TEXT NOT NULL UNIQUE, -- of the incident
    trace        TEXT NOT NULL,        -- id of the trace in the store
    trace_sha256 TEXT NOT NULL,        -- hex, of the trace's JSON
    file         BLOB,                 -- the incident's YAML; NULL where it is not known
    loaded_us    INTEGER NOT NULL,     -- when it was loaded
    stale        TEXT NOT NULL         -- why its matches do not count at the moment; '': they count
);

-- What was accepted and is done behind.
CREATE TABLE job (
    place       INTEGER PRIMARY KEY,  -- 1, 2, 3 …: the order in which they came
    id          TEXT NOT NULL UNIQUE, -- as it was told to who asked
    kind        TEXT NOT NULL,        -- 'screening', 'trace'
    request     BLOB NOT NULL,        -- JSON
    state       TEXT NOT NULL,        -- 'queued', 'running', 'done', 'failed'
    attempts    INTEGER NOT NULL,     -- how often it was begun
    result      TEXT NOT NULL,        -- id of the screening or of the trace; ''
    error       TEXT NOT NULL,        -- why it failed, or was given back the last time; ''
    endpoint    TEXT NOT NULL,        -- endpoint.id that hears of its end; ''
    key_id      TEXT NOT NULL,        -- api_key.id that asked; '' for the command line
    created_us  INTEGER NOT NULL,     -- when it was accepted
    finished_us INTEGER NOT NULL,     -- when it ended
    owner       TEXT NOT NULL,        -- which process runs it; ''
    lease_us    INTEGER NOT NULL      -- until when it is the owner's alone, unless extended
);
CREATE INDEX job_open ON job (place) WHERE finished_us = 0;
CREATE INDEX job_failed ON job (place) WHERE state = 'failed';

-- Answers to requests with an idempotency key.
CREATE TABLE reply (
    key        TEXT NOT NULL UNIQUE, -- api_key.id and the idempotency key
    request    TEXT NOT NULL,        -- hex, SHA-256 of the request
    status     INTEGER NOT NULL,     -- HTTP status
    header     BLOB NOT NULL,        -- JSON
    body       BLOB NOT NULL,        -- as it was sent
    created_us INTEGER NOT NULL      -- when it was given
);
CREATE INDEX reply_by_age ON reply (created_us);

-- Addresses and outputs of which somebody wants to hear.
CREATE TABLE watch (
    place      INTEGER PRIMARY KEY,  -- 1, 2, 3 …: the order in which they came
    id         TEXT NOT NULL UNIQUE, -- as it was told to who set it
    chain      TEXT NOT NULL,        -- short name: 'bitcoin'
    address    TEXT NOT NULL,        -- in the chain's own form; '' of an output
    txid       TEXT NOT NULL,        -- of an output; ''
    vout       INTEGER NOT NULL,     -- of an output
    incident   TEXT NOT NULL,        -- incident.id that brought it; '' where it was set by hand
    screen     INTEGER NOT NULL,     -- 1: it is screened again as rules, labels, incidents and blocks change
    note       TEXT NOT NULL,        -- of who set it
    endpoint   TEXT NOT NULL,        -- endpoint.id; '': all of them
    created_us INTEGER NOT NULL,     -- when it was set
    removed_us INTEGER NOT NULL,     -- when it was taken away
    last       TEXT NOT NULL,        -- screening.id that was told last; ''
    seen       INTEGER NOT NULL      -- height up to which blocks were looked through
);
CREATE INDEX watch_by_chain ON watch (chain, place) WHERE removed_us = 0;
CREATE INDEX watch_by_incident ON watch (incident, place) WHERE removed_us = 0 AND incident <> '';

-- Where webhooks are sent. The secret signs what is sent, so it is kept as it is: the file is its owner's alone.
CREATE TABLE endpoint (
    place      INTEGER PRIMARY KEY,  -- 1, 2, 3 …: the order in which they came
    id         TEXT NOT NULL UNIQUE, -- as it was told to who set it
    url        TEXT NOT NULL,        -- where to
    secret     BLOB NOT NULL,        -- key of the HMAC
    events     TEXT,                 -- JSON list of kinds; NULL: all
    created_us INTEGER NOT NULL,     -- when it was set
    removed_us INTEGER NOT NULL      -- when it was taken away
);

-- Events on their way to endpoints, each once for each endpoint.
CREATE TABLE delivery (
    place       INTEGER PRIMARY KEY, -- 1, 2, 3 …: the order in which they came
    id          TEXT NOT NULL,       -- of the event
    endpoint    TEXT NOT NULL,       -- endpoint.id
    series      TEXT NOT NULL,       -- those of one series are first tried in the order in which they came; '': no order
    kind        TEXT NOT NULL,       -- 'watch.moved' …
    state       TEXT NOT NULL,       -- 'due', 'delivered', 'dead'
    attempts    INTEGER NOT NULL,    -- how often it was tried
    next_us     INTEGER NOT NULL,    -- when it is due
    lease_us    INTEGER NOT NULL,    -- until when it is in somebody's hands; 0: in nobody's
    error       TEXT NOT NULL,       -- of the last attempt; ''
    created_us  INTEGER NOT NULL,    -- when it came to be
    finished_us INTEGER NOT NULL,    -- when it was delivered or given up
    body        BLOB NOT NULL        -- JSON, as it is sent
);
CREATE UNIQUE INDEX delivery_by_id ON delivery (id, endpoint);
CREATE INDEX delivery_due ON delivery (endpoint, next_us) WHERE state = 'due';
CREATE INDEX delivery_series ON delivery (endpoint, series, place) WHERE state = 'due' AND series <> '';
CREATE INDEX delivery_dead ON delivery (place) WHERE state = 'dead';
CREATE INDEX delivery_by_age ON delivery (finished_us) WHERE state = 'delivered';

-- Movements at watched places that were told of.
CREATE TABLE sighting (
    watch  TEXT NOT NULL,    -- watch.id
    txid   TEXT NOT NULL,    -- of the transaction
    kind   TEXT NOT NULL,    -- 'moved', 'received'
    chain  TEXT NOT NULL,    -- short name: 'bitcoin'
    state  TEXT NOT NULL,    -- 'pending', 'confirmed', 'dropped', 'reorged'
    height INTEGER NOT NULL, -- of the block; 0 while pending
    block  TEXT NOT NULL,    -- its hash; '' while pending
    event  TEXT NOT NULL,    -- delivery.id of the event that told of it last
    body   BLOB NOT NULL,    -- JSON of what was told
    UNIQUE (watch, txid, kind)
);
CREATE INDEX sighting_by_state ON sighting (chain, state, height, txid, watch, kind);

-- How far watching has looked through a chain.
CREATE TABLE watched (
    chain TEXT NOT NULL UNIQUE, -- short name: 'bitcoin'
    trail BLOB NOT NULL         -- JSON: blocks that were reached, by height and hash, the last one is where it stands
);

-- Keys of the API, without the keys.
CREATE TABLE api_key (
    place      INTEGER PRIMARY KEY,  -- 1, 2, 3 …: the order in which they came
    id         TEXT NOT NULL UNIQUE, -- the part of a key that is no secret
    name       TEXT NOT NULL,        -- as who made it calls it
    hash       BLOB NOT NULL UNIQUE, -- 32 bytes, SHA-256 of the key
    scopes     TEXT NOT NULL,        -- JSON list: 'read', 'screen', 'admin'
    rate       INTEGER NOT NULL,     -- requests a second; 0: the server's own bound
    burst      INTEGER NOT NULL,     -- requests at once; 0: the server's own bound
    created_us INTEGER NOT NULL,     -- when it was made
    revoked_us INTEGER NOT NULL      -- since when it opens nothing
);

-- The log of calls, each entry hashed with the one before.
CREATE TABLE log (
    seq   INTEGER PRIMARY KEY, -- 1, 2, 3 …
    entry TEXT NOT NULL,       -- JSON, the exact bytes that were hashed
    hash  BLOB NOT NULL        -- 32 bytes: SHA-256 of the hash before (32 zeros for the first) and entry
);

-- How often something that processes keep in memory was changed, by whichever process.
CREATE TABLE revision (
    noun  TEXT PRIMARY KEY, -- 'incidents', 'watches', 'endpoints', 'keys'; 'disk': what had to wait for the disk
    times INTEGER NOT NULL  -- how often
) WITHOUT ROWID;
