-- The ledger of Amazon Pay: what happened, and the rows of reports that tell it, finished when they enter. Only appended to.

CREATE TABLE ledger_accounts (
  account_key INTEGER PRIMARY KEY,    -- short form of merchant and environment
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT NOT NULL,          -- live or sandbox
  closed_us INTEGER,                  -- the end of the last period that was closed
  UNIQUE (merchant_key, environment)
);

-- What makes an event the same when it comes again.
CREATE TABLE ledger_events (
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  object_id TEXT NOT NULL,
  state TEXT NOT NULL,
  updated_us INTEGER NOT NULL,
  PRIMARY KEY (account_key, object_id, state, updated_us)
) WITHOUT ROWID;

CREATE TABLE ledger_objects (
  object_key INTEGER PRIMARY KEY,
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  object_id TEXT NOT NULL,
  known BLOB NOT NULL,                -- sealed
  UNIQUE (account_key, object_id)
);

-- All rows of one report of an account; of a settlement, those in one currency.
CREATE TABLE ledger_series (
  series_key INTEGER PRIMARY KEY,
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  report_type TEXT NOT NULL,
  currency TEXT NOT NULL,             -- empty but for settlements
  UNIQUE (account_key, report_type, currency)
);

-- Rows of a series that came together, by their time: up to a few hundred, less than a day from first to last. Rows are
-- by time, then by run, then by place in the run. An account's run that commits later has a greater key.
CREATE TABLE ledger_runs (
  run_key INTEGER PRIMARY KEY,
  series_key INTEGER NOT NULL REFERENCES ledger_series,
  first_us INTEGER NOT NULL,
  last_us INTEGER NOT NULL,
  lines INTEGER NOT NULL,             -- how many
  layout BLOB NOT NULL,               -- fingerprint of the layout that they were made by
  times BLOB NOT NULL,                -- the time of each, eight bytes
  nets BLOB,                          -- of a settlement, what each brings the merchant in minor units, eight bytes
  body BLOB NOT NULL                  -- sealed: the rows
);
CREATE INDEX ledger_runs_first ON ledger_runs (series_key, first_us, run_key, last_us, lines);
CREATE INDEX ledger_runs_last ON ledger_runs (series_key, last_us, run_key, first_us, lines);
CREATE INDEX ledger_runs_key ON ledger_runs (series_key, run_key, first_us, last_us);

-- What the rows were made from, for the day when the layout is another one.
CREATE TABLE ledger_values (
  run_key INTEGER PRIMARY KEY REFERENCES ledger_runs,
  body BLOB NOT NULL                  -- sealed
);

-- A settlement's rows are those of its series in runs up to last_run and before end_us that are in none before it:
-- those from start_us on, and of the runs after after_run also those that came late, before start_us.
CREATE TABLE settlements (
  number INTEGER PRIMARY KEY,
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  series_key INTEGER NOT NULL REFERENCES ledger_series,
  settlement_id TEXT NOT NULL,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,            -- of an account, never less than that of the number before
  after_run INTEGER NOT NULL,
  last_run INTEGER NOT NULL,
  postings INTEGER NOT NULL,
  opening TEXT NOT NULL,              -- amounts in minor units, as digits: sums may be longer than any integer column
  net TEXT NOT NULL,
  paid TEXT NOT NULL,
  reserved TEXT NOT NULL,
  carried_over TEXT NOT NULL,
  balance_rows BLOB NOT NULL          -- what the rows before and behind the postings are made from
);
CREATE INDEX settlements_series ON settlements (series_key, number);
CREATE INDEX settlements_end ON settlements (account_key, end_us, number);
