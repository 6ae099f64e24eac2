-- What becomes of orders after they were imported: packages and pickups, and a history that is only ever added to.

ALTER TABLE order_details ADD COLUMN fulfillment BYTEA NOT NULL DEFAULT '{}';  -- JSON object
ALTER TABLE order_details ALTER COLUMN fulfillment SET STORAGE EXTERNAL;

CREATE TABLE order_history (
  order_key BIGINT NOT NULL REFERENCES orders,
  sequence INTEGER NOT NULL,          -- 1, 2, 3, ... within the order
  at_us BIGINT NOT NULL,              -- on the operator's clock
  event TEXT NOT NULL,
  caused_by TEXT NOT NULL,
  order_status TEXT NOT NULL,         -- the order's afterwards
  details BYTEA NOT NULL,             -- JSON object, nothing restricted
  PRIMARY KEY (order_key, sequence)
);
