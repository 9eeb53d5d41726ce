-- A dossier of papers that a person added to another one: which, and the cursor of the request that it answers.
ALTER TABLE dossier ADD COLUMN adds_to BLOB;
ALTER TABLE dossier ADD COLUMN request INTEGER;
CREATE INDEX dossier_adds_to ON dossier (adds_to) WHERE adds_to IS NOT NULL;
-- Mã TTHC, which names nobody: papers can be added when the record itself is gone. Minimal records of before have none.
ALTER TABLE dossier ADD COLUMN procedure TEXT;
UPDATE dossier SET procedure = json_extract(body, '$.procedure') WHERE NOT minimal AND json_valid(body);
