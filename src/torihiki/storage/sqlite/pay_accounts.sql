-- move_revision: tells server processes that something which they keep in memory has changed
UPDATE server_state SET revision = revision + 1;

-- key: one key
SELECT public_key_id, merchant_id, environment, public_key_pem, pay_keys.created_us, revoked_us
FROM pay_keys JOIN pay_merchants USING (merchant_key)
WHERE public_key_id = :public_key_id;

-- add_key: a new key, unless the id is taken
INSERT INTO pay_keys (public_key_id, merchant_key, environment, public_key_pem, created_us)
VALUES (:public_key_id, (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id),
        :environment, :public_key_pem, :created_us)
ON CONFLICT (public_key_id) DO NOTHING;

-- keys: a page of keys, of a merchant or of all
SELECT public_key_id, merchant_id, environment, public_key_pem, pay_keys.created_us, revoked_us
FROM pay_keys JOIN pay_merchants USING (merchant_key)
WHERE public_key_id > :after AND (:merchant_id IS NULL OR merchant_id = :merchant_id)
ORDER BY public_key_id LIMIT :page;

-- revoke_key: ends a key that is not ended
UPDATE pay_keys SET revoked_us = :now_us WHERE public_key_id = :public_key_id AND revoked_us IS NULL;

-- add_merchant: a new merchant, unless the id is taken or the seller has one
INSERT INTO pay_merchants (merchant_id, seller_key, region, created_us)
VALUES (:merchant_id, (SELECT seller_key FROM sellers WHERE seller_id = :seller_id), :region, :created_us)
ON CONFLICT DO NOTHING;

-- merchant: one merchant
SELECT merchant_id, seller_id, region, pay_merchants.created_us
FROM pay_merchants JOIN sellers USING (seller_key)
WHERE merchant_id = :merchant_id;

-- merchants: a page of merchants, of a seller or of all
SELECT merchant_id, seller_id, region, pay_merchants.created_us
FROM pay_merchants JOIN sellers USING (seller_key)
WHERE merchant_id > :after AND (:seller_id IS NULL OR seller_id = :seller_id)
ORDER BY merchant_id LIMIT :page;

-- first_answer: what an idempotency key stands for
SELECT scope, idempotency_key, request_hash, status, body, answered_us FROM pay_idempotency
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment AND scope = :scope AND idempotency_key = :idempotency_key;

-- keep_first_answer: what it stands for from now on, unless it has an answer
INSERT INTO pay_idempotency (merchant_key, environment, scope, idempotency_key, request_hash, status, body, answered_us)
VALUES ((SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id), :environment, :scope, :idempotency_key,
        :request_hash, :status, :body, :answered_us)
ON CONFLICT (merchant_key, environment, scope, idempotency_key) DO NOTHING;
