-- grant: what an access token opens, with the application as it is now
SELECT token.application_id, token.authorization_id, authorized.seller_id, application.roles, token.expires_us,
       authorized.revoked_us IS NOT NULL AS revoked, application.secret_expires_us, token.resources
FROM access_tokens AS token
JOIN applications AS application ON application.application_id = token.application_id
LEFT JOIN authorizations AS authorized ON authorized.authorization_id = token.authorization_id
WHERE token.token_hash = :token_hash;

-- application: the client that asks for a token
SELECT application_id, secret_hash, secret_expires_us FROM applications WHERE client_id = :client_id;

-- authorization: what a refresh token stands for
SELECT authorized.authorization_id, authorized.application_id, authorized.revoked_us IS NOT NULL AS revoked
FROM refresh_tokens AS token
JOIN authorizations AS authorized ON authorized.authorization_id = token.authorization_id
WHERE token.token_hash = :token_hash;

-- code: what a code can be exchanged for
SELECT authorized.authorization_id, authorized.application_id, authorized.revoked_us IS NOT NULL AS revoked,
       code.redirect_uri, code.expires_us
FROM authorization_codes AS code
JOIN authorizations AS authorized ON authorized.authorization_id = code.authorization_id
WHERE code.code_hash = :code_hash;

-- put_access_token: keeps an issued token, and forgets a few tokens and codes that ended long ago
WITH old_tokens AS (
  SELECT token_hash FROM access_tokens WHERE expires_us < :before_us
  ORDER BY expires_us LIMIT :steps FOR UPDATE SKIP LOCKED
), old_codes AS (
  SELECT code_hash FROM authorization_codes WHERE expires_us < :before_us
  ORDER BY expires_us LIMIT :steps FOR UPDATE SKIP LOCKED
), without_tokens AS (
  DELETE FROM access_tokens WHERE token_hash IN (SELECT token_hash FROM old_tokens)
), without_codes AS (
  DELETE FROM authorization_codes WHERE code_hash IN (SELECT code_hash FROM old_codes)
)
INSERT INTO access_tokens (token_hash, application_id, authorization_id, scope, issued_us, expires_us, resources)
VALUES (:token_hash, :application_id, :authorization_id, :scope, :issued_us, :expires_us, :resources);

-- purge_expired: forgets some of the tokens and codes that ended long ago, but for those that somebody else forgets
WITH old_tokens AS (
  SELECT token_hash FROM access_tokens WHERE expires_us < :before_us
  ORDER BY expires_us LIMIT :steps FOR UPDATE SKIP LOCKED
), old_codes AS (
  SELECT code_hash FROM authorization_codes WHERE expires_us < :before_us
  ORDER BY expires_us LIMIT :steps FOR UPDATE SKIP LOCKED
), without_tokens AS (
  DELETE FROM access_tokens WHERE token_hash IN (SELECT token_hash FROM old_tokens) RETURNING 1
), without_codes AS (
  DELETE FROM authorization_codes WHERE code_hash IN (SELECT code_hash FROM old_codes) RETURNING 1
)
SELECT (SELECT count(*) FROM without_tokens) + (SELECT count(*) FROM without_codes) AS expired;

-- redeem_code: removes a code and keeps both tokens; one row for the one who gets it
WITH taken AS (
  DELETE FROM authorization_codes WHERE code_hash = :code_hash RETURNING code_hash
), refresh AS (
  INSERT INTO refresh_tokens (token_hash, authorization_id, created_us)
  SELECT :refresh_token_hash::bytea, :authorization_id::text, :issued_us::bigint FROM taken
)
INSERT INTO access_tokens (token_hash, application_id, authorization_id, scope, issued_us, expires_us)
SELECT :token_hash::bytea, :application_id::text, :authorization_id::text, :scope::text, :issued_us::bigint,
       :expires_us::bigint
FROM taken RETURNING token_hash;

-- plan_overrides: every plan that is not the operation's own
SELECT operation, seller_id, application_id, rate, burst FROM usage_plans;
