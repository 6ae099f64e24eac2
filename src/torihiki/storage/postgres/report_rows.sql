-- series: the rows of a report but settlement, with the last run that is there
SELECT series_key, region,
  (SELECT max(run_key) FROM ledger_runs AS run WHERE run.series_key = series.series_key) AS last_run
FROM pay_merchants JOIN ledger_accounts USING (merchant_key) JOIN ledger_series AS series USING (account_key)
WHERE merchant_id = :merchant_id AND environment = :environment AND report_type = :report_type AND currency = '';

-- settlement: one settlement of an account
SELECT settlement.series_key, region, currency, settlement_id, start_us, end_us, after_run, last_run, balance_rows
FROM settlements AS settlement JOIN ledger_series USING (series_key)
JOIN ledger_accounts AS account ON account.account_key = settlement.account_key JOIN pay_merchants USING (merchant_key)
WHERE number = :number AND merchant_id = :merchant_id AND environment = :environment;

-- late: the first row of those that came after the settlement that they belonged to
SELECT min(first_us) AS first_us FROM ledger_runs
WHERE series_key = :series_key AND run_key > :after_run AND run_key <= :last_run AND first_us < :start_us;

-- oldest_first: the next runs of a stretch of time
SELECT run_key, first_us, last_us, lines, octet_length(body) AS size FROM ledger_runs
WHERE series_key = :series_key AND (first_us, run_key) > (:place_us::bigint, :place_key::bigint)
  AND first_us < :before_us AND run_key > :after_run AND run_key <= :last_run
ORDER BY first_us, run_key LIMIT :page;

-- newest_first: the same from its end
SELECT run_key, first_us, last_us, lines, octet_length(body) AS size FROM ledger_runs
WHERE series_key = :series_key AND (last_us, run_key) < (:place_us::bigint, :place_key::bigint)
  AND last_us >= :start_us AND run_key > :after_run AND run_key <= :last_run
ORDER BY last_us DESC, run_key DESC LIMIT :page;

-- runs: some runs, in the order of the list
SELECT run_key, layout, times, body FROM unnest(:run_keys::bigint[]) WITH ORDINALITY AS wanted (run_key, place)
JOIN ledger_runs USING (run_key) ORDER BY place;

-- run_values: what the rows of a run were made from
SELECT body FROM ledger_values WHERE run_key = :run_key;
