-- to_sign: waits for the office's signatures and is not sent before. unstamped: how often the time-stamp authority gave no stamp
-- although the hub could be reached.
ALTER TABLE outbox ADD COLUMN to_sign INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN unstamped INTEGER NOT NULL DEFAULT 0;

-- When the PDF was signed, the name in the signer's certificate, and the time in the stamp over both.
ALTER TABLE pdf ADD COLUMN signed INTEGER;
ALTER TABLE pdf ADD COLUMN signer TEXT;
ALTER TABLE pdf ADD COLUMN stamped INTEGER;
