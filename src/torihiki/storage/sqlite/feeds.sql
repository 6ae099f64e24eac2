-- add_document: a document, whose bytes are elsewhere
INSERT INTO feed_documents (document_id, seller_id, content_type, created_us)
VALUES (:document_id, :seller_id, :content_type, :created_us);

-- document: one document of a seller
SELECT document_id, seller_id, content_type, created_us FROM feed_documents
WHERE document_id = :document_id AND seller_id = :seller_id;

-- add_feed: puts a feed in the queue, if its document is the seller's
INSERT INTO feeds (seller_id, feed_type, marketplace_ids, created_us, status, input_document_id, result_document_id,
                   lease_us, progress)
SELECT :seller_id, :feed_type, :marketplace_ids, :created_us, 'IN_QUEUE', :input_document_id, :result_document_id, 0, '{}'
FROM feed_documents WHERE document_id = :input_document_id AND seller_id = :seller_id
RETURNING feed_key;

-- feed: one feed of a seller
SELECT feed_key, feed_type, marketplace_ids, created_us, status, started_us, ended_us, result_document_id FROM feeds
WHERE feed_key = :feed_key AND seller_id = :seller_id;

-- page: feeds of a seller that match, the newest first
SELECT feed_key, feed_type, marketplace_ids, created_us, status, started_us, ended_us, result_document_id FROM feeds
WHERE seller_id = :seller_id AND created_us BETWEEN :since_us AND :until_us
  AND (created_us, feed_key) < (:before_us, :before_key)
  AND (:feed_types IS NULL OR feed_type IN (SELECT value FROM json_each(:feed_types)))
  AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
  AND (:marketplace_ids IS NULL OR EXISTS (
    SELECT 1 FROM json_each(feeds.marketplace_ids) AS one
    WHERE one.value IN (SELECT value FROM json_each(:marketplace_ids))))
ORDER BY created_us DESC, feed_key DESC LIMIT :page;

-- cancel: takes a feed out of the queue
UPDATE feeds SET status = 'CANCELLED', lease_us = NULL
WHERE feed_key = :feed_key AND seller_id = :seller_id AND status = 'IN_QUEUE';

-- claimable: the oldest open feed that nobody holds and that waits for no other of its seller
SELECT feed_key FROM feeds AS wanted
WHERE lease_us IS NOT NULL AND lease_us <= :at_us AND NOT EXISTS (
  SELECT 1 FROM feeds AS earlier
  WHERE earlier.lease_us IS NOT NULL AND earlier.seller_id = wanted.seller_id AND earlier.feed_key < wanted.feed_key)
ORDER BY feed_key LIMIT 1;

-- hold: gives it to a worker
UPDATE feeds SET owner = :owner, lease_us = :until_us, status = 'IN_PROGRESS', started_us = coalesce(started_us, :now_us)
WHERE feed_key = :feed_key
RETURNING feed_key, seller_id, feed_type, marketplace_ids, input_document_id, result_document_id, progress,
  (SELECT content_type FROM feed_documents WHERE document_id = input_document_id);

-- advance: how far it is, written by the worker that holds it
UPDATE feeds SET lease_us = :until_us, progress = :progress
WHERE feed_key = :feed_key AND owner = :owner AND lease_us IS NOT NULL;

-- add_findings: what was found in a step; one that found nothing but headings may come twice
INSERT INTO feed_findings (feed_key, messages, findings) VALUES (:feed_key, :messages, :findings)
ON CONFLICT (feed_key, messages) DO UPDATE SET findings = excluded.findings;

-- findings: all that was found, in the order of the steps
SELECT findings FROM feed_findings WHERE feed_key = :feed_key ORDER BY messages;

-- finish: ends it, by the worker that holds it
UPDATE feeds SET status = :status, ended_us = :ended_us, owner = NULL, lease_us = NULL
WHERE feed_key = :feed_key AND owner = :owner AND lease_us IS NOT NULL;

-- forget_findings: they are in the report
DELETE FROM feed_findings WHERE feed_key = :feed_key;

-- release: gives back what a worker holds
UPDATE feeds SET owner = NULL, lease_us = 0 WHERE lease_us IS NOT NULL AND owner = :owner;

-- old_documents: the oldest documents that no open feed needs
SELECT document_id FROM feed_documents
WHERE created_us < :before_us
  AND document_id NOT IN (SELECT input_document_id FROM feeds WHERE lease_us IS NOT NULL)
ORDER BY created_us, document_id LIMIT :page;

-- forget_document: its bytes are gone
DELETE FROM feed_documents WHERE document_id = ?;

-- purge_feeds: forgets the oldest feeds
DELETE FROM feeds WHERE feed_key IN
  (SELECT feed_key FROM feeds WHERE created_us < :before_us AND lease_us IS NULL ORDER BY created_us, feed_key LIMIT :page);
