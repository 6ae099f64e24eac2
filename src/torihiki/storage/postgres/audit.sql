-- append: one answer that showed restricted data
INSERT INTO audit (at_us, seller_id, application_id, token_id, request_id, operation, elements, order_numbers)
VALUES (:at_us, :seller_id, :application_id, :token_id, :request_id, :operation, :elements, :order_numbers);

-- bound: the last of the entries that one call looks at, and the one after it, if there is one
SELECT at_us, entry_key FROM audit
WHERE {seller} (at_us, entry_key) < (:before_us, :before_key) AND at_us >= :since_us
ORDER BY at_us DESC, entry_key DESC LIMIT 2 OFFSET :looked_at::bigint - 1;

-- entries: what matches among them
SELECT at_us, entry_key, seller_id, application_id, token_id, request_id, operation, elements, order_numbers
FROM audit
WHERE {seller} (at_us, entry_key) < (:before_us, :before_key) AND (at_us, entry_key) >= (:bound_us, :bound_key)
  AND (:application_id::text IS NULL OR application_id = :application_id)
  AND (:operation::text IS NULL OR operation = :operation)
  AND (:order_number::bigint IS NULL OR :order_number = ANY (order_numbers))
ORDER BY at_us DESC, entry_key DESC LIMIT :page;

-- purge: forgets the oldest entries, but for those that somebody else is forgetting
WITH old AS (
  SELECT entry_key FROM audit WHERE at_us < :before_us ORDER BY at_us, entry_key LIMIT :page FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM audit WHERE entry_key IN (SELECT entry_key FROM old) RETURNING 1
)
SELECT count(*) AS entries FROM gone;
