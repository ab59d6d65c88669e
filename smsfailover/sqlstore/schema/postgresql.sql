-- PostgreSQL 12 or later.
-- Times are microseconds since 1970 by the server's clock; durations nanoseconds.
-- Rows die young and often: autovacuum must not wait for a fifth of the table.
CREATE TABLE IF NOT EXISTS {jobs} (
  id          TEXT COLLATE "C" PRIMARY KEY,
  tpl         TEXT     NOT NULL,
  recipient   TEXT     NOT NULL,
  idem_key    TEXT     NOT NULL,
  args        TEXT     NOT NULL,
  sealed      SMALLINT NOT NULL,
  priority    BIGINT   NOT NULL,
  not_after   BIGINT   NULL,
  attempt     BIGINT   NOT NULL,
  claims      BIGINT   NOT NULL,
  prev        BIGINT   NOT NULL,
  last_err    TEXT     NOT NULL,
  enqueued    BIGINT   NOT NULL,
  not_before  BIGINT   NOT NULL,
  state       SMALLINT NOT NULL,
  band        SMALLINT NOT NULL,
  due         BIGINT   NOT NULL,
  lease_until BIGINT   NULL,
  token       TEXT COLLATE "C" NULL,
  holder      TEXT COLLATE "C" NULL,
  owner       TEXT     NULL,
  dedupe      BYTEA    NULL
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

CREATE UNIQUE INDEX IF NOT EXISTS {prefix}dedupe ON {jobs} (dedupe);

CREATE INDEX IF NOT EXISTS {prefix}claim ON {jobs} (state, band, due, id);

CREATE INDEX IF NOT EXISTS {prefix}holder ON {jobs} (holder) WHERE holder IS NOT NULL;

CREATE TABLE IF NOT EXISTS {idem} (
  k       BYTEA  PRIMARY KEY,
  expires BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS {prefix}expires ON {idem} (expires);
