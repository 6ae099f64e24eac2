-- Orders, stored as served: the documents as bytes, beside a column for every filter.

-- Every combination of the filtered enumerations that a seller has, so that an order carries one small number and
-- any combination of filters is a set of exact index ranges. Each seller's are numbered 1, 2, 3, ... under a lock on
-- his row: so they become visible in order, the newest says whether one knows them all, and a set of them is a few bytes.
CREATE TABLE facets (
  seller_key INTEGER NOT NULL REFERENCES sellers,
  facet INTEGER NOT NULL,
  marketplace_id TEXT NOT NULL,
  order_status TEXT NOT NULL,
  fulfillment_channel TEXT NOT NULL,
  payment_method TEXT NOT NULL,
  easy_ship_shipment_status TEXT NOT NULL,
  electronic_invoice_status TEXT NOT NULL,
  is_ispu BOOLEAN NOT NULL,
  PRIMARY KEY (seller_key, facet),
  UNIQUE (seller_key, marketplace_id, order_status, fulfillment_channel, payment_method,
          easy_ship_shipment_status, electronic_invoice_status, is_ispu)
);

-- Documents stay in their row and as they are: a page is read without looking elsewhere and without unpacking.
CREATE TABLE orders (
  order_key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_number BIGINT NOT NULL,       -- the 17 digits of the AmazonOrderId
  created_us BIGINT NOT NULL,         -- PurchaseDate
  updated_us BIGINT NOT NULL,         -- LastUpdateDate
  seller_key INTEGER NOT NULL,
  facet INTEGER NOT NULL,
  earliest_delivery_us BIGINT,
  latest_delivery_us BIGINT,
  buyer_email_key BIGINT,             -- keyed hash of the address
  seller_order_id TEXT COLLATE "C",   -- where it differs from the AmazonOrderId
  supply_source_id TEXT COLLATE "C",
  store_chain_store_id TEXT COLLATE "C",
  erasable_us BIGINT,                 -- last update of a final order whose restricted members are not erased
  document BYTEA NOT NULL,            -- the Order without what speaks of people, and without its closing brace
  ending BYTEA NOT NULL,              -- sealed: what completes it for a caller without a restricted data token
  personal BYTEA NOT NULL,            -- sealed: what other endings are made from
  UNIQUE (seller_key, order_number),
  FOREIGN KEY (seller_key, facet) REFERENCES facets
) WITH (
  toast_tuple_target = 8160,
  -- Searches look at index entries alone only where the rows have been vacuumed since they were written.
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);
ALTER TABLE orders
  ALTER COLUMN document SET STORAGE EXTERNAL,
  ALTER COLUMN ending SET STORAGE EXTERNAL,
  ALTER COLUMN personal SET STORAGE EXTERNAL;
CREATE INDEX orders_created ON orders (seller_key, created_us, order_key) INCLUDE (facet);
CREATE INDEX orders_updated ON orders (seller_key, updated_us, order_key) INCLUDE (facet, created_us);
CREATE INDEX orders_facet_created ON orders (seller_key, facet, created_us, order_key);
CREATE INDEX orders_facet_updated ON orders (seller_key, facet, updated_us, order_key) INCLUDE (created_us);
CREATE INDEX orders_buyer_email ON orders (seller_key, buyer_email_key) WHERE buyer_email_key IS NOT NULL;
CREATE INDEX orders_seller_order ON orders (seller_key, seller_order_id) WHERE seller_order_id IS NOT NULL;
CREATE INDEX orders_source_created ON orders (seller_key, supply_source_id, created_us, order_key) INCLUDE (facet)
  WHERE supply_source_id IS NOT NULL;
CREATE INDEX orders_source_facet_created ON orders (seller_key, facet, supply_source_id, created_us, order_key)
  WHERE supply_source_id IS NOT NULL;
CREATE INDEX orders_source_updated ON orders (seller_key, supply_source_id, updated_us, order_key) INCLUDE (facet, created_us)
  WHERE supply_source_id IS NOT NULL;
CREATE INDEX orders_source_facet_updated ON orders (seller_key, facet, supply_source_id, updated_us, order_key)
  INCLUDE (created_us) WHERE supply_source_id IS NOT NULL;
CREATE INDEX orders_store_created ON orders (seller_key, store_chain_store_id, created_us, order_key) INCLUDE (facet)
  WHERE store_chain_store_id IS NOT NULL;
CREATE INDEX orders_store_facet_created ON orders (seller_key, facet, store_chain_store_id, created_us, order_key)
  WHERE store_chain_store_id IS NOT NULL;
CREATE INDEX orders_store_updated ON orders (seller_key, store_chain_store_id, updated_us, order_key) INCLUDE (facet, created_us)
  WHERE store_chain_store_id IS NOT NULL;
CREATE INDEX orders_store_facet_updated ON orders (seller_key, facet, store_chain_store_id, updated_us, order_key)
  INCLUDE (created_us) WHERE store_chain_store_id IS NOT NULL;

CREATE INDEX orders_earliest_delivery ON orders (seller_key, earliest_delivery_us) WHERE earliest_delivery_us IS NOT NULL;
CREATE INDEX orders_latest_delivery ON orders (seller_key, latest_delivery_us) WHERE latest_delivery_us IS NOT NULL;
CREATE INDEX orders_erasable ON orders (erasable_us) WHERE erasable_us IS NOT NULL;

-- What pages never need: the items, and every member that the public documents leave out.
CREATE TABLE order_details (
  order_key BIGINT PRIMARY KEY REFERENCES orders,
  items BYTEA NOT NULL,               -- JSON list of OrderItem, without restricted members
  restricted_items BYTEA,             -- sealed: the same with them, where there are any
  withheld BYTEA NOT NULL,            -- sealed: JSON object of what the documents leave out
  regulated BYTEA                     -- sealed: OrderRegulatedInfo
) WITH (toast_tuple_target = 8160);
ALTER TABLE order_details
  ALTER COLUMN items SET STORAGE EXTERNAL,
  ALTER COLUMN restricted_items SET STORAGE EXTERNAL,
  ALTER COLUMN withheld SET STORAGE EXTERNAL,
  ALTER COLUMN regulated SET STORAGE EXTERNAL;
