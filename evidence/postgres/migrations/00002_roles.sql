-- +goose Up
-- Who may see and write what. The owner of the tables is none of these and
-- sees no row either: row-level security is FORCED and has no policy for it.
-- Logins are made by the administrator and put into one of these roles.
-- +goose StatementBegin
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['minhchung_app', 'minhchung_follower', 'minhchung_auditor'] LOOP
    -- An owner without CREATEROLE migrates when the administrator made them.
    CONTINUE WHEN EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name);
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- roles are of the whole server; another database made it
    END;
  END LOOP;
END $$;
-- +goose StatementEnd

-- The units of the running transaction: '*' for all, else ids with commas
-- between them, set by SET LOCAL. Unset, nothing is seen.
-- +goose StatementBegin
CREATE FUNCTION minhchung_units() RETURNS text STABLE LANGUAGE sql
RETURN coalesce(current_setting('minhchung.units', true), '');
-- +goose StatementEnd

-- Reading a column through "(SELECT f())" asks once a statement, not once a
-- row.
-- +goose StatementBegin
DO $$
DECLARE
  t text;
  seen text := $p$((SELECT minhchung_units()) = '*' OR (book <> 'root' AND split_part(book, '/', 1) = ANY (string_to_array((SELECT minhchung_units()), ','))))$p$;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND c.relname NOT IN ('application', 'goose_db_version') LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    -- A partition has no grants and no policies: it is reached through its
    -- parent or not at all.
    CONTINUE WHEN (SELECT relispartition FROM pg_class WHERE oid = format('%I', t)::regclass);
    EXECUTE format('GRANT SELECT ON %I TO minhchung_app, minhchung_follower, minhchung_auditor', t);
    EXECUTE format('GRANT INSERT ON %I TO minhchung_app', t);
    EXECUTE format('CREATE POLICY units_select ON %I FOR SELECT TO minhchung_app, minhchung_auditor USING (%s)', t, seen);
    EXECUTE format('CREATE POLICY units_insert ON %I FOR INSERT TO minhchung_app WITH CHECK (%s)', t, seen);
    EXECUTE format('CREATE POLICY units_update ON %I FOR UPDATE TO minhchung_app USING (%s) WITH CHECK (%s)', t, seen, seen);
    EXECUTE format('CREATE POLICY units_delete ON %I FOR DELETE TO minhchung_app USING (%s)', t, seen);
    EXECUTE format('CREATE POLICY follower_select ON %I FOR SELECT TO minhchung_follower USING (true)', t);
    EXECUTE format('CREATE POLICY follower_insert ON %I FOR INSERT TO minhchung_follower WITH CHECK (book = ''root'')', t);
    EXECUTE format('CREATE POLICY follower_update ON %I FOR UPDATE TO minhchung_follower USING (book = ''root'') WITH CHECK (book = ''root'')', t);
    -- Entries and blobs are never rewritten, not even by the program.
    IF t NOT IN ('entry', 'blob') THEN
      EXECUTE format('GRANT UPDATE ON %I TO minhchung_app', t);
    END IF;
  END LOOP;
END $$;
-- +goose StatementEnd
GRANT DELETE ON "match", attachment, counter TO minhchung_app;
-- Followers keep what they made of any book, and anchor books in the root book.
GRANT INSERT, UPDATE ON kept_text, place TO minhchung_follower;
CREATE POLICY follower_keeps ON kept_text FOR INSERT TO minhchung_follower WITH CHECK (true);
CREATE POLICY follower_keeps_again ON kept_text FOR UPDATE TO minhchung_follower USING (true);
CREATE POLICY follower_keeps ON place FOR INSERT TO minhchung_follower WITH CHECK (true);
CREATE POLICY follower_keeps_again ON place FOR UPDATE TO minhchung_follower USING (true);
GRANT INSERT ON head, entry, tile, "book", anchor TO minhchung_follower;
GRANT UPDATE ON head, tile, "book", anchor TO minhchung_follower;
GRANT SELECT ON application, goose_db_version TO minhchung_app, minhchung_follower, minhchung_auditor;

-- What the root book says about a unit is for those who see the unit; what is
-- trusted is for everybody who sees one.
CREATE POLICY root_unit ON "unit" FOR SELECT TO minhchung_app, minhchung_auditor
  USING (book = 'root' AND key = ANY (string_to_array((SELECT minhchung_units()), ',')));
CREATE POLICY root_book ON "book" FOR SELECT TO minhchung_app, minhchung_auditor
  USING (book = 'root' AND unit = ANY (string_to_array((SELECT minhchung_units()), ',')));
CREATE POLICY root_roster ON roster FOR SELECT TO minhchung_app, minhchung_auditor
  USING (book = 'root' AND unit = ANY (string_to_array((SELECT minhchung_units()), ',')));
CREATE POLICY root_trust ON trust FOR SELECT TO minhchung_app, minhchung_auditor
  USING (book = 'root' AND (SELECT minhchung_units()) <> '');
CREATE POLICY root_entry ON entry FOR SELECT TO minhchung_app, minhchung_auditor
  USING (book = 'root' AND (idx IN (SELECT r.entry FROM roster r WHERE r.book = 'root') OR idx IN (SELECT t.entry FROM trust t WHERE t.book = 'root')));

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
