-- Feeds and their documents. The table of feeds is the queue of the workers.

CREATE TABLE feed_documents (
  document_id TEXT NOT NULL PRIMARY KEY,
  seller_id TEXT NOT NULL,
  content_type TEXT NOT NULL,
  created_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX feed_documents_age ON feed_documents (created_us, document_id);

-- No key is given twice, also after the newest feeds were forgotten: orders remember which feed confirmed a package.
CREATE TABLE feeds (
  feed_key INTEGER PRIMARY KEY AUTOINCREMENT,
  seller_id TEXT NOT NULL,
  feed_type TEXT NOT NULL,
  marketplace_ids TEXT NOT NULL,      -- JSON list
  created_us INTEGER NOT NULL,
  status TEXT NOT NULL,
  input_document_id TEXT NOT NULL,
  result_document_id TEXT NOT NULL,   -- where the report will be; it is there when the feed has ended
  started_us INTEGER,
  ended_us INTEGER,
  owner TEXT,                         -- the worker that holds it
  lease_us INTEGER,                   -- until when, on the machines' clocks; 0: nobody does; none: the feed is not open
  progress TEXT NOT NULL              -- JSON
);
CREATE INDEX feeds_seller ON feeds (seller_id, created_us, feed_key);
CREATE INDEX feeds_age ON feeds (created_us, feed_key);
CREATE INDEX feeds_open ON feeds (seller_id, feed_key) WHERE lease_us IS NOT NULL;

-- What was found in the messages of an open feed, a row for each step of its worker.
CREATE TABLE feed_findings (
  feed_key INTEGER NOT NULL REFERENCES feeds,
  messages INTEGER NOT NULL,          -- how many messages were behind the feed after the step
  findings BLOB NOT NULL,             -- JSON list
  PRIMARY KEY (feed_key, messages)
) WITHOUT ROWID;
