-- Times are microseconds since 1970 UTC; ids are the 16 bytes of the UUID.

-- One random key per draft or dossier, wrapped. Without its row the files are noise for ever.
CREATE TABLE data_key (
    dossier BLOB PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;

-- Sealed files in blobs/<id>.
CREATE TABLE file (
    id BLOB PRIMARY KEY,
    dossier BLOB NOT NULL REFERENCES data_key (dossier),
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    media TEXT NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX file_dossier ON file (dossier);

CREATE TABLE draft (
    id BLOB PRIMARY KEY,
    owner BLOB NOT NULL,
    body BLOB NOT NULL,
    saved INTEGER NOT NULL
) STRICT;
CREATE INDEX draft_owner ON draft (owner, saved);

-- body is the immutable dossier as JSON; the columns beside it are for lists and look-ups.
CREATE TABLE dossier (
    id BLOB PRIMARY KEY,
    code TEXT NOT NULL UNIQUE COLLATE NOCASE,
    owner BLOB NOT NULL,
    procedure_vi TEXT NOT NULL,
    procedure_en TEXT NOT NULL,
    pages INTEGER NOT NULL,
    body TEXT NOT NULL,
    submitted INTEGER NOT NULL,
    official_code TEXT COLLATE NOCASE,
    status INTEGER,
    known_at INTEGER NOT NULL,
    delivered INTEGER,
    receipt TEXT,
    slip TEXT NOT NULL DEFAULT 'none'
) STRICT;
CREATE INDEX dossier_submitted ON dossier (submitted);
CREATE INDEX dossier_owner ON dossier (owner, submitted);
CREATE INDEX dossier_official_code ON dossier (official_code);
CREATE INDEX dossier_delivered ON dossier (delivered);
CREATE INDEX dossier_open_slip ON dossier (submitted) WHERE slip IN ('none', 'started');

CREATE TABLE pdf (
    dossier BLOB NOT NULL REFERENCES dossier (id),
    document BLOB NOT NULL,
    file BLOB NOT NULL REFERENCES file (id),
    PRIMARY KEY (dossier, document)
) STRICT;

CREATE TABLE handover (
    id BLOB PRIMARY KEY,
    body TEXT NOT NULL,
    closed INTEGER NOT NULL,
    delivered INTEGER,
    receipt TEXT
) STRICT;

-- quarantined: its record cannot be read; it waits for a technician and blocks nobody.
CREATE TABLE outbox (
    id BLOB PRIMARY KEY,
    sequence INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    since INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL,
    problem TEXT NOT NULL DEFAULT '',
    quarantined INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_next_try ON outbox (next_try);

-- The exact bytes that were sent, so that every repeat is the same message. Apart from the outbox, which
-- is read whole and often.
CREATE TABLE frozen (
    id BLOB PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
    message BLOB NOT NULL
) STRICT;

-- 'sequence', 'inbox_cursor', 'code <device> <day>'. A number that was given is never given again.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

-- Each hash covers the one before it. at is NULL where the event has no time of its own.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER,
    event TEXT NOT NULL,
    subject BLOB NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
