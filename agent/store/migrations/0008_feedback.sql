-- Opinions (R16) and ratings (R17). They belong to no dossier and to nobody here. kind is that of the outbox row; body is the record as
-- JSON; code is an opinion's own, NULL for ratings.
CREATE TABLE feedback (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    code TEXT UNIQUE COLLATE NOCASE,
    body TEXT NOT NULL,
    given INTEGER NOT NULL,
    delivered INTEGER,
    receipt TEXT,
    boot BLOB,
    mono INTEGER
) STRICT;
CREATE INDEX feedback_delivered ON feedback (delivered);
