-- How often the printing of a paper was begun, so that the next one says which reprint it is (ux.md 7.6). slip: the dossier or handover;
-- copy: of a dossier 0 its proof, -1 that of its payment, else the cursor of the news on it; of a handover 1 the courier's, 2 the office's.
CREATE TABLE paper (
    slip BLOB NOT NULL,
    copy INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    PRIMARY KEY (slip, copy)
) STRICT, WITHOUT ROWID;
-- Whether paper came of a slip that was closed nobody knows any more: one too many is called a reprint rather than one too few.
INSERT INTO paper (slip, copy, begun) SELECT id, 0, 1 FROM dossier WHERE slip <> 'none';
INSERT INTO paper (slip, copy, begun) SELECT id, 1, 1 FROM handover WHERE printed >= 1;
INSERT INTO paper (slip, copy, begun) SELECT id, 2, 1 FROM handover WHERE printed >= 2;
CREATE TRIGGER dossier_gone AFTER DELETE ON dossier BEGIN DELETE FROM paper WHERE slip = OLD.id; END;
CREATE TRIGGER handover_gone AFTER DELETE ON handover BEGIN DELETE FROM paper WHERE slip = OLD.id; END;
-- What the proof of the filing says, as JSON; it names nobody. phone: HMAC of the last four digits of the telephone number that was left.
-- wrong, wrong_at: digits that were not these, and when the last ones came.
ALTER TABLE dossier ADD COLUMN proof TEXT;
ALTER TABLE dossier ADD COLUMN phone BLOB;
ALTER TABLE dossier ADD COLUMN wrong INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dossier ADD COLUMN wrong_at INTEGER;
-- Lệ phí in đồng as it was when the dossier was filed; when a code to pay it with was first shown; the platform's number of the
-- transaction once it has said that the money has come (R15). Of dossiers of before nothing is known.
ALTER TABLE dossier ADD COLUMN fee INTEGER;
ALTER TABLE dossier ADD COLUMN fee_begun INTEGER;
ALTER TABLE dossier ADD COLUMN fee_paid TEXT;
