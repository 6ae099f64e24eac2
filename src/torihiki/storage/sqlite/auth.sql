-- grant: what an access token opens, with the application as it is now
SELECT token.application_id, token.authorization_id, authorization.seller_id, application.roles, token.expires_us,
       authorization.revoked_us IS NOT NULL, application.secret_expires_us, token.resources
FROM access_tokens AS token
JOIN applications AS application ON application.application_id = token.application_id
LEFT JOIN authorizations AS authorization ON authorization.authorization_id = token.authorization_id
WHERE token.token_hash = ?;

-- application: the client that asks for a token
SELECT application_id, secret_hash, secret_expires_us FROM applications WHERE client_id = ?;

-- authorization: what a refresh token stands for
SELECT authorization.authorization_id, authorization.application_id, authorization.revoked_us IS NOT NULL
FROM refresh_tokens AS token
JOIN authorizations AS authorization ON authorization.authorization_id = token.authorization_id
WHERE token.token_hash = ?;

-- code: what a code can be exchanged for
SELECT authorization.authorization_id, authorization.application_id, authorization.revoked_us IS NOT NULL,
       code.redirect_uri, code.expires_us
FROM authorization_codes AS code
JOIN authorizations AS authorization ON authorization.authorization_id = code.authorization_id
WHERE code.code_hash = ?;

-- put_access_token: keeps an issued token
INSERT INTO access_tokens (token_hash, application_id, authorization_id, scope, issued_us, expires_us, resources)
VALUES (:token_hash, :application_id, :authorization_id, :scope, :issued_us, :expires_us, :resources);

-- purge_access_tokens: forgets a few of the tokens that ended long ago
DELETE FROM access_tokens WHERE token_hash IN
  (SELECT token_hash FROM access_tokens WHERE expires_us < :before_us ORDER BY expires_us LIMIT :steps);

-- purge_codes: forgets a few of the codes that nobody redeemed
DELETE FROM authorization_codes WHERE code_hash IN
  (SELECT code_hash FROM authorization_codes WHERE expires_us < :before_us ORDER BY expires_us LIMIT :steps);

-- take_code: removes a code; one row for the one who gets it
DELETE FROM authorization_codes WHERE code_hash = ?;

-- put_refresh_token: keeps the refresh token of a redeemed code
INSERT INTO refresh_tokens (token_hash, authorization_id, created_us)
VALUES (:token_hash, :authorization_id, :created_us);

-- plan_overrides: every plan that is not the operation's own
SELECT operation, seller_id, application_id, rate, burst FROM usage_plans;
