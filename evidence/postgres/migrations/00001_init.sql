-- +goose Up
-- Text is kept in the order of its bytes, as SQLite keeps it. U+0000, which
-- PostgreSQL has no room for, is written as two characters (text.go).

-- Marks the database as ours: "MChg".
CREATE TABLE application (id bigint PRIMARY KEY);
INSERT INTO application VALUES (1296263271);

-- The ledger: exact bytes, one set of rows for each book ("unit/period", or
-- "root"). Nothing here is ever updated but the right edge of the tiles and
-- the head.
CREATE TABLE head (
  book       text COLLATE "C" PRIMARY KEY,
  origin     text COLLATE "C" NOT NULL UNIQUE,
  size       bigint NOT NULL CHECK (size > 0),
  root       bytea NOT NULL CHECK (length(root) = 32),
  at         text COLLATE "C" NOT NULL,
  checkpoint bytea NOT NULL
);
CREATE TABLE entry (
  book    text COLLATE "C" NOT NULL,
  idx     bigint NOT NULL CHECK (idx >= 0),
  leaf    bytea NOT NULL,
  salt    bytea,
  opening bytea,
  PRIMARY KEY (book, idx)
) PARTITION BY HASH (book);
CREATE TABLE tile (
  book  text COLLATE "C" NOT NULL,
  level bigint NOT NULL,
  n     bigint NOT NULL,
  data  bytea NOT NULL CHECK (length(data) % 32 = 0),
  PRIMARY KEY (book, level, n)
);

-- DER that facts and materials name, for each book.
CREATE TABLE blob (
  book   text COLLATE "C" NOT NULL,
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  der    bytea NOT NULL,
  PRIMARY KEY (book, sha256)
) PARTITION BY HASH (book);

-- How many rows of a book have each state (evidence.Counter).
CREATE TABLE counter (
  book   text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  rule   text COLLATE "C" NOT NULL,
  state  text COLLATE "C" NOT NULL,
  code   text COLLATE "C" NOT NULL,
  grade  text COLLATE "C" NOT NULL,
  total  bigint NOT NULL,
  PRIMARY KEY (book, rule, state, code, grade)
);
CREATE INDEX counter_period ON counter (period, rule);

-- Projections of the leaves (evidence.Columns).
CREATE TABLE "book" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "unit" text COLLATE "C" NOT NULL,
  "period" text COLLATE "C" NOT NULL,
  "origin" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "unit" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "organ_id" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "roster" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "unit" text COLLATE "C" NOT NULL,
  "role" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "certificate" text COLLATE "C" NOT NULL,
  "subject" text COLLATE "C" NOT NULL,
  "valid_from" text COLLATE "C" NOT NULL,
  "valid_until" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "trust" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "domain" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "removed" bigint NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "anchor" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "origin" text COLLATE "C" NOT NULL,
  "size" bigint NOT NULL,
  "root" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "digest" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "type" text COLLATE "C" NOT NULL,
  "sha256" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "rule" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "sha256" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "register" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "sha256" text COLLATE "C" NOT NULL,
  "size" bigint NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "secret_rows" bigint NOT NULL,
  "findings" bigint NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "row" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "series" text COLLATE "C" NOT NULL,
  "number" text COLLATE "C" NOT NULL,
  "notation" text COLLATE "C" NOT NULL,
  "date" text COLLATE "C" NOT NULL,
  "type" text COLLATE "C" NOT NULL,
  "subject" text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "file" text COLLATE "C" NOT NULL,
  "excluded" bigint NOT NULL,
  "exclusion" text COLLATE "C" NOT NULL,
  "reason" text COLLATE "C" NOT NULL,
  "approver" text COLLATE "C" NOT NULL,
  "sent_at" text COLLATE "C" NOT NULL,
  "channel" text COLLATE "C" NOT NULL,
  "receipt" text COLLATE "C" NOT NULL,
  "line" bigint NOT NULL,
  "withdrawn" bigint NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "document" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "size" bigint NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "facts" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "reader" text COLLATE "C" NOT NULL,
  "format" text COLLATE "C" NOT NULL,
  "condition" text COLLATE "C" NOT NULL,
  "pages" bigint NOT NULL,
  "signatures" bigint NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "verdict" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "result" text COLLATE "C" NOT NULL,
  "material" text COLLATE "C" NOT NULL,
  "policy" text COLLATE "C" NOT NULL,
  "signatures" bigint NOT NULL,
  "judged_at" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "signature" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  "n" bigint NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "indication" text COLLATE "C" NOT NULL,
  "subindication" text COLLATE "C" NOT NULL,
  "fingerprint" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "match" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  "by" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "rowstate" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "row" text COLLATE "C" NOT NULL,
  "rule" text COLLATE "C" NOT NULL,
  "state" text COLLATE "C" NOT NULL,
  "code" text COLLATE "C" NOT NULL,
  "grade" text COLLATE "C" NOT NULL,
  "reasons" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);
CREATE TABLE "scheme" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "sha256" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "attachment" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "criterion" text COLLATE "C" NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  "scheme" text COLLATE "C" NOT NULL,
  "pages" text COLLATE "C" NOT NULL,
  "note" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "explanation" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "criterion" text COLLATE "C" NOT NULL,
  "scheme" text COLLATE "C" NOT NULL,
  "text" text COLLATE "C" NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  "withdrawn" bigint NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);
CREATE TABLE "confirm" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  "number" text COLLATE "C" NOT NULL,
  "notation" text COLLATE "C" NOT NULL,
  "date" text COLLATE "C" NOT NULL,
  "by" text COLLATE "C" NOT NULL,
  "person" text COLLATE "C" NOT NULL,
  "note" text COLLATE "C" NOT NULL,
  "denied" bigint NOT NULL,
  "reader" text COLLATE "C" NOT NULL,
  "number_place" text COLLATE "C" NOT NULL,
  "number_page" bigint NOT NULL,
  "date_place" text COLLATE "C" NOT NULL,
  "date_page" bigint NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
) PARTITION BY HASH (book);

CREATE TABLE "moved" (
  book text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "step" text COLLATE "C" NOT NULL,
  "place" text COLLATE "C" NOT NULL,
  "entry" bigint NOT NULL,
  PRIMARY KEY (book, key)
);

-- What followers keep. No projection: it can be deleted and made again.
CREATE TABLE kept_text (
  book     text COLLATE "C" NOT NULL,
  document text COLLATE "C" NOT NULL,
  reader   text COLLATE "C" NOT NULL,
  ocr      text COLLATE "C" NOT NULL,
  seq      bigint NOT NULL,
  content  bytea NOT NULL,
  PRIMARY KEY (book, document)
) PARTITION BY HASH (book);
CREATE TABLE place (
  book     text COLLATE "C" NOT NULL,
  follower text COLLATE "C" NOT NULL,
  at       bigint NOT NULL,
  PRIMARY KEY (book, follower)
);
CREATE UNIQUE INDEX kept_text_seq ON kept_text (book, seq);
CREATE INDEX digest_sha256 ON digest (book, type, sha256, entry);
CREATE INDEX match_document ON "match" (book, document);
CREATE INDEX signature_fingerprint ON signature (book, fingerprint);
CREATE INDEX rowstate_rule ON rowstate (book, rule, "row");

-- Partitions by a hash of the book, see the package comment.
-- +goose StatementBegin
DO $$
DECLARE parent text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['entry', 'blob', 'kept_text', 'confirm', 'digest', 'row', 'document', 'facts', 'verdict', 'signature', 'match', 'rowstate'] LOOP
    FOR n IN 0..7 LOOP
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)', parent || '_' || n, parent, n);
    END LOOP;
  END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
