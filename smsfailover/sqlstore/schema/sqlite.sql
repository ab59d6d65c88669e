-- SQLite 3.32 or later.
-- Times are microseconds since 1970 by the machine's clock; durations nanoseconds.
CREATE TABLE IF NOT EXISTS {jobs} (
  id          BLOB    NOT NULL PRIMARY KEY,
  tpl         BLOB    NOT NULL,
  recipient   BLOB    NOT NULL,
  idem_key    BLOB    NOT NULL,
  args        BLOB    NOT NULL,
  sealed      INTEGER NOT NULL,
  priority    INTEGER NOT NULL,
  not_after   INTEGER NULL,
  attempt     INTEGER NOT NULL,
  claims      INTEGER NOT NULL,
  prev        INTEGER NOT NULL,
  last_err    BLOB    NOT NULL,
  enqueued    INTEGER NOT NULL,
  not_before  INTEGER NOT NULL,
  state       INTEGER NOT NULL,
  band        INTEGER NOT NULL,
  due         INTEGER NOT NULL,
  lease_until INTEGER NULL,
  token       BLOB    NULL,
  holder      BLOB    NULL,
  owner       BLOB    NULL,
  dedupe      BLOB    NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS {prefix}dedupe ON {jobs} (dedupe);

CREATE INDEX IF NOT EXISTS {prefix}claim ON {jobs} (state, band, due, id);

CREATE INDEX IF NOT EXISTS {prefix}holder ON {jobs} (holder) WHERE holder IS NOT NULL;

CREATE TABLE IF NOT EXISTS {idem} (
  k       BLOB    NOT NULL PRIMARY KEY,
  expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS {prefix}expires ON {idem} (expires);
