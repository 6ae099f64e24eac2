-- What becomes of orders after they were imported: packages and pickups, and a history that is only ever added to.

ALTER TABLE order_details ADD COLUMN fulfillment BLOB NOT NULL DEFAULT X'7B7D';  -- JSON object; at first {}

CREATE TABLE order_history (
  order_key INTEGER NOT NULL REFERENCES orders,
  sequence INTEGER NOT NULL,          -- 1, 2, 3, ... within the order
  at_us INTEGER NOT NULL,             -- on the operator's clock
  event TEXT NOT NULL,
  caused_by TEXT NOT NULL,
  order_status TEXT NOT NULL,         -- the order's afterwards
  details BLOB NOT NULL,              -- JSON object, nothing restricted
  PRIMARY KEY (order_key, sequence)
) WITHOUT ROWID;
