-- Boot id, and milliseconds since that boot: the order of events where the wall clock lies. Rows from before have none.
ALTER TABLE audit ADD COLUMN boot BLOB;
ALTER TABLE audit ADD COLUMN mono INTEGER;

-- What the hub asked or told about a dossier beyond its status: supplement requests, results.
CREATE TABLE news (
    cursor INTEGER PRIMARY KEY,
    dossier BLOB NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX news_dossier ON news (dossier, cursor);

-- minimal: the hub has the whole; code, status and times are left here. retention: R58, how long those stay.
ALTER TABLE dossier ADD COLUMN minimal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dossier ADD COLUMN retention TEXT NOT NULL DEFAULT 'management';
CREATE INDEX dossier_whole ON dossier (delivered) WHERE NOT minimal AND delivered IS NOT NULL;

-- refused: how often the hub refused this very message. announced: the hub knows the record, its files are on their way.
ALTER TABLE outbox ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;
