-- Amazon Pay: merchants and their keys, reports and schedules, and the answers that idempotency keys stand for.
-- Every environment column is live or sandbox; the two are separate worlds.

CREATE TABLE pay_merchants (
  merchant_key INTEGER PRIMARY KEY,   -- short form of merchant_id in the other tables
  merchant_id TEXT NOT NULL UNIQUE,
  seller_key INTEGER NOT NULL UNIQUE REFERENCES sellers,
  region TEXT NOT NULL,               -- na, eu or jp
  created_us INTEGER NOT NULL
);

CREATE TABLE pay_keys (
  public_key_id TEXT NOT NULL PRIMARY KEY,
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT,                   -- NULL: its id names none, requests do so in their path
  public_key_pem TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  revoked_us INTEGER
) WITHOUT ROWID;

-- The table is the queue of the workers too. No key is given twice: page tokens hold keys, also of reports that are gone.
CREATE TABLE pay_reports (
  report_key INTEGER PRIMARY KEY AUTOINCREMENT,
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT NOT NULL,
  report_id TEXT NOT NULL,
  report_type TEXT NOT NULL,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  created_us INTEGER NOT NULL,        -- on the operator's clock, which can go back
  status TEXT NOT NULL,
  processing_start_us INTEGER,
  processing_end_us INTEGER,
  document_id TEXT,
  document_bytes INTEGER,
  failure TEXT NOT NULL,              -- for the operator; empty unless it failed
  settlement INTEGER,                 -- the settlement that it tells; NULL: it tells a period
  owner TEXT,                         -- the worker that holds it
  lease_us INTEGER,                   -- until when, on the machines' clocks; 0: nobody does; NULL: the report is not open
  UNIQUE (merchant_key, environment, report_id)
);
CREATE INDEX pay_reports_created ON pay_reports (merchant_key, environment, created_us, report_key);
CREATE INDEX pay_reports_filtered ON pay_reports (merchant_key, environment, report_type, status, created_us, report_key);
CREATE UNIQUE INDEX pay_reports_document ON pay_reports (document_id) WHERE document_id IS NOT NULL;
CREATE UNIQUE INDEX pay_reports_settlement ON pay_reports (settlement) WHERE settlement IS NOT NULL;
CREATE INDEX pay_reports_open ON pay_reports (report_key) WHERE lease_us IS NOT NULL;
CREATE INDEX pay_reports_age ON pay_reports (created_us, report_key) WHERE lease_us IS NULL;

CREATE TABLE pay_schedules (
  schedule_key INTEGER PRIMARY KEY,   -- in the order in which they were added
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT NOT NULL,
  schedule_id TEXT NOT NULL,
  report_type TEXT NOT NULL,
  frequency TEXT NOT NULL,
  next_us INTEGER NOT NULL,           -- when the next report is due, on the operator's clock
  UNIQUE (merchant_key, environment, report_type),
  UNIQUE (merchant_key, environment, schedule_id)
);
CREATE INDEX pay_schedules_due ON pay_schedules (next_us, schedule_key);

-- Kept for ever, as Amazon does.
CREATE TABLE pay_idempotency (
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT NOT NULL,
  scope TEXT NOT NULL,                -- method and path
  idempotency_key TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL,
  answered_us INTEGER NOT NULL,
  PRIMARY KEY (merchant_key, environment, scope, idempotency_key)
) WITHOUT ROWID;
