-- +goose Up
-- Counters are asked for by book alone.
DROP INDEX counter_period;

-- +goose Down
-- There is no way back: a ledger only grows.
SELECT 1;
