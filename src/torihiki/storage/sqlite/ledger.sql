-- merchants: those of a list that exist
SELECT merchant_key, merchant_id, region, created_us FROM pay_merchants
WHERE merchant_id IN (SELECT value FROM json_each(:merchants));

-- add_account: an account, unless it is there
INSERT INTO ledger_accounts (merchant_key, environment) VALUES (:merchant_key, :environment)
ON CONFLICT (merchant_key, environment) DO NOTHING;

-- account: an account, and until when it is closed
SELECT account_key, closed_us FROM ledger_accounts WHERE merchant_key = :merchant_key AND environment = :environment;

-- has_event: whether an event is there
SELECT 1 FROM ledger_events WHERE account_key = ? AND object_id = ? AND state = ? AND updated_us = ?;

-- add_event: an event that is not there
INSERT INTO ledger_events (account_key, object_id, state, updated_us) VALUES (?, ?, ?, ?);

-- known: what is known of an object
SELECT known FROM ledger_objects WHERE account_key = ? AND object_id = ?;

-- put_known: what is known now
INSERT INTO ledger_objects (account_key, object_id, known) VALUES (?, ?, ?)
ON CONFLICT (account_key, object_id) DO UPDATE SET known = excluded.known;

-- series: the key of a series
SELECT series_key FROM ledger_series
WHERE account_key = :account_key AND report_type = :report_type AND currency = :currency;

-- add_series: a series that is not there
INSERT INTO ledger_series (account_key, report_type, currency) VALUES (:account_key, :report_type, :currency)
RETURNING series_key;

-- next_run: the key of the next run
SELECT coalesce(max(run_key), 0) + 1 FROM ledger_runs;

-- add_run: a run
INSERT INTO ledger_runs (run_key, series_key, first_us, last_us, lines, layout, times, nets, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- add_values: what its rows were made from
INSERT INTO ledger_values (run_key, body) VALUES (?, ?);

-- close_account: until then
UPDATE ledger_accounts SET closed_us = :until_us WHERE account_key = :account_key;

-- currencies: the series that an account's settlements are made of
SELECT series_key, currency FROM ledger_series
WHERE account_key = :account_key AND report_type = :report_type ORDER BY currency;

-- last_settlement: the last one of a series
SELECT end_us, last_run, reserved, carried_over FROM settlements WHERE series_key = :series_key
ORDER BY number DESC LIMIT 1;

-- last_run: the last run of a series
SELECT max(run_key) FROM ledger_runs WHERE series_key = :series_key;

-- runs_between: runs with postings of a stretch of time, and maybe of other times
SELECT run_key, times, nets FROM ledger_runs INDEXED BY ledger_runs_first
WHERE series_key = :series_key AND first_us > :reach_us AND first_us < :before_us AND last_us >= :start_us;

-- late_runs: runs of postings that all came after the settlement that they belonged to
SELECT times, nets FROM ledger_runs INDEXED BY ledger_runs_key
WHERE series_key = :series_key AND run_key > :after_run AND last_us < :start_us;

-- next_number: of the settlement to come
SELECT coalesce(max(number), 0) + 1 FROM settlements;

-- add_settlement: a settlement
INSERT INTO settlements (number, account_key, series_key, settlement_id, start_us, end_us, after_run, last_run, postings,
                         opening, net, paid, reserved, carried_over, balance_rows)
VALUES (:number, :account_key, :series_key, :settlement_id, :start_us, :end_us, :after_run, :last_run, :postings,
        :opening, :net, :paid, :reserved, :carried_over, :balance_rows);

-- open: each currency of each merchant, or of one, with what is settled in it and what waits
SELECT merchant_id, region, created_us, closed_us, series.series_key, last.end_us, last.last_run, last.reserved,
       last.carried_over,
  (SELECT min(first_us) FROM ledger_runs AS run WHERE run.series_key = series.series_key) AS first_us,
  (SELECT min(first_us) FROM ledger_runs AS run INDEXED BY ledger_runs_key
   WHERE run.series_key = series.series_key AND run_key > last.last_run AND first_us < last.end_us) AS late_us,
  (SELECT min(first_us) FROM ledger_runs AS run
   WHERE run.series_key = series.series_key AND first_us >= coalesce(last.end_us, :ever_us)) AS next_us
FROM pay_merchants JOIN ledger_accounts AS account USING (merchant_key) JOIN ledger_series AS series USING (account_key)
LEFT JOIN settlements AS last
  ON last.number = (SELECT max(number) FROM settlements WHERE settlements.series_key = series.series_key)
WHERE environment = :environment AND report_type = :report_type
  AND (:merchant_id IS NULL OR merchant_id = :merchant_id)
ORDER BY merchant_id;

-- around: the times of runs that began before an instant and go on behind it
SELECT times FROM ledger_runs INDEXED BY ledger_runs_first
WHERE series_key = :series_key AND first_us > :reach_us AND first_us < :end_us AND last_us >= :end_us;

-- disbursements: settlements that paid something, the newest first
SELECT number, currency, settlement_id, start_us, end_us, postings, opening, net, paid, reserved, carried_over
FROM settlements JOIN ledger_series USING (series_key)
WHERE settlements.account_key = (SELECT account_key FROM ledger_accounts JOIN pay_merchants USING (merchant_key)
                                 WHERE merchant_id = :merchant_id AND environment = :environment)
  AND end_us >= :start_us AND end_us < :before_us AND number < :before_number AND paid <> '0'
ORDER BY end_us DESC, number DESC LIMIT :page;

-- sealed_runs: what is sealed of runs
SELECT run_key, merchant_id, environment, report_type, currency, ledger_runs.body, ledger_values.body
FROM ledger_runs JOIN ledger_values USING (run_key) JOIN ledger_series USING (series_key)
JOIN ledger_accounts USING (account_key) JOIN pay_merchants USING (merchant_key)
WHERE run_key > :after ORDER BY run_key LIMIT :page;

-- reseal_run: its rows under another key
UPDATE ledger_runs SET body = ? WHERE run_key = ?;

-- reseal_values: and what they were made from
UPDATE ledger_values SET body = ? WHERE run_key = ?;

-- sealed_objects: what is sealed of objects
SELECT object_key, merchant_id, environment, object_id, known
FROM ledger_objects JOIN ledger_accounts USING (account_key) JOIN pay_merchants USING (merchant_key)
WHERE object_key > :after ORDER BY object_key LIMIT :page;

-- reseal_object: what is known of one under another key
UPDATE ledger_objects SET known = ? WHERE object_key = ?;
