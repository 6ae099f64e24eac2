-- Amazon Pay: merchants and their keys, reports and schedules, and the answers that idempotency keys stand for.
-- Every environment column is live or sandbox; the two are separate worlds. Ids are compared byte by byte.

CREATE TABLE pay_merchants (
  merchant_key INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- short form of merchant_id in the other tables
  merchant_id TEXT COLLATE "C" NOT NULL UNIQUE,
  seller_key INTEGER NOT NULL UNIQUE REFERENCES sellers,
  region TEXT NOT NULL,               -- na, eu or jp
  created_us BIGINT NOT NULL
);

CREATE TABLE pay_keys (
  public_key_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT COLLATE "C",       -- NULL: its id names none, requests do so in their path
  public_key_pem TEXT NOT NULL,
  created_us BIGINT NOT NULL,
  revoked_us BIGINT
);

-- The table is the queue of the workers too. No key is given twice: page tokens hold keys, also of reports that are gone.
CREATE TABLE pay_reports (
  report_key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT COLLATE "C" NOT NULL,
  report_id TEXT COLLATE "C" NOT NULL,
  report_type TEXT COLLATE "C" NOT NULL,
  start_us BIGINT NOT NULL,
  end_us BIGINT NOT NULL,
  created_us BIGINT NOT NULL,         -- on the operator's clock, which can go back
  status TEXT COLLATE "C" NOT NULL,
  processing_start_us BIGINT,
  processing_end_us BIGINT,
  document_id TEXT COLLATE "C",
  document_bytes BIGINT,
  failure TEXT NOT NULL,              -- for the operator; empty unless it failed
  settlement BIGINT,                  -- the settlement that it tells; NULL: it tells a period
  owner TEXT,                         -- the worker that holds it
  lease_us BIGINT,                    -- until when, on the machines' clocks; 0: nobody does; NULL: the report is not open
  UNIQUE (merchant_key, environment, report_id)
);
CREATE INDEX pay_reports_created ON pay_reports (merchant_key, environment, created_us, report_key);
CREATE INDEX pay_reports_filtered ON pay_reports (merchant_key, environment, report_type, status, created_us, report_key);
CREATE UNIQUE INDEX pay_reports_document ON pay_reports (document_id) WHERE document_id IS NOT NULL;
CREATE UNIQUE INDEX pay_reports_settlement ON pay_reports (settlement) WHERE settlement IS NOT NULL;
CREATE INDEX pay_reports_open ON pay_reports (report_key) WHERE lease_us IS NOT NULL;
CREATE INDEX pay_reports_age ON pay_reports (created_us, report_key) WHERE lease_us IS NULL;

CREATE TABLE pay_schedules (
  schedule_key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- in the order in which they were added
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT COLLATE "C" NOT NULL,
  schedule_id TEXT COLLATE "C" NOT NULL,
  report_type TEXT COLLATE "C" NOT NULL,
  frequency TEXT NOT NULL,
  next_us BIGINT NOT NULL,            -- when the next report is due, on the operator's clock
  UNIQUE (merchant_key, environment, report_type),
  UNIQUE (merchant_key, environment, schedule_id)
);
CREATE INDEX pay_schedules_due ON pay_schedules (next_us, schedule_key);

-- Kept for ever, as Amazon does.
CREATE TABLE pay_idempotency (
  merchant_key INTEGER NOT NULL REFERENCES pay_merchants,
  environment TEXT COLLATE "C" NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,    -- method and path
  idempotency_key TEXT COLLATE "C" NOT NULL,
  request_hash BYTEA NOT NULL,
  status INTEGER NOT NULL,
  body BYTEA NOT NULL,
  answered_us BIGINT NOT NULL,
  PRIMARY KEY (merchant_key, environment, scope, idempotency_key)
);
