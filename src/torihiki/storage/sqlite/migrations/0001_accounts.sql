-- Who may call, and the operator's clock. Secrets and tokens are kept as SHA-256 hashes only.

CREATE TABLE server_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  clock_offset_us INTEGER NOT NULL,   -- the operator's clock minus the machine's, while it runs
  clock_stopped_at_us INTEGER,        -- what a stopped clock shows
  revision INTEGER NOT NULL           -- moves when anything changes that server processes keep in memory
);
INSERT INTO server_state (id, clock_offset_us, clock_stopped_at_us, revision) VALUES (1, 0, NULL, 1);

CREATE TABLE sellers (
  seller_key INTEGER PRIMARY KEY,     -- short form of seller_id in the orders' indexes
  seller_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  marketplace_ids TEXT NOT NULL,      -- JSON list
  created_us INTEGER NOT NULL
);

CREATE TABLE applications (
  application_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  client_id TEXT NOT NULL UNIQUE,
  secret_hash BLOB NOT NULL,
  secret_expires_us INTEGER,
  roles TEXT NOT NULL,                -- JSON list
  created_us INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE authorizations (
  authorization_id TEXT NOT NULL PRIMARY KEY,
  application_id TEXT NOT NULL REFERENCES applications,
  seller_id TEXT NOT NULL REFERENCES sellers (seller_id),
  created_us INTEGER NOT NULL,
  revoked_us INTEGER
) WITHOUT ROWID;

CREATE TABLE refresh_tokens (
  token_hash BLOB NOT NULL PRIMARY KEY,
  authorization_id TEXT NOT NULL REFERENCES authorizations,
  created_us INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE authorization_codes (
  code_hash BLOB NOT NULL PRIMARY KEY,
  authorization_id TEXT NOT NULL REFERENCES authorizations,
  redirect_uri TEXT,                  -- what the exchange must repeat; NULL: not checked
  expires_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_us);

CREATE TABLE access_tokens (
  token_hash BLOB NOT NULL PRIMARY KEY,
  application_id TEXT NOT NULL REFERENCES applications,
  authorization_id TEXT REFERENCES authorizations,  -- NULL: a grantless token
  scope TEXT,                         -- what a grantless token opens
  issued_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX access_tokens_expiry ON access_tokens (expires_us);

CREATE TABLE usage_plans (
  application_id TEXT NOT NULL REFERENCES applications,
  seller_id TEXT NOT NULL REFERENCES sellers (seller_id),
  operation TEXT NOT NULL,
  rate REAL NOT NULL,
  burst INTEGER NOT NULL,
  PRIMARY KEY (application_id, seller_id, operation)
) WITHOUT ROWID;
