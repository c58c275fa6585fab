-- +goose Up
-- Evidence for criteria: the scheme in force, links between criteria and
-- documents, and explanations where evidence is missing. Projections of the
-- leaves like the tables before (evidence.Columns).
CREATE TABLE "scheme" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "sha256" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "attachment" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "criterion" TEXT NOT NULL,
  "document" TEXT NOT NULL,
  "scheme" TEXT NOT NULL,
  "pages" TEXT NOT NULL,
  "note" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "explanation" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "criterion" TEXT NOT NULL,
  "scheme" TEXT NOT NULL,
  "text" TEXT NOT NULL,
  "document" TEXT NOT NULL,
  "withdrawn" INTEGER NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
