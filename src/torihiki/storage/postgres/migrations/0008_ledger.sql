-- The ledger of Amazon Pay: what happened, and the rows of reports that tell it, finished when they enter. Only appended to.

CREATE TABLE ledger_accounts (
  account_key INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- short form of merchant and environment
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT COLLATE "C" NOT NULL,  -- live or sandbox
  closed_us BIGINT,                   -- the end of the last period that was closed
  UNIQUE (merchant_key, environment)
);

-- What makes an event the same when it comes again.
CREATE TABLE ledger_events (
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  object_id TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  updated_us BIGINT NOT NULL,
  PRIMARY KEY (account_key, object_id, state, updated_us)
);

CREATE TABLE ledger_objects (
  object_key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  object_id TEXT COLLATE "C" NOT NULL,
  known BYTEA NOT NULL,               -- sealed
  UNIQUE (account_key, object_id)
);

-- All rows of one report of an account; of a settlement, those in one currency.
CREATE TABLE ledger_series (
  series_key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  report_type TEXT COLLATE "C" NOT NULL,
  currency TEXT COLLATE "C" NOT NULL, -- empty but for settlements
  UNIQUE (account_key, report_type, currency)
);

-- Taken while the account is locked, so that they grow with the commits of an account.
CREATE SEQUENCE ledger_run_keys;

-- Rows of a series that came together, by their time: up to a few hundred, less than a day from first to last. Rows are
-- by time, then by run, then by place in the run. An account's run that commits later has a greater key.
CREATE TABLE ledger_runs (
  run_key BIGINT PRIMARY KEY,
  series_key BIGINT NOT NULL REFERENCES ledger_series,
  first_us BIGINT NOT NULL,
  last_us BIGINT NOT NULL,
  lines INTEGER NOT NULL,             -- how many
  layout BYTEA NOT NULL,              -- fingerprint of the layout that they were made by
  times BYTEA NOT NULL,               -- the time of each, eight bytes
  nets BYTEA,                         -- of a settlement, what each brings the merchant in minor units, eight bytes
  body BYTEA NOT NULL                 -- sealed: the rows
);
CREATE INDEX ledger_runs_first ON ledger_runs (series_key, first_us, run_key, last_us, lines);
CREATE INDEX ledger_runs_last ON ledger_runs (series_key, last_us, run_key, first_us, lines);
CREATE INDEX ledger_runs_key ON ledger_runs (series_key, run_key, first_us, last_us);

-- Sealed bytes do not compress.
ALTER TABLE ledger_objects ALTER COLUMN known SET STORAGE EXTERNAL;
ALTER TABLE ledger_runs ALTER COLUMN body SET STORAGE EXTERNAL;

-- What the rows were made from, for the day when the layout is another one.
CREATE TABLE ledger_values (
  run_key BIGINT PRIMARY KEY REFERENCES ledger_runs,
  body BYTEA NOT NULL                 -- sealed
);

ALTER TABLE ledger_values ALTER COLUMN body SET STORAGE EXTERNAL;

-- A settlement's rows are those of its series in runs up to last_run and before end_us that are in none before it:
-- those from start_us on, and of the runs after after_run also those that came late, before start_us.
CREATE TABLE settlements (
  number BIGINT PRIMARY KEY,
  account_key INTEGER NOT NULL REFERENCES ledger_accounts,
  series_key BIGINT NOT NULL REFERENCES ledger_series,
  settlement_id TEXT COLLATE "C" NOT NULL,
  start_us BIGINT NOT NULL,
  end_us BIGINT NOT NULL,             -- of an account, never less than that of the number before
  after_run BIGINT NOT NULL,
  last_run BIGINT NOT NULL,
  postings BIGINT NOT NULL,
  opening TEXT NOT NULL,              -- amounts in minor units, as digits: sums may be longer than any integer column
  net TEXT NOT NULL,
  paid TEXT NOT NULL,
  reserved TEXT NOT NULL,
  carried_over TEXT NOT NULL,
  balance_rows BYTEA NOT NULL         -- what the rows before and behind the postings are made from
);
CREATE INDEX settlements_series ON settlements (series_key, number);
CREATE INDEX settlements_end ON settlements (account_key, end_us, number);
