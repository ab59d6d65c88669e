-- MySQL 8.0 or later, MariaDB 10.6 or later.
-- Strings are bytes: no collation may take two numbers for one.
-- Times are microseconds since 1970 by the server's clock; durations nanoseconds.
CREATE TABLE IF NOT EXISTS {jobs} (
  id          VARBINARY(64)   NOT NULL,
  tpl         VARBINARY(128)  NOT NULL,
  recipient   VARBINARY(64)   NOT NULL,
  idem_key    VARBINARY(200)  NOT NULL,
  args        MEDIUMBLOB      NOT NULL,
  sealed      TINYINT         NOT NULL,
  priority    BIGINT          NOT NULL,
  not_after   BIGINT          NULL,
  attempt     BIGINT          NOT NULL,
  claims      BIGINT          NOT NULL,
  prev        BIGINT          NOT NULL,
  last_err    VARBINARY(1024) NOT NULL,
  enqueued    BIGINT          NOT NULL,
  not_before  BIGINT          NOT NULL,
  state       TINYINT         NOT NULL,
  band        TINYINT         NOT NULL,
  due         BIGINT          NOT NULL,
  lease_until BIGINT          NULL,
  token       VARBINARY(128)  NULL,
  holder      VARBINARY(64)   NULL,
  owner       VARBINARY(128)  NULL,
  dedupe      BINARY(32)      NULL,
  PRIMARY KEY (id),
  UNIQUE KEY {prefix}dedupe (dedupe),
  KEY {prefix}claim (state, band, due, id),
  KEY {prefix}holder (holder)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS {idem} (
  k       BINARY(32) NOT NULL,
  expires BIGINT     NOT NULL,
  PRIMARY KEY (k),
  KEY {prefix}expires (expires)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
