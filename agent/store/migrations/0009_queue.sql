-- Numbers of the queue (C24). They name nobody and stay on the device. day is the office's; number is unique in its day and group; place
-- and call come from counters, so that they rise whatever the clock says. priority is the office's id of the group, NULL for usual ones.
CREATE TABLE ticket (
    id BLOB PRIMARY KEY,
    day TEXT NOT NULL,
    code TEXT NOT NULL,
    number INTEGER NOT NULL,
    priority TEXT,
    place INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    desk INTEGER,
    absent INTEGER NOT NULL DEFAULT 0,
    call INTEGER,
    first_called INTEGER,
    called INTEGER,
    done INTEGER,
    UNIQUE (day, code, number)
) STRICT;
