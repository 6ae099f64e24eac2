-- report: one report of an account
SELECT report_id, report_type, start_us, end_us, created_us, status, processing_start_us, processing_end_us, document_id,
       failure
FROM pay_reports
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment AND report_id = :report_id;

-- report_of_document: the report that a document belongs to
SELECT report_id, report_type, start_us, end_us, created_us, status, processing_start_us, processing_end_us, document_id,
       failure
FROM pay_reports
WHERE document_id = :document_id AND environment = :environment
  AND merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id);

-- place: where the page behind a report begins
SELECT created_us, report_key FROM pay_reports
WHERE report_key = :after AND environment = :environment
  AND merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id);

-- page: all reports of an account from a place on, the newest first
SELECT report_key, report_id, report_type, start_us, end_us, created_us, status, processing_start_us, processing_end_us,
       document_id, failure
FROM pay_reports
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment AND created_us >= :since_us
  AND (created_us, report_key) < (:before_us, :before_key)
ORDER BY created_us DESC, report_key DESC LIMIT :page;

-- filtered_page: the same of some types and statuses: a page of each pair of them, and of these the newest
SELECT report_key, report_id, report.report_type, start_us, end_us, created_us, report.status, processing_start_us,
       processing_end_us, document_id, failure
FROM json_each(:report_types) AS report_type CROSS JOIN json_each(:statuses) AS status CROSS JOIN pay_reports AS report
WHERE report_key IN (
  SELECT report_key FROM pay_reports AS one
  WHERE one.merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
    AND one.environment = :environment AND one.report_type = report_type.value AND one.status = status.value
    AND one.created_us >= :since_us AND (one.created_us, one.report_key) < (:before_us, :before_key)
  ORDER BY one.created_us DESC, one.report_key DESC LIMIT :page)
ORDER BY created_us DESC, report_key DESC LIMIT :page;

-- add_report: a new report
INSERT INTO pay_reports (merchant_key, environment, report_id, report_type, start_us, end_us, created_us, status,
                         processing_start_us, processing_end_us, document_id, document_bytes, failure, settlement, lease_us)
VALUES ((SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id), :environment, :report_id, :report_type,
        :start_us, :end_us, :created_us, :status, :processing_start_us, :processing_end_us, :document_id, :document_bytes,
        :failure, :settlement, :lease_us)
ON CONFLICT (settlement) WHERE settlement IS NOT NULL DO NOTHING;

-- schedules: all schedules of an account
SELECT schedule_id, report_type, frequency, next_us FROM pay_schedules
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment
ORDER BY schedule_key;

-- schedule: one schedule of an account
SELECT schedule_id, report_type, frequency, next_us FROM pay_schedules
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment AND schedule_id = :schedule_id;

-- schedule_of_type: the schedule that an account has of a type
SELECT schedule_id, report_type, frequency, next_us FROM pay_schedules
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment AND report_type = :report_type;

-- add_schedule: a new schedule
INSERT INTO pay_schedules (merchant_key, environment, schedule_id, report_type, frequency, next_us)
VALUES ((SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id), :environment, :schedule_id,
        :report_type, :frequency, :next_us);

-- remove_schedule: ends a schedule
DELETE FROM pay_schedules
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment AND schedule_id = :schedule_id;

-- due_schedules: schedules of all accounts whose time has come
SELECT merchant_id, environment, schedule_id, report_type, frequency, next_us
FROM pay_schedules JOIN pay_merchants USING (merchant_key)
WHERE next_us <= :now_us ORDER BY next_us, schedule_key LIMIT :page;

-- move_schedule: to its next time, unless somebody else did
UPDATE pay_schedules SET next_us = :following_us
WHERE merchant_key = (SELECT merchant_key FROM pay_merchants WHERE merchant_id = :merchant_id)
  AND environment = :environment AND schedule_id = :schedule_id AND next_us = :next_us;

-- claimable: the open report that waits longest and that nobody holds; maybe only if it was never tried
SELECT report_key FROM pay_reports INDEXED BY pay_reports_open
WHERE lease_us IS NOT NULL AND lease_us <= :at_us AND (:again OR tries = 0) ORDER BY report_key LIMIT 1;

-- hold: gives it to a worker
UPDATE pay_reports SET owner = :owner, lease_us = :until_us, tries = tries + 1,
  processing_start_us = coalesce(processing_start_us, max(created_us, :now_us))
WHERE report_key = :report_key;

-- held: what the worker has to know of it
SELECT report_key, merchant_id, region, environment, settlement, tries, report_id, report_type, start_us, end_us,
       report.created_us, status, processing_start_us, processing_end_us, document_id, failure
FROM pay_reports AS report JOIN pay_merchants USING (merchant_key)
WHERE report_key = :report_key;

-- extend: holds it longer
UPDATE pay_reports SET lease_us = :until_us
WHERE report_key = :report_key AND owner = :owner AND lease_us IS NOT NULL;

-- finish: ends it
UPDATE pay_reports SET status = :status, processing_end_us = :processing_end_us, document_id = :document_id,
  document_bytes = :document_bytes, failure = :failure, owner = NULL, lease_us = NULL
WHERE report_key = :report_key AND owner = :owner AND lease_us IS NOT NULL;

-- put_off: gives it back, to be had later
UPDATE pay_reports SET owner = NULL, lease_us = :until_us, tries = :tries
WHERE report_key = :report_key AND owner = :owner AND lease_us IS NOT NULL;

-- release: gives back what a worker holds
UPDATE pay_reports SET owner = NULL, lease_us = 0, tries = max(tries - 1, 0)
WHERE report_key IN (SELECT report_key FROM pay_reports INDEXED BY pay_reports_open WHERE lease_us IS NOT NULL AND owner = :owner);

-- take_back: a try that is none
UPDATE pay_reports SET tries = tries - 1, owner = nullif(owner, :owner)
WHERE report_key = :report_key AND lease_us IS NOT NULL AND tries > 0;

-- last_number: of all settlements
SELECT coalesce(max(number), 0) FROM settlements;

-- unreported: settlements of some numbers that ended since then and have no report
SELECT number, merchant_id, environment, start_us, end_us
FROM settlements CROSS JOIN ledger_accounts USING (account_key) CROSS JOIN pay_merchants USING (merchant_key)
WHERE number > :after AND number <= :through AND end_us >= :since_us
  AND NOT EXISTS (SELECT 1 FROM pay_reports AS report WHERE report.settlement = settlements.number)
ORDER BY number;

-- owned: documents that a report has
SELECT document_id FROM json_each(:document_ids) AS wanted CROSS JOIN pay_reports ON document_id = wanted.value;

-- old_reports: the oldest that are over; that of a settlement not before the settlement is as old
SELECT report_key, document_id FROM pay_reports
WHERE lease_us IS NULL AND created_us < :before_us AND (settlement IS NULL OR end_us < :before_us)
ORDER BY created_us, report_key LIMIT :page;

-- forget: one whose document is gone
DELETE FROM pay_reports WHERE report_key = ? AND status <> 'IN_PROGRESS';
