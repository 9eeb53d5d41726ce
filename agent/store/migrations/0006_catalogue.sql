-- Catalogues of procedures that the hub has signed: the one in force, and those whose first day has not come.
CREATE TABLE catalogue (
    version INTEGER PRIMARY KEY,
    effective TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
