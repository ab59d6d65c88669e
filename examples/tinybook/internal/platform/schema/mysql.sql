CREATE TABLE IF NOT EXISTS users (
  id            BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email         VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NULL UNIQUE,
  phone         VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NULL UNIQUE,
  password_hash VARCHAR(72)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  nickname      VARCHAR(40)  NOT NULL DEFAULT '',
  birthday      VARCHAR(10)  NOT NULL DEFAULT '',
  about_me      VARCHAR(800) NOT NULL DEFAULT '',
  created_at    BIGINT       NOT NULL,
  updated_at    BIGINT       NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS articles (
  id                BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  author_id         BIGINT       NOT NULL,
  title             VARCHAR(400) NOT NULL,
  content           MEDIUMTEXT   NOT NULL,
  status            TINYINT      NOT NULL,
  version           BIGINT       NOT NULL,
  published_version BIGINT       NOT NULL DEFAULT 0,
  created_at        BIGINT       NOT NULL,
  updated_at        BIGINT       NOT NULL,
  KEY articles_of_author (author_id, updated_at, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS article_keys (
  author_id  BIGINT      NOT NULL,
  client_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  article_id BIGINT      NOT NULL,
  PRIMARY KEY (author_id, client_key)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS published_articles (
  id           BIGINT        NOT NULL PRIMARY KEY,
  author_id    BIGINT        NOT NULL,
  title        VARCHAR(400)  NOT NULL,
  abstract     VARCHAR(1000) NOT NULL,
  content      MEDIUMTEXT    NOT NULL,
  status       TINYINT       NOT NULL,
  published_at BIGINT        NOT NULL,
  updated_at   BIGINT        NOT NULL,
  KEY published_feed (status, published_at, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS interactives (
  biz           VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  biz_id        BIGINT      NOT NULL,
  read_count    BIGINT      NOT NULL DEFAULT 0,
  like_count    BIGINT      NOT NULL DEFAULT 0,
  collect_count BIGINT      NOT NULL DEFAULT 0,
  listed        TINYINT     NOT NULL DEFAULT 0,
  version       BIGINT      NOT NULL DEFAULT 0,
  unsent        TINYINT     NOT NULL DEFAULT 0,
  PRIMARY KEY (biz, biz_id),
  KEY interactives_by_likes (biz, listed, like_count, biz_id),
  KEY interactives_unsent (biz, unsent, biz_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS like_records (
  biz        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  biz_id     BIGINT      NOT NULL,
  uid        BIGINT      NOT NULL,
  status     TINYINT     NOT NULL,
  updated_at BIGINT      NOT NULL,
  PRIMARY KEY (biz, biz_id, uid)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS collect_records (
  biz        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  biz_id     BIGINT      NOT NULL,
  uid        BIGINT      NOT NULL,
  cid        BIGINT      NOT NULL,
  status     TINYINT     NOT NULL,
  updated_at BIGINT      NOT NULL,
  PRIMARY KEY (biz, biz_id, uid),
  KEY collect_records_of_user (biz, uid, status, updated_at, biz_id, cid)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS consumed_offsets (
  consumer    VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  topic       VARCHAR(249) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  part        INT          NOT NULL,
  next_offset BIGINT       NOT NULL,
  PRIMARY KEY (consumer, topic, part)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
