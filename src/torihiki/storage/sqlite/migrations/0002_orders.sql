-- Orders, stored as served: the documents as bytes, beside a column for every filter.

-- Every combination of the filtered enumerations that a seller has, so that an order carries one small number and
-- any combination of filters is a set of exact index ranges.
CREATE TABLE facets (
  facet INTEGER PRIMARY KEY,
  seller_key INTEGER NOT NULL REFERENCES sellers,
  marketplace_id TEXT NOT NULL,
  order_status TEXT NOT NULL,
  fulfillment_channel TEXT NOT NULL,
  payment_method TEXT NOT NULL,
  easy_ship_shipment_status TEXT NOT NULL,
  electronic_invoice_status TEXT NOT NULL,
  is_ispu INTEGER NOT NULL,
  UNIQUE (seller_key, marketplace_id, order_status, fulfillment_channel, payment_method,
          easy_ship_shipment_status, electronic_invoice_status, is_ispu)
);

CREATE TABLE orders (
  order_key INTEGER PRIMARY KEY,
  seller_key INTEGER NOT NULL REFERENCES sellers,
  order_number INTEGER NOT NULL,      -- the 17 digits of the AmazonOrderId
  facet INTEGER NOT NULL REFERENCES facets,
  created_us INTEGER NOT NULL,        -- PurchaseDate
  updated_us INTEGER NOT NULL,        -- LastUpdateDate
  buyer_email_key INTEGER,            -- keyed hash of the address
  seller_order_id TEXT,               -- where it differs from the AmazonOrderId
  supply_source_id TEXT,
  store_chain_store_id TEXT,
  earliest_delivery_us INTEGER,
  latest_delivery_us INTEGER,
  erasable_us INTEGER,                -- last update of a final order whose restricted members are not erased
  document BLOB NOT NULL,             -- the Order without what speaks of people, and without its closing brace
  ending BLOB NOT NULL,               -- sealed: what completes it for a caller without a restricted data token
  personal BLOB NOT NULL,             -- sealed: what other endings are made from
  UNIQUE (seller_key, order_number)
);
CREATE INDEX orders_created ON orders (seller_key, created_us, order_key, facet);
CREATE INDEX orders_updated ON orders (seller_key, updated_us, order_key, facet, created_us);
CREATE INDEX orders_facet_created ON orders (facet, created_us, order_key);
CREATE INDEX orders_facet_updated ON orders (facet, updated_us, order_key, created_us);
CREATE INDEX orders_buyer_email ON orders (buyer_email_key) WHERE buyer_email_key IS NOT NULL;
CREATE INDEX orders_seller_order ON orders (seller_order_id) WHERE seller_order_id IS NOT NULL;
CREATE INDEX orders_source_created ON orders (supply_source_id, facet, created_us, order_key)
  WHERE supply_source_id IS NOT NULL;
CREATE INDEX orders_source_updated ON orders (supply_source_id, facet, updated_us, order_key, created_us)
  WHERE supply_source_id IS NOT NULL;
CREATE INDEX orders_store_created ON orders (store_chain_store_id, facet, created_us, order_key)
  WHERE store_chain_store_id IS NOT NULL;
CREATE INDEX orders_store_updated ON orders (store_chain_store_id, facet, updated_us, order_key, created_us)
  WHERE store_chain_store_id IS NOT NULL;

CREATE INDEX orders_earliest_delivery ON orders (seller_key, earliest_delivery_us) WHERE earliest_delivery_us IS NOT NULL;
CREATE INDEX orders_latest_delivery ON orders (seller_key, latest_delivery_us) WHERE latest_delivery_us IS NOT NULL;
CREATE INDEX orders_erasable ON orders (erasable_us) WHERE erasable_us IS NOT NULL;

-- What pages never need: the items, and every member that the public documents leave out.
CREATE TABLE order_details (
  order_key INTEGER PRIMARY KEY REFERENCES orders,
  items BLOB NOT NULL,                -- JSON list of OrderItem, without restricted members
  restricted_items BLOB,              -- sealed: the same with them, where there are any
  withheld BLOB NOT NULL,             -- sealed: JSON object of what the documents leave out
  regulated BLOB                      -- sealed: OrderRegulatedInfo
);
