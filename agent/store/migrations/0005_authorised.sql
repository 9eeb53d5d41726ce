-- Who filed for the owner (R27), found as the owner is; none where nobody did, and in minimal records.
ALTER TABLE dossier ADD COLUMN authorised BLOB;
CREATE INDEX dossier_authorised ON dossier (authorised) WHERE authorised IS NOT NULL;
