-- Handovers of parcels (ux.md 7.4). No names of people in any of these.
-- What the desk has announced for couriers; body is an ExpectedParcel as JSON.
CREATE TABLE expected_parcel (
    code TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    entered INTEGER NOT NULL
) STRICT;
-- Half done, one for each courier; body is an OpenHandover as JSON, written anew with each parcel.
CREATE TABLE open_handover (
    id BLOB PRIMARY KEY,
    courier TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    saved INTEGER NOT NULL
) STRICT;
-- Wrong PINs in a row, and until when none is taken.
CREATE TABLE pin_try (
    who TEXT PRIMARY KEY,
    wrong INTEGER NOT NULL,
    locked INTEGER
) STRICT;
-- Copies of the slip that are on paper. Those of before had none.
ALTER TABLE handover ADD COLUMN printed INTEGER NOT NULL DEFAULT 2;
