-- The embedded store: one SQLite file in WAL mode. Times are milliseconds since 1970. Ids of profiles, and revisions, are
-- 16 bytes where they are 32 hexadecimal digits. Documents are JSON, as it is or compressed (documents.py).

CREATE TABLE IF NOT EXISTS store (
    name  TEXT PRIMARY KEY,  -- store_id, former_ids (JSON array), version_floor; schema_version; meaning and generation
                             -- of the catalogue, and the catalogue itself (JSON: name, text); while the file is being
                             -- migrated also migration and migrator. fingerprint turns away programs that know no
                             -- schema_version
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS turned_away BEFORE UPDATE ON store
WHEN OLD.name = 'fingerprint' AND OLD.value LIKE 'newer form%'
BEGIN SELECT RAISE(ABORT, 'it needs a newer version of identity-graph'); END;

CREATE TABLE IF NOT EXISTS dictionary (
    number  INTEGER PRIMARY KEY, -- begins the documents that are compressed by it
    records INTEGER NOT NULL,    -- how many there were when it was made
    content BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS record (
    id         INTEGER PRIMARY KEY,
    source     TEXT NOT NULL,
    key        TEXT NOT NULL,      -- canonical JSON array
    document   BLOB NOT NULL,      -- position, time and values as received
    deleted    INTEGER NOT NULL,   -- 1: a tombstone
    profile_id BLOB,               -- of a tombstone the last one
    revision   BLOB NOT NULL,      -- commit that wrote it
    UNIQUE (source, key)
);
CREATE INDEX IF NOT EXISTS record_profile ON record (profile_id) WHERE deleted = 0;

CREATE TABLE IF NOT EXISTS identifier (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    holders  INTEGER NOT NULL,     -- live records that carry it; 0: a hub, its buckets count them
    revision BLOB NOT NULL,
    UNIQUE (kind, value)
);

CREATE TABLE IF NOT EXISTS bucket (
    identifier INTEGER NOT NULL REFERENCES identifier (id),
    number     INTEGER NOT NULL,
    holders    INTEGER NOT NULL,   -- those of the identifier's records that hang on it
    revision   BLOB NOT NULL,
    PRIMARY KEY (identifier, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS has (
    identifier INTEGER NOT NULL REFERENCES identifier (id),
    record     INTEGER NOT NULL REFERENCES record (id),
    PRIMARY KEY (identifier, record)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS has_record ON has (record);

CREATE TABLE IF NOT EXISTS profile (
    profile_id BLOB PRIMARY KEY,
    version    INTEGER NOT NULL,
    status     TEXT NOT NULL,      -- live, absorbed, deleted
    document   BLOB NOT NULL,      -- the profile as readers get it
    component  BLOB,               -- ids of all profiles of its component; NULL: only its own
    guests     TEXT,               -- records that came while others were merged into it; JSON; NULL: none
    revision   BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS history (
    profile_id BLOB NOT NULL,
    version    INTEGER NOT NULL,   -- of the profile, with this step
    document   BLOB NOT NULL,
    PRIMARY KEY (profile_id, version)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS verdict (
    verdict_id TEXT PRIMARY KEY,   -- sorts by time
    document   BLOB NOT NULL,      -- JSON
    revision   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS task (
    task_id  TEXT PRIMARY KEY,     -- sorts by time
    document BLOB NOT NULL,        -- JSON
    revision TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outbox (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_id  BLOB NOT NULL,
    version     INTEGER NOT NULL,
    previous    INTEGER,           -- version before; NULL: the number before
    type        INTEGER NOT NULL,  -- see events.py
    occurred_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox_body (
    sequence INTEGER PRIMARY KEY,  -- what an event said, as long as it is kept
    data     BLOB NOT NULL,
    trace    TEXT
);
CREATE TABLE IF NOT EXISTS pending (
    writer         TEXT NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    commit_id      BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (writer, first_sequence)
) WITHOUT ROWID;                   -- commits whose events may not have been published

CREATE TABLE IF NOT EXISTS writer (
    name     TEXT PRIMARY KEY,
    claim    TEXT NOT NULL,              -- id of the claim in force
    progress TEXT,                       -- log position in force: epoch and offset; JSON array
    accepted INTEGER NOT NULL DEFAULT 0  -- greatest number given at acceptance that its commits recorded
) WITHOUT ROWID;
