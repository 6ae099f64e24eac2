-- seal_lock: held by all who seal, so that a resealing waits for what older keys are sealing
SELECT pg_advisory_xact_lock_shared(:lock::bigint);

-- reseal_lock: held by one at a time, while nobody else seals
SELECT pg_advisory_xact_lock(:lock::bigint);

-- number_lock: held by one at a time, from the giving of a settlement's number to its commit
SELECT pg_advisory_xact_lock(:lock::bigint);

-- merchants: those of a list that exist
SELECT merchant_key, merchant_id, region, created_us FROM pay_merchants WHERE merchant_id = ANY (:merchants::text[]);

-- add_accounts: accounts, unless they are there; they come sorted, so that nobody waits in a circle
INSERT INTO ledger_accounts (merchant_key, environment)
SELECT merchant_key, environment
FROM unnest(:merchant_keys::integer[], :environments::text[]) AS wanted (merchant_key, environment)
WHERE NOT EXISTS (SELECT FROM ledger_accounts AS account
                  WHERE (account.merchant_key, account.environment) = (wanted.merchant_key, wanted.environment))
ORDER BY merchant_key, environment
ON CONFLICT (merchant_key, environment) DO NOTHING;

-- lock_accounts: accounts, for one at a time, all in one order
SELECT account_key, merchant_key, environment, closed_us FROM ledger_accounts
WHERE (merchant_key, environment) IN (SELECT * FROM unnest(:merchant_keys::integer[], :environments::text[]))
ORDER BY account_key FOR NO KEY UPDATE;

-- events: which of a list are there, by their places in it
SELECT wanted.place
FROM unnest(:account_keys::integer[], :object_ids::text[], :states::text[], :updated_us::bigint[])
  WITH ORDINALITY AS wanted (account_key, object_id, state, updated_us, place)
JOIN ledger_events AS event USING (account_key, object_id, state, updated_us);

-- add_events: events that are not there
INSERT INTO ledger_events (account_key, object_id, state, updated_us)
SELECT * FROM unnest(:account_keys::integer[], :object_ids::text[], :states::text[], :updated_us::bigint[]);

-- known: what is known of some objects
SELECT wanted.place, known
FROM unnest(:account_keys::integer[], :object_ids::text[]) WITH ORDINALITY AS wanted (account_key, object_id, place)
JOIN ledger_objects USING (account_key, object_id);

-- put_known: what is known now
INSERT INTO ledger_objects (account_key, object_id, known)
SELECT * FROM unnest(:account_keys::integer[], :object_ids::text[], :known::bytea[])
ON CONFLICT (account_key, object_id) DO UPDATE SET known = excluded.known;

-- series: the key of a series
SELECT series_key FROM ledger_series
WHERE account_key = :account_key AND report_type = :report_type AND currency = :currency;

-- add_series: a series that is not there
INSERT INTO ledger_series (account_key, report_type, currency) VALUES (:account_key, :report_type, :currency)
RETURNING series_key;

-- run_keys: for some runs, while the account is locked
SELECT nextval('ledger_run_keys') AS run_key FROM generate_series(1, :count::integer) ORDER BY run_key;

-- add_runs: runs of a series
INSERT INTO ledger_runs (run_key, series_key, first_us, last_us, lines, layout, times, nets, body)
SELECT run_key, :series_key, first_us, last_us, lines, :layout, times, nets, body
FROM unnest(:run_keys::bigint[], :first_us::bigint[], :last_us::bigint[], :lines::integer[], :times::bytea[],
            :nets::bytea[], :bodies::bytea[]) AS run (run_key, first_us, last_us, lines, times, nets, body);

-- add_values: what their rows were made from
INSERT INTO ledger_values (run_key, body) SELECT * FROM unnest(:run_keys::bigint[], :values::bytea[]);

-- close_account: until then
UPDATE ledger_accounts SET closed_us = :until_us WHERE account_key = :account_key;

-- currencies: the series that an account's settlements are made of
SELECT series_key, currency FROM ledger_series
WHERE account_key = :account_key AND report_type = :report_type ORDER BY currency;

-- last_settlement: the last one of a series
SELECT end_us, last_run, reserved, carried_over FROM settlements WHERE series_key = :series_key
ORDER BY number DESC LIMIT 1;

-- last_run: the last run of a series
SELECT max(run_key) AS run_key FROM ledger_runs WHERE series_key = :series_key;

-- runs_between: the next runs with postings of a stretch of time, and maybe of other times
SELECT first_us, run_key, times, nets FROM ledger_runs
WHERE series_key = :series_key AND (first_us, run_key) > (:place_us::bigint, :place_key::bigint)
  AND first_us < :before_us AND last_us >= :start_us
ORDER BY first_us, run_key LIMIT :page;

-- late_runs: the next runs of postings that all came after the settlement that they belonged to
SELECT run_key, times, nets FROM ledger_runs
WHERE series_key = :series_key AND run_key > :place_key AND last_us < :start_us
ORDER BY run_key LIMIT :page;

-- next_number: of the settlement to come
SELECT coalesce(max(number), 0) + 1 AS number FROM settlements;

-- add_settlement: a settlement
INSERT INTO settlements (number, account_key, series_key, settlement_id, start_us, end_us, after_run, last_run, postings,
                         opening, net, paid, reserved, carried_over, balance_rows)
VALUES (:number, :account_key, :series_key, :settlement_id, :start_us, :end_us, :after_run, :last_run, :postings,
        :opening, :net, :paid, :reserved, :carried_over, :balance_rows);

-- open: each currency of each merchant, or of one, with what is settled in it and what waits
SELECT merchant_id, region, created_us, closed_us, series.series_key, last.end_us, last.last_run, last.reserved,
       last.carried_over,
  (SELECT min(first_us) FROM ledger_runs AS run WHERE run.series_key = series.series_key) AS first_us,
  (SELECT min(first_us) FROM ledger_runs AS run
   WHERE run.series_key = series.series_key AND run_key > last.last_run AND first_us < last.end_us) AS late_us,
  (SELECT min(first_us) FROM ledger_runs AS run
   WHERE run.series_key = series.series_key AND first_us >= coalesce(last.end_us, :ever_us)) AS next_us
FROM pay_merchants JOIN ledger_accounts AS account USING (merchant_key) JOIN ledger_series AS series USING (account_key)
LEFT JOIN settlements AS last
  ON last.number = (SELECT max(number) FROM settlements WHERE settlements.series_key = series.series_key)
WHERE environment = :environment AND report_type = :report_type
  AND (:merchant_id::text IS NULL OR merchant_id = :merchant_id)
ORDER BY merchant_id;

-- around: the times of runs that began before an instant and go on behind it
SELECT times FROM ledger_runs
WHERE series_key = :series_key AND first_us > :reach_us AND first_us < :end_us AND last_us >= :end_us;

-- disbursements: settlements that paid something, the newest first
SELECT number, currency, settlement_id, start_us, end_us, postings, opening, net, paid, reserved, carried_over
FROM settlements JOIN ledger_series USING (series_key)
WHERE settlements.account_key = (SELECT account_key FROM ledger_accounts JOIN pay_merchants USING (merchant_key)
                                 WHERE merchant_id = :merchant_id AND environment = :environment)
  AND end_us >= :start_us AND end_us < :before_us AND number < :before_number AND paid <> '0'
ORDER BY end_us DESC, number DESC LIMIT :page;

-- sealed_runs: what is sealed of runs
SELECT run_key, merchant_id, environment, report_type, currency, ledger_runs.body AS lines, ledger_values.body AS values
FROM ledger_runs JOIN ledger_values USING (run_key) JOIN ledger_series USING (series_key)
JOIN ledger_accounts USING (account_key) JOIN pay_merchants USING (merchant_key)
WHERE run_key > :after ORDER BY run_key LIMIT :page;

-- reseal_run: its rows under another key
UPDATE ledger_runs SET body = :sealed WHERE run_key = :run_key;

-- reseal_values: and what they were made from
UPDATE ledger_values SET body = :sealed WHERE run_key = :run_key;

-- sealed_objects: what is sealed of objects
SELECT object_key, merchant_id, environment, object_id, known
FROM ledger_objects JOIN ledger_accounts USING (account_key) JOIN pay_merchants USING (merchant_key)
WHERE object_key > :after ORDER BY object_key LIMIT :page;

-- reseal_object: what is known of one under another key
UPDATE ledger_objects SET known = :sealed WHERE object_key = :object_key;
