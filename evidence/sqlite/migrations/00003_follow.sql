-- +goose Up
-- Confirmations that a file is its row's document: a projection of the leaves
-- like the tables before (evidence.Columns).
CREATE TABLE "confirm" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "document" TEXT NOT NULL,
  "number" TEXT NOT NULL,
  "notation" TEXT NOT NULL,
  "date" TEXT NOT NULL,
  "by" TEXT NOT NULL,
  "person" TEXT NOT NULL,
  "note" TEXT NOT NULL,
  "denied" INTEGER NOT NULL,
  "reader" TEXT NOT NULL,
  "number_place" TEXT NOT NULL,
  "number_page" INTEGER NOT NULL,
  "date_place" TEXT NOT NULL,
  "date_page" INTEGER NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;

-- What followers keep. No projection: it can be deleted and made again.
CREATE TABLE kept_text (
  book     TEXT NOT NULL,
  document TEXT NOT NULL,
  reader   TEXT NOT NULL,
  ocr      TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  content  BLOB NOT NULL,
  PRIMARY KEY (book, document)
) STRICT;
CREATE UNIQUE INDEX kept_text_seq ON kept_text (book, seq);
CREATE TABLE place (
  book     TEXT NOT NULL,
  follower TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (book, follower)
) STRICT, WITHOUT ROWID;

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
