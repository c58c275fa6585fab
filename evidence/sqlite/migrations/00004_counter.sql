-- +goose Up
-- How many rows of a book have each state, kept in the commit that changes a
-- state and compared with the leaves by check (evidence.Counter).
CREATE TABLE counter (
  book   TEXT NOT NULL,
  period TEXT NOT NULL, -- that of the book, so that all books of one are found
  rule   TEXT NOT NULL,
  state  TEXT NOT NULL,
  code   TEXT NOT NULL,
  grade  TEXT NOT NULL,
  total  INTEGER NOT NULL,
  PRIMARY KEY (book, rule, state, code, grade)
) STRICT, WITHOUT ROWID;
CREATE INDEX counter_period ON counter (period, rule);
INSERT INTO counter (book, period, rule, state, code, grade, total)
  SELECT book, substr(book, instr(book, '/') + 1), rule, state, code, grade, count(*)
  FROM rowstate GROUP BY book, rule, state, code, grade;

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
