CREATE TABLE IF NOT EXISTS users (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  email         TEXT UNIQUE,
  phone         TEXT UNIQUE,
  password_hash TEXT NOT NULL DEFAULT '',
  nickname      TEXT NOT NULL DEFAULT '',
  birthday      TEXT NOT NULL DEFAULT '',
  about_me      TEXT NOT NULL DEFAULT '',
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS articles (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  author_id         INTEGER NOT NULL,
  title             TEXT    NOT NULL,
  content           TEXT    NOT NULL,
  status            INTEGER NOT NULL,
  version           INTEGER NOT NULL,
  published_version INTEGER NOT NULL DEFAULT 0,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS articles_of_author ON articles (author_id, updated_at, id);
CREATE TABLE IF NOT EXISTS article_keys (
  author_id  INTEGER NOT NULL,
  client_key TEXT    NOT NULL,
  article_id INTEGER NOT NULL,
  PRIMARY KEY (author_id, client_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS published_articles (
  id           INTEGER PRIMARY KEY,
  author_id    INTEGER NOT NULL,
  title        TEXT    NOT NULL,
  abstract     TEXT    NOT NULL,
  content      TEXT    NOT NULL,
  status       INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS published_feed ON published_articles (status, published_at, id);
CREATE TABLE IF NOT EXISTS interactives (
  biz           TEXT    NOT NULL,
  biz_id        INTEGER NOT NULL,
  read_count    INTEGER NOT NULL DEFAULT 0,
  like_count    INTEGER NOT NULL DEFAULT 0,
  collect_count INTEGER NOT NULL DEFAULT 0,
  listed        INTEGER NOT NULL DEFAULT 0,
  version       INTEGER NOT NULL DEFAULT 0,
  unsent        INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (biz, biz_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS interactives_by_likes ON interactives (biz, listed, like_count, biz_id);
CREATE INDEX IF NOT EXISTS interactives_unsent ON interactives (biz, unsent, biz_id);
CREATE TABLE IF NOT EXISTS like_records (
  biz        TEXT    NOT NULL,
  biz_id     INTEGER NOT NULL,
  uid        INTEGER NOT NULL,
  status     INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (biz, biz_id, uid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS collect_records (
  biz        TEXT    NOT NULL,
  biz_id     INTEGER NOT NULL,
  uid        INTEGER NOT NULL,
  cid        INTEGER NOT NULL,
  status     INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (biz, biz_id, uid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS collect_records_of_user ON collect_records (biz, uid, status, updated_at, biz_id, cid);
CREATE TABLE IF NOT EXISTS consumed_offsets (
  consumer    TEXT    NOT NULL,
  topic       TEXT    NOT NULL,
  part        INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  PRIMARY KEY (consumer, topic, part)
) WITHOUT ROWID;
