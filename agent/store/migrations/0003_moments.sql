-- When a record was made, by a clock that nobody can set wrongly: boot id, and milliseconds since that boot. Rows from before have none.
ALTER TABLE dossier ADD COLUMN boot BLOB;
ALTER TABLE dossier ADD COLUMN mono INTEGER;
ALTER TABLE handover ADD COLUMN boot BLOB;
ALTER TABLE handover ADD COLUMN mono INTEGER;
