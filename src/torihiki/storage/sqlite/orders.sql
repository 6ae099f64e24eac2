-- seller_key: the short form of a seller's id
SELECT seller_key FROM sellers WHERE seller_id = ?;

-- newest_facet: whether the facets in memory are still all there are
SELECT max(facet) FROM facets WHERE seller_key = ?;

-- facets: every combination of enumerations that a seller's orders have had
SELECT facet, marketplace_id, order_status, fulfillment_channel, payment_method, easy_ship_shipment_status,
       electronic_invoice_status, is_ispu
FROM facets WHERE seller_key = ?;

-- add_facet: a combination that is new for the seller
INSERT INTO facets (seller_key, marketplace_id, order_status, fulfillment_channel, payment_method,
                    easy_ship_shipment_status, electronic_invoice_status, is_ispu)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- facet: the number of a combination
SELECT facet FROM facets
WHERE seller_key = ? AND marketplace_id = ? AND order_status = ? AND fulfillment_channel = ? AND payment_method = ?
  AND easy_ship_shipment_status = ? AND electronic_invoice_status = ? AND is_ispu = ?;

-- page_created: a page without any condition but the dates, straight from the index to the documents
SELECT created_us, order_key, document FROM orders INDEXED BY orders_created
WHERE seller_key = ?1 AND (created_us, order_key) > (?2, ?3) AND created_us <= ?4
ORDER BY created_us, order_key LIMIT ?5;

-- page_updated: the same by last update
SELECT updated_us, order_key, document FROM orders INDEXED BY orders_updated
WHERE seller_key = ?1 AND (updated_us, order_key) > (?2, ?3) AND updated_us <= ?4 AND created_us >= ?6
ORDER BY updated_us, order_key LIMIT ?5;

-- walk_created: the seller's orders in order, from the index alone
SELECT created_us, order_key, facet, created_us FROM orders INDEXED BY orders_created
WHERE seller_key = ? AND (created_us, order_key) > (?, ?) AND created_us <= ?
ORDER BY created_us, order_key;

-- walk_updated: the same by last update
SELECT updated_us, order_key, facet, created_us FROM orders INDEXED BY orders_updated
WHERE seller_key = ? AND (updated_us, order_key) > (?, ?) AND updated_us <= ?
ORDER BY updated_us, order_key;

-- range_created: the orders of one facet in order, from the index alone
SELECT created_us, order_key FROM orders INDEXED BY orders_facet_created
WHERE facet = ?1 AND (created_us, order_key) > (?2, ?3) AND created_us <= ?4
ORDER BY created_us, order_key LIMIT ?6;

-- range_updated: the same by last update
SELECT updated_us, order_key FROM orders INDEXED BY orders_facet_updated
WHERE facet = ?1 AND (updated_us, order_key) > (?2, ?3) AND updated_us <= ?4 AND created_us >= ?5
ORDER BY updated_us, order_key LIMIT ?6;

-- source_created: the orders of one facet and one supply source
SELECT created_us, order_key FROM orders INDEXED BY orders_source_created
WHERE supply_source_id = ?7 AND facet = ?1 AND (created_us, order_key) > (?2, ?3) AND created_us <= ?4
ORDER BY created_us, order_key LIMIT ?6;

-- source_updated: the same by last update
SELECT updated_us, order_key FROM orders INDEXED BY orders_source_updated
WHERE supply_source_id = ?7 AND facet = ?1 AND (updated_us, order_key) > (?2, ?3) AND updated_us <= ?4
  AND created_us >= ?5
ORDER BY updated_us, order_key LIMIT ?6;

-- store_created: the orders of one facet and one store
SELECT created_us, order_key FROM orders INDEXED BY orders_store_created
WHERE store_chain_store_id = ?7 AND facet = ?1 AND (created_us, order_key) > (?2, ?3) AND created_us <= ?4
ORDER BY created_us, order_key LIMIT ?6;

-- store_updated: the same by last update
SELECT updated_us, order_key FROM orders INDEXED BY orders_store_updated
WHERE store_chain_store_id = ?7 AND facet = ?1 AND (updated_us, order_key) > (?2, ?3) AND updated_us <= ?4
  AND created_us >= ?5
ORDER BY updated_us, order_key LIMIT ?6;

-- by_email: the filtered columns of every order that has one address
SELECT order_key, facet, created_us, updated_us, order_number, supply_source_id, store_chain_store_id,
       buyer_email_key, seller_order_id, earliest_delivery_us, latest_delivery_us
FROM orders INDEXED BY orders_buyer_email WHERE buyer_email_key = ?2 AND seller_key = ?1;

-- by_seller_order: the same of every order that has one id of the seller's own
SELECT order_key, facet, created_us, updated_us, order_number, supply_source_id, store_chain_store_id,
       buyer_email_key, seller_order_id, earliest_delivery_us, latest_delivery_us
FROM orders WHERE seller_key = ?1 AND seller_order_id = ?2;

-- by_number: the same of one order
SELECT order_key, facet, created_us, updated_us, order_number, supply_source_id, store_chain_store_id,
       buyer_email_key, seller_order_id, earliest_delivery_us, latest_delivery_us
FROM orders WHERE seller_key = ?1 AND order_number = ?2;

-- by_key: the same of orders that an index has found
SELECT o.order_key, o.facet, o.created_us, o.updated_us, o.order_number, o.supply_source_id, o.store_chain_store_id,
       o.buyer_email_key, o.seller_order_id, o.earliest_delivery_us, o.latest_delivery_us
FROM json_each(?1) AS wanted CROSS JOIN orders AS o ON o.order_key = wanted.value;

-- documents: the documents of orders by key
SELECT o.order_key, o.document FROM json_each(?1) AS wanted CROSS JOIN orders AS o ON o.order_key = wanted.value;

-- order: one order as it is served
SELECT f.marketplace_id, o.created_us, o.document
FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key JOIN facets AS f ON f.facet = o.facet
WHERE s.seller_id = ? AND o.order_number = ?;

-- items: the items of one order as they are served
SELECT f.marketplace_id, o.created_us, d.items
FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key JOIN facets AS f ON f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = ? AND o.order_number = ?;

-- put_order: adds an order or replaces it in its place
INSERT INTO orders (seller_key, order_number, facet, created_us, updated_us, buyer_email_key, seller_order_id,
                    supply_source_id, store_chain_store_id, earliest_delivery_us, latest_delivery_us, document)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (seller_key, order_number) DO UPDATE SET
  facet = excluded.facet, created_us = excluded.created_us, updated_us = excluded.updated_us,
  buyer_email_key = excluded.buyer_email_key, seller_order_id = excluded.seller_order_id,
  supply_source_id = excluded.supply_source_id, store_chain_store_id = excluded.store_chain_store_id,
  earliest_delivery_us = excluded.earliest_delivery_us, latest_delivery_us = excluded.latest_delivery_us,
  document = excluded.document
RETURNING order_key;

-- put_details: what pages never need
INSERT INTO order_details (order_key, items, withheld, regulated) VALUES (?, ?, ?, ?)
ON CONFLICT (order_key) DO UPDATE SET
  items = excluded.items, withheld = excluded.withheld, regulated = excluded.regulated;
