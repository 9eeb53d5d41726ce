-- The shared engine's tables. Run at every start, under a lock: only additions that leave what is there.
CREATE TABLE IF NOT EXISTS message (
    id UUID PRIMARY KEY, number BIGINT GENERATED ALWAYS AS IDENTITY, device TEXT NOT NULL, digest TEXT NOT NULL, kind TEXT NOT NULL,
    received TEXT NOT NULL, body BYTEA NOT NULL, official_code TEXT UNIQUE, receipt TEXT, signature TEXT
);
CREATE TABLE IF NOT EXISTS file (
    message UUID NOT NULL REFERENCES message (id), position BIGINT NOT NULL, id UUID NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL, started BOOLEAN NOT NULL DEFAULT false, complete BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (message, id), UNIQUE (message, name)
);
-- What an unfinished upload holds. Two writers at the same offset: the second insert fails, and its bytes do not count.
CREATE TABLE IF NOT EXISTS part (
    message UUID NOT NULL, file UUID NOT NULL, start BIGINT NOT NULL, length BIGINT NOT NULL, object TEXT NOT NULL,
    PRIMARY KEY (message, file, start)
);
CREATE TABLE IF NOT EXISTS news (
    cursor BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device TEXT NOT NULL, dossier UUID, status SMALLINT, at TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS news_of_device ON news (device, cursor);
CREATE INDEX IF NOT EXISTS news_of_dossier ON news (dossier, cursor);
CREATE TABLE IF NOT EXISTS counter (day TEXT PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS person (
    kind TEXT NOT NULL, number TEXT NOT NULL, folded_name TEXT, technical_id TEXT, profile TEXT NOT NULL, PRIMARY KEY (kind, number)
);
CREATE TABLE IF NOT EXISTS paper (
    source TEXT NOT NULL, reference TEXT NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL, folded_name TEXT, type TEXT NOT NULL,
    issued TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (source, reference)
);
CREATE INDEX IF NOT EXISTS paper_of_person ON paper (source, kind, number, type);
CREATE TABLE IF NOT EXISTS heartbeat (device TEXT PRIMARY KEY, at TEXT NOT NULL, flag TEXT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS audit_head (
    device TEXT NOT NULL, number BIGINT NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (device, number)
);
CREATE TABLE IF NOT EXISTS catalogue (device TEXT PRIMARY KEY, version BIGINT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payment (
    dossier UUID PRIMARY KEY, device TEXT NOT NULL, code TEXT NOT NULL UNIQUE, amount BIGINT NOT NULL, paid TEXT
);
CREATE TABLE IF NOT EXISTS version (kind TEXT NOT NULL, device TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (kind, device));
