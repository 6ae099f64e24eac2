-- and_move_revision: if {change} changed a row, tells server processes that something which they keep in memory has
WITH done AS (
  {change} RETURNING 1
), moved AS (
  UPDATE server_state SET revision = revision + 1 WHERE EXISTS (SELECT FROM done)
)
SELECT count(*) AS changed FROM done;

-- move_revision: the same after a change that took several statements
UPDATE server_state SET revision = revision + 1;

-- read_state: the clock and the revision
SELECT clock_offset_us, clock_stopped_at_us, revision FROM server_state;

-- hold_state: the same, and nobody else changes them until this transaction ends
SELECT clock_offset_us, clock_stopped_at_us, revision FROM server_state FOR UPDATE;

-- put_clock: the clock as it was changed
UPDATE server_state SET clock_offset_us = :offset_us, clock_stopped_at_us = :stopped_at_us, revision = revision + 1;

-- add_seller: a new seller, unless the id is taken
INSERT INTO sellers (seller_id, name, marketplace_ids, created_us)
VALUES (:seller_id, :name, :marketplace_ids, :created_us)
ON CONFLICT (seller_id) DO NOTHING;

-- seller: one seller
SELECT seller_id, name, marketplace_ids, created_us FROM sellers WHERE seller_id = :seller_id;

-- hold_seller: the same, and nobody else changes it until this transaction ends
SELECT seller_id, name, marketplace_ids, created_us FROM sellers WHERE seller_id = :seller_id FOR NO KEY UPDATE;

-- sellers: a page of sellers
SELECT seller_id, name, marketplace_ids, created_us FROM sellers
WHERE seller_id > :after ORDER BY seller_id LIMIT :page;

-- put_seller: a seller as it was changed
UPDATE sellers SET name = :name, marketplace_ids = :marketplace_ids WHERE seller_id = :seller_id;

-- add_application: a new application
INSERT INTO applications (application_id, name, client_id, secret_hash, secret_expires_us, roles, created_us)
VALUES (:application_id, :name, :client_id, :secret_hash, :secret_expires_us, :roles, :created_us);

-- application: one application
SELECT application_id, name, client_id, roles, secret_expires_us, created_us
FROM applications WHERE application_id = :application_id;

-- hold_application: the same, and nobody else changes it until this transaction ends
SELECT application_id, name, client_id, roles, secret_expires_us, created_us
FROM applications WHERE application_id = :application_id FOR NO KEY UPDATE;

-- applications: a page of applications
SELECT application_id, name, client_id, roles, secret_expires_us, created_us
FROM applications WHERE application_id > :after ORDER BY application_id LIMIT :page;

-- put_application: an application as it was changed
UPDATE applications SET name = :name, roles = :roles, secret_expires_us = :secret_expires_us
WHERE application_id = :application_id;

-- replace_secret: the one secret from now on
UPDATE applications SET secret_hash = :secret_hash, secret_expires_us = NULL
WHERE application_id = :application_id;

-- add_authorization: a new authorisation with its first refresh token
WITH added AS (
  INSERT INTO authorizations (authorization_id, application_id, seller_id, created_us, revoked_us)
  VALUES (:authorization_id, :application_id, :seller_id, :created_us, :revoked_us)
  RETURNING authorization_id, created_us
)
INSERT INTO refresh_tokens (token_hash, authorization_id, created_us)
SELECT :token_hash::bytea, authorization_id, created_us FROM added;

-- authorization: one authorisation
SELECT authorization_id, application_id, seller_id, created_us, revoked_us
FROM authorizations WHERE authorization_id = :authorization_id;

-- authorizations: a page of authorisations, of an application, of a seller, or of both
SELECT authorization_id, application_id, seller_id, created_us, revoked_us
FROM authorizations
WHERE authorization_id > :after
  AND (:application_id::text IS NULL OR application_id = :application_id)
  AND (:seller_id::text IS NULL OR seller_id = :seller_id)
ORDER BY authorization_id LIMIT :page;

-- revoke_authorization: ends an authorisation that is not ended
UPDATE authorizations SET revoked_us = :now_us
WHERE authorization_id = :authorization_id AND revoked_us IS NULL;

-- add_code: a new authorisation code
INSERT INTO authorization_codes (code_hash, authorization_id, redirect_uri, expires_us)
VALUES (:code_hash, :authorization_id, :redirect_uri, :expires_us);

-- usage_plans: a page of overrides
SELECT application_id, seller_id, operation, rate, burst FROM usage_plans
WHERE (application_id, seller_id, operation) > (:after_application, :after_seller, :after_operation)
ORDER BY application_id, seller_id, operation LIMIT :page;

-- put_usage_plan: adds or replaces an override
INSERT INTO usage_plans (application_id, seller_id, operation, rate, burst)
VALUES (:application_id, :seller_id, :operation, :rate, :burst)
ON CONFLICT (application_id, seller_id, operation) DO UPDATE SET rate = excluded.rate, burst = excluded.burst;

-- delete_usage_plan: gives a pair the operation's own plan again
DELETE FROM usage_plans
WHERE application_id = :application_id AND seller_id = :seller_id AND operation = :operation;
