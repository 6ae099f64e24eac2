-- Who was shown restricted data: a row for each answer, with ids only and nothing of what was shown.

CREATE TABLE audit (
  entry_key INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,             -- on the operator's clock, which can go back
  seller_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  token_id TEXT NOT NULL,             -- the first 16 hexadecimal digits of the token's hash
  request_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  elements TEXT NOT NULL,             -- JSON list
  order_numbers BLOB NOT NULL         -- the 17 digits of each AmazonOrderId as eight bytes, the highest first
);
CREATE INDEX audit_time ON audit (at_us, entry_key);
CREATE INDEX audit_seller ON audit (seller_id, at_us, entry_key);
