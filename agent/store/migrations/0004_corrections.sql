-- What people asked to have corrected (Luật 91/2025 Điều 4). owner finds the person, as in dossier.
CREATE TABLE correction (
    id BLOB PRIMARY KEY,
    owner BLOB NOT NULL,
    body TEXT NOT NULL,
    asked INTEGER NOT NULL,
    delivered INTEGER,
    receipt TEXT,
    boot BLOB,
    mono INTEGER
) STRICT;
CREATE INDEX correction_owner ON correction (owner, asked);

-- What a waiting correction waits for: the dossiers it names, which are the person's older ones, as long as they wait themselves.
CREATE VIEW ahead AS
    SELECT correction.id AS correction, waits.id AS id, waits.code AS code, waits.quarantined AS quarantined, waits.sequence AS sequence
    FROM correction
    JOIN outbox AS own ON own.id = correction.id
    JOIN dossier ON dossier.owner = correction.owner
    JOIN outbox AS waits ON waits.id = dossier.id
    WHERE waits.sequence < own.sequence;
