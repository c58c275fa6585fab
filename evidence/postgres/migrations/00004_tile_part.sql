-- +goose Up
-- A tile is kept in parts of 32 hashes (1 kB). A commit of one leaf used to
-- write the whole tile of up to 8 kB again, out of line; now it writes a row
-- that stays in its page.

-- The program's transactions begin with a head: who has this lock meets none
-- of them further on.
LOCK TABLE head IN ACCESS EXCLUSIVE MODE;

-- The owner sees no row while row-level security is FORCED: it is lifted here,
-- inside the transaction, and put back at the end.
ALTER TABLE tile NO FORCE ROW LEVEL SECURITY;
CREATE TABLE carried AS
  SELECT book, level, n, part, substr(data, (1024 * part + 1)::int, 1024) AS data
  FROM tile, generate_series(0::bigint, 7) part WHERE length(data) > 1024 * part;
TRUNCATE tile;
ALTER TABLE tile ADD COLUMN part bigint NOT NULL CHECK (part BETWEEN 0 AND 7),
  ADD CHECK (length(data) BETWEEN 32 AND 1024),
  DROP CONSTRAINT tile_pkey, ADD PRIMARY KEY (book, level, n, part);
INSERT INTO tile (book, level, n, part, data) SELECT book, level, n, part, data FROM carried;
DROP TABLE carried;
ALTER TABLE tile FORCE ROW LEVEL SECURITY;
ANALYZE tile;

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
