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
