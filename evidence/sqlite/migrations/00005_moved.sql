-- +goose Up
-- Departures to and arrivals from other installations: a projection of the
-- leaves (evidence.Columns).
CREATE TABLE "moved" (
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  "step" TEXT NOT NULL,
  "place" TEXT NOT NULL,
  "entry" INTEGER NOT NULL,
  PRIMARY KEY (book, key)
) STRICT, WITHOUT ROWID;

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
