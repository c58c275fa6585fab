-- +goose Up
-- The column "book" begins with the period from here on, and the large tables
-- have a partition for each year of periods: "Partitions" in the package
-- comment says why. Rows are copied once, into tables that take the place and
-- the names of the old ones, so this needs free room for as much again.

-- The program's transactions begin with a head: who has this lock meets none
-- of them further on.
LOCK TABLE head IN ACCESS EXCLUSIVE MODE;

-- Makes the partitions of a year ("2025"), of the root book ("root") or of the
-- periods that begin with no year ("other") that are not there yet. It is the
-- only way of the program to make tables, and there are a hundred years: who
-- may call it can do no more with it. ATTACH lets others read and write the
-- tables meanwhile; CREATE TABLE … PARTITION OF would not.
-- +goose StatementBegin
CREATE FUNCTION minhchung_make_partitions(part text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  parent text;
  bounds text;
BEGIN
  IF part IS NULL OR part !~ '^(root|other|20[0-9][0-9])$' THEN
    RAISE EXCEPTION 'there are no partitions of %', coalesce(quote_literal(part), 'NULL') USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- No character of a period or unit is behind '~'.
  bounds := CASE part WHEN 'other' THEN $b$FROM ('~') TO (MAXVALUE)$b$ ELSE format('FROM (%L) TO (%L)', part, part || '~') END;
  PERFORM pg_advisory_xact_lock(hashtextextended('minhchung_make_partitions', 2));
  FOR parent IN
    SELECT c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND p.partstrat = 'r' AND NOT EXISTS (
      SELECT 1 FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
      WHERE i.inhparent = c.oid AND child.relname = c.relname || '_' || part)
    ORDER BY c.relname
  LOOP
    -- ATTACH makes the indexes.
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES)', parent || '_' || part, parent);
    -- Reached through its parent or not at all: no grants, no policies.
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', parent || '_' || part);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES %s', parent, parent || '_' || part, bounds);
  END LOOP;
END $$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION minhchung_make_partitions(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION minhchung_make_partitions(text) TO minhchung_app;
-- It runs as the owner: its names are those of this schema, whatever the
-- caller's search_path or temporary tables are.
-- +goose StatementBegin
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION minhchung_make_partitions(text) SET search_path = %I, pg_temp', current_schema());
END $$;
-- +goose StatementEnd

-- "unit/period" as it is written from here on; the driver's column does the
-- same.
-- +goose StatementBegin
CREATE FUNCTION minhchung_period_first(book text) RETURNS text IMMUTABLE LANGUAGE sql
RETURN CASE
  WHEN book = 'root' THEN book
  WHEN split_part(book, '/', 2) ~ '^20[0-9][0-9]' THEN split_part(book, '/', 2) || '/' || split_part(book, '/', 1)
  ELSE '~' || split_part(book, '/', 2) || '/' || split_part(book, '/', 1)
END;
-- +goose StatementEnd

-- The owner sees no row while row-level security is FORCED: it is lifted here,
-- inside the transaction, and put back at the end.
-- +goose StatementBegin
DO $$
DECLARE
  t text;
  part text;
  key text;
  others text;
  large text[] := ARRAY['blob', 'confirm', 'digest', 'document', 'entry', 'facts', 'kept_text', 'match', 'row', 'rowstate', 'signature', 'verdict'];
  small text[] := ARRAY(SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND NOT c.relispartition AND c.relname NOT IN ('application', 'goose_db_version') ORDER BY c.relname);
  seen text := $p$((SELECT minhchung_units()) = '*' OR (book <> 'root' AND split_part(book, '/', 2) = ANY (string_to_array((SELECT minhchung_units()), ','))))$p$;
BEGIN
  FOREACH t IN ARRAY large LOOP
    EXECUTE format('ALTER TABLE %I RENAME TO %I', t, t || '_old');
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t || '_old');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING CONSTRAINTS) PARTITION BY RANGE (book)', t, t || '_old');
  END LOOP;
  PERFORM minhchung_make_partitions('root'), minhchung_make_partitions('other');

  FOREACH t IN ARRAY large || small LOOP
    -- All columns but book, which is the first.
    others := (SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum) FROM pg_attribute
      WHERE attrelid = format('%I', t)::regclass AND attnum > 1 AND NOT attisdropped);
    IF t = ANY (large) THEN
      FOR part IN EXECUTE format('SELECT DISTINCT substr(minhchung_period_first(book), 1, 4) FROM %I', t || '_old') LOOP
        IF part ~ '^20[0-9][0-9]$' THEN
          PERFORM minhchung_make_partitions(part);
        END IF;
      END LOOP;
      EXECUTE format('INSERT INTO %I (book, %s) SELECT minhchung_period_first(book), %2$s FROM %I', t, others, t || '_old');
      -- The names of its indexes are free for the new ones.
      SELECT pg_get_constraintdef(c.oid) INTO STRICT key FROM pg_constraint c WHERE c.conrelid = format('%I', t || '_old')::regclass AND c.contype = 'p';
      EXECUTE format('DROP TABLE %I', t || '_old');
      EXECUTE format('ALTER TABLE %I ADD %s', t, key);
    ELSE
      -- Not by UPDATE: while it runs, a new name may be another book's old one.
      EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t);
      EXECUTE format('CREATE TABLE carried AS TABLE %I', t);
      EXECUTE format('TRUNCATE %I', t);
      EXECUTE format('INSERT INTO %I (book, %s) SELECT minhchung_period_first(book), %2$s FROM carried', t, others);
      DROP TABLE carried;
    END IF;
  END LOOP;

  FOREACH t IN ARRAY small LOOP
    EXECUTE format('ALTER POLICY units_select ON %I USING (%s)', t, seen);
    EXECUTE format('ALTER POLICY units_insert ON %I WITH CHECK (%s)', t, seen);
    EXECUTE format('ALTER POLICY units_update ON %I USING (%s) WITH CHECK (%2$s)', t, seen);
    EXECUTE format('ALTER POLICY units_delete ON %I USING (%s)', t, seen);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
  END LOOP;
  -- The same as in 00002 for tables that are new.
  FOREACH t IN ARRAY large LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('GRANT SELECT ON %I TO minhchung_app, minhchung_follower, minhchung_auditor', t);
    EXECUTE format('GRANT INSERT ON %I TO minhchung_app', t);
    EXECUTE format('CREATE POLICY units_select ON %I FOR SELECT TO minhchung_app, minhchung_auditor USING (%s)', t, seen);
    EXECUTE format('CREATE POLICY units_insert ON %I FOR INSERT TO minhchung_app WITH CHECK (%s)', t, seen);
    EXECUTE format('CREATE POLICY units_update ON %I FOR UPDATE TO minhchung_app USING (%s) WITH CHECK (%2$s)', t, seen);
    EXECUTE format('CREATE POLICY units_delete ON %I FOR DELETE TO minhchung_app USING (%s)', t, seen);
    EXECUTE format('CREATE POLICY follower_select ON %I FOR SELECT TO minhchung_follower USING (true)', t);
    EXECUTE format('CREATE POLICY follower_insert ON %I FOR INSERT TO minhchung_follower WITH CHECK (book = ''root'')', t);
    EXECUTE format('CREATE POLICY follower_update ON %I FOR UPDATE TO minhchung_follower USING (book = ''root'') WITH CHECK (book = ''root'')', t);
    IF t NOT IN ('entry', 'blob') THEN
      EXECUTE format('GRANT UPDATE ON %I TO minhchung_app', t);
    END IF;
  END LOOP;
END $$;
-- +goose StatementEnd
DROP FUNCTION minhchung_period_first(text);

GRANT DELETE ON "match" TO minhchung_app;
GRANT INSERT, UPDATE ON kept_text TO minhchung_follower;
GRANT INSERT ON entry TO minhchung_follower;
CREATE POLICY follower_keeps ON kept_text FOR INSERT TO minhchung_follower WITH CHECK (true);
CREATE POLICY follower_keeps_again ON kept_text FOR UPDATE TO minhchung_follower USING (true);
CREATE POLICY root_entry ON entry FOR SELECT TO minhchung_app, minhchung_auditor
  USING (book = 'root' AND (idx IN (SELECT r.entry FROM roster r WHERE r.book = 'root') OR idx IN (SELECT t.entry FROM trust t WHERE t.book = 'root')));

-- Counters are asked for by book alone.
DROP INDEX counter_period;
CREATE UNIQUE INDEX kept_text_seq ON kept_text (book, seq);
CREATE INDEX digest_sha256 ON digest (book, type, sha256, entry);
CREATE INDEX match_document ON "match" (book, document);
CREATE INDEX signature_fingerprint ON signature (book, fingerprint);
CREATE INDEX rowstate_rule ON rowstate (book, rule, "row");
-- Nothing is known yet of what was just copied.
ANALYZE blob, confirm, digest, document, entry, facts, kept_text, "match", "row", rowstate, signature, verdict;

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
