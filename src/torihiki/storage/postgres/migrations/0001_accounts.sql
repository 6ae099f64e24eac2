-- Who may call, and the operator's clock. Secrets and tokens are kept as SHA-256 hashes only.
-- Ids are compared byte by byte, whatever the database's collation is.

CREATE TABLE server_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  clock_offset_us BIGINT NOT NULL,    -- the operator's clock minus the machine's, while it runs
  clock_stopped_at_us BIGINT,         -- what a stopped clock shows
  revision BIGINT NOT NULL            -- moves when anything changes that server processes keep in memory
);
INSERT INTO server_state (id, clock_offset_us, clock_stopped_at_us, revision) VALUES (1, 0, NULL, 1);

CREATE TABLE sellers (
  seller_key INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- short form of seller_id in the orders' indexes
  seller_id TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT NOT NULL,
  marketplace_ids TEXT NOT NULL,      -- JSON list
  created_us BIGINT NOT NULL
);

CREATE TABLE applications (
  application_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  client_id TEXT COLLATE "C" NOT NULL UNIQUE,
  secret_hash BYTEA NOT NULL,
  secret_expires_us BIGINT,
  roles TEXT NOT NULL,                -- JSON list
  created_us BIGINT NOT NULL
);

CREATE TABLE authorizations (
  authorization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  application_id TEXT COLLATE "C" NOT NULL REFERENCES applications,
  seller_id TEXT COLLATE "C" NOT NULL REFERENCES sellers (seller_id),
  created_us BIGINT NOT NULL,
  revoked_us BIGINT
);

CREATE TABLE refresh_tokens (
  token_hash BYTEA NOT NULL PRIMARY KEY,
  authorization_id TEXT COLLATE "C" NOT NULL REFERENCES authorizations,
  created_us BIGINT NOT NULL
);

CREATE TABLE authorization_codes (
  code_hash BYTEA NOT NULL PRIMARY KEY,
  authorization_id TEXT COLLATE "C" NOT NULL REFERENCES authorizations,
  redirect_uri TEXT,                  -- what the exchange must repeat; NULL: not checked
  expires_us BIGINT NOT NULL
);
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_us);

CREATE TABLE access_tokens (
  token_hash BYTEA NOT NULL PRIMARY KEY,
  application_id TEXT COLLATE "C" NOT NULL REFERENCES applications,
  authorization_id TEXT COLLATE "C" REFERENCES authorizations,  -- NULL: a grantless token
  scope TEXT,                         -- what a grantless token opens
  issued_us BIGINT NOT NULL,
  expires_us BIGINT NOT NULL
);
CREATE INDEX access_tokens_expiry ON access_tokens (expires_us);

CREATE TABLE usage_plans (
  application_id TEXT COLLATE "C" NOT NULL REFERENCES applications,
  seller_id TEXT COLLATE "C" NOT NULL REFERENCES sellers (seller_id),
  operation TEXT COLLATE "C" NOT NULL,
  rate DOUBLE PRECISION NOT NULL,
  burst BIGINT NOT NULL,
  PRIMARY KEY (application_id, seller_id, operation)
);
