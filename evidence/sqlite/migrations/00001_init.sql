-- +goose Up
-- The application id is "MChg": a database that has another one is not ours.
PRAGMA application_id = 0x4d436867;

-- The ledger: exact bytes, one set of rows for each book ("unit/period", or
-- "root"). Nothing here is ever updated but the right edge of the tiles and
-- the head.
CREATE TABLE head (
  book       TEXT NOT NULL PRIMARY KEY,
  origin     TEXT NOT NULL UNIQUE,
  size       INTEGER NOT NULL CHECK (size > 0),
  root       BLOB NOT NULL CHECK (length(root) = 32),
  at         TEXT NOT NULL,
  checkpoint BLOB NOT NULL
) STRICT;
CREATE TABLE entry (
  book    TEXT NOT NULL,
  idx     INTEGER NOT NULL CHECK (idx >= 0),
  leaf    BLOB NOT NULL,
  salt    BLOB,
  opening BLOB,
  PRIMARY KEY (book, idx)
) STRICT;
CREATE TABLE tile (
  book  TEXT NOT NULL,
  level INTEGER NOT NULL,
  n     INTEGER NOT NULL,
  data  BLOB NOT NULL CHECK (length(data) % 32 = 0),
  PRIMARY KEY (book, level, n)
) STRICT;

-- DER that facts and materials name. Kept for each book, so that nobody
-- reads by digest what another unit received.
CREATE TABLE blob (
  book   TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  der    BLOB NOT NULL,
  PRIMARY KEY (book, sha256)
) STRICT;

-- Projections of the leaves (evidence.Columns). They can be rebuilt from the
-- entries and are compared with them by check.
CREATE TABLE "book" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "unit" TEXT NOT NULL,
  "period" TEXT NOT NULL,
  "origin" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "unit" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "organ_id" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "roster" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "unit" TEXT NOT NULL,
  "role" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "certificate" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "valid_from" TEXT NOT NULL,
  "valid_until" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "trust" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "domain" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "removed" INTEGER NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "anchor" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "origin" TEXT NOT NULL,
  "size" INTEGER NOT NULL,
  "root" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "digest" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "sha256" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "rule" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "sha256" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "register" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "sha256" TEXT NOT NULL,
  "size" INTEGER NOT NULL,
  "name" TEXT NOT NULL,
  "secret_rows" INTEGER NOT NULL,
  "findings" INTEGER NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "row" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "series" TEXT NOT NULL,
  "number" TEXT NOT NULL,
  "notation" TEXT NOT NULL,
  "date" TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "file" TEXT NOT NULL,
  "excluded" INTEGER NOT NULL,
  "exclusion" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "approver" TEXT NOT NULL,
  "sent_at" TEXT NOT NULL,
  "channel" TEXT NOT NULL,
  "receipt" TEXT NOT NULL,
  "line" INTEGER NOT NULL,
  "withdrawn" INTEGER NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "document" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "size" INTEGER NOT NULL,
  "name" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "facts" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "reader" TEXT NOT NULL,
  "format" TEXT NOT NULL,
  "condition" TEXT NOT NULL,
  "pages" INTEGER NOT NULL,
  "signatures" INTEGER NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "verdict" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "result" TEXT NOT NULL,
  "material" TEXT NOT NULL,
  "policy" TEXT NOT NULL,
  "signatures" INTEGER NOT NULL,
  "judged_at" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "signature" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "document" TEXT NOT NULL,
  "n" INTEGER NOT NULL,
  "kind" TEXT NOT NULL,
  "indication" TEXT NOT NULL,
  "subindication" TEXT NOT NULL,
  "fingerprint" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "match" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "document" TEXT NOT NULL,
  "by" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "rowstate" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "row" TEXT NOT NULL,
  "rule" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "code" TEXT NOT NULL,
  "grade" TEXT NOT NULL,
  "reasons" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX digest_sha256 ON digest (book, type, sha256, entry);
CREATE INDEX match_document ON "match" (book, document);
CREATE INDEX signature_fingerprint ON signature (book, fingerprint);
CREATE INDEX rowstate_rule ON rowstate (book, rule, "row");

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
