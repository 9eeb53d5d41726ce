-- When staff stopped that the proof of a filing is printed again for whoever knows the telephone number (ux.md 7.6).
ALTER TABLE dossier ADD COLUMN reprint_blocked INTEGER;
