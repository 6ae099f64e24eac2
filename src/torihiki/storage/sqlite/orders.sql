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
VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING facet;

-- facet: the number of a combination
SELECT facet FROM facets
WHERE seller_key = ? AND marketplace_id = ? AND order_status = ? AND fulfillment_channel = ? AND payment_method = ?
  AND easy_ship_shipment_status = ? AND electronic_invoice_status = ? AND is_ispu = ?;

-- page_created: a page straight from the index to the documents, with one condition on facets at the most
SELECT created_us, order_key, document, order_number, {people} FROM orders INDEXED BY orders_created
WHERE seller_key = ?1 AND (created_us, order_key) > (?2, ?3) AND (created_us, order_key) <= (?4, ?5)
  AND created_us >= ?7 /*facets*/
ORDER BY created_us, order_key LIMIT ?6;

-- page_updated: the same by last update
SELECT updated_us, order_key, document, order_number, {people} FROM orders INDEXED BY orders_updated
WHERE seller_key = ?1 AND (updated_us, order_key) > (?2, ?3) AND (updated_us, order_key) <= (?4, ?5)
  AND created_us >= ?7 /*facets*/
ORDER BY updated_us, order_key LIMIT ?6;

-- edge_created: where a walk ends that has become too long
SELECT created_us, order_key FROM orders INDEXED BY orders_created
WHERE seller_key = ? AND (created_us, order_key) > (?, ?) AND created_us <= ?
ORDER BY created_us, order_key LIMIT 1 OFFSET ?;

-- edge_updated: the same by last update
SELECT updated_us, order_key FROM orders INDEXED BY orders_updated
WHERE seller_key = ? AND (updated_us, order_key) > (?, ?) AND updated_us <= ?
ORDER BY updated_us, order_key LIMIT 1 OFFSET ?;

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

-- range_head_created: the first date of each facet's range, if it has any
SELECT facet, (
  SELECT created_us FROM orders INDEXED BY orders_facet_created
  WHERE orders.facet = facets.facet AND (created_us, order_key) > (?2, ?3) AND created_us <= ?4
  ORDER BY created_us, order_key LIMIT 1
) FROM facets WHERE seller_key = ?1 /*facets*/;

-- range_head_updated: the first date of each facet's range, if it has any
SELECT facet, (
  SELECT updated_us FROM orders INDEXED BY orders_facet_updated
  WHERE orders.facet = facets.facet AND (updated_us, order_key) > (?2, ?3) AND updated_us <= ?4
  ORDER BY updated_us, order_key LIMIT 1
) FROM facets WHERE seller_key = ?1 /*facets*/;

-- source_head_created: the first date of each facet's range, if it has any
SELECT facet, (
  SELECT created_us FROM orders INDEXED BY orders_source_created
  WHERE supply_source_id = ?5 AND orders.facet = facets.facet AND (created_us, order_key) > (?2, ?3) AND created_us <= ?4
  ORDER BY created_us, order_key LIMIT 1
) FROM facets WHERE seller_key = ?1 /*facets*/;

-- source_head_updated: the first date of each facet's range, if it has any
SELECT facet, (
  SELECT updated_us FROM orders INDEXED BY orders_source_updated
  WHERE supply_source_id = ?5 AND orders.facet = facets.facet AND (updated_us, order_key) > (?2, ?3) AND updated_us <= ?4
  ORDER BY updated_us, order_key LIMIT 1
) FROM facets WHERE seller_key = ?1 /*facets*/;

-- store_head_created: the first date of each facet's range, if it has any
SELECT facet, (
  SELECT created_us FROM orders INDEXED BY orders_store_created
  WHERE store_chain_store_id = ?5 AND orders.facet = facets.facet AND (created_us, order_key) > (?2, ?3) AND created_us <= ?4
  ORDER BY created_us, order_key LIMIT 1
) FROM facets WHERE seller_key = ?1 /*facets*/;

-- store_head_updated: the first date of each facet's range, if it has any
SELECT facet, (
  SELECT updated_us FROM orders INDEXED BY orders_store_updated
  WHERE store_chain_store_id = ?5 AND orders.facet = facets.facet AND (updated_us, order_key) > (?2, ?3) AND updated_us <= ?4
  ORDER BY updated_us, order_key LIMIT 1
) FROM facets WHERE seller_key = ?1 /*facets*/;

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

-- count_earliest: how many orders a delivery window holds, up to a number from which that does not matter
SELECT count(*) FROM (
  SELECT 1 FROM orders INDEXED BY orders_earliest_delivery
  WHERE seller_key = ? AND earliest_delivery_us BETWEEN ? AND ? LIMIT ?
);

-- by_earliest: the filtered columns of the orders in a delivery window
SELECT order_key, facet, created_us, updated_us, order_number, supply_source_id, store_chain_store_id,
       buyer_email_key, seller_order_id, earliest_delivery_us, latest_delivery_us
FROM orders INDEXED BY orders_earliest_delivery WHERE seller_key = ? AND earliest_delivery_us BETWEEN ? AND ?;

-- count_latest: how many orders a delivery window holds, up to a number from which that does not matter
SELECT count(*) FROM (
  SELECT 1 FROM orders INDEXED BY orders_latest_delivery
  WHERE seller_key = ? AND latest_delivery_us BETWEEN ? AND ? LIMIT ?
);

-- by_latest: the filtered columns of the orders in a delivery window
SELECT order_key, facet, created_us, updated_us, order_number, supply_source_id, store_chain_store_id,
       buyer_email_key, seller_order_id, earliest_delivery_us, latest_delivery_us
FROM orders INDEXED BY orders_latest_delivery WHERE seller_key = ? AND latest_delivery_us BETWEEN ? AND ?;

-- by_key: the same of orders that an index has found
SELECT o.order_key, o.facet, o.created_us, o.updated_us, o.order_number, o.supply_source_id, o.store_chain_store_id,
       o.buyer_email_key, o.seller_order_id, o.earliest_delivery_us, o.latest_delivery_us
FROM json_each(?1) AS wanted CROSS JOIN orders AS o ON o.order_key = wanted.value;

-- documents: the documents of orders by key
SELECT o.order_key, o.document, o.order_number, o.{people} FROM json_each(?1) AS wanted CROSS JOIN orders AS o ON o.order_key = wanted.value;

-- order: one order as it is served
SELECT f.marketplace_id, o.created_us, o.document, o.{people}
FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key JOIN facets AS f ON f.facet = o.facet
WHERE s.seller_id = ? AND o.order_number = ?;

-- items: the items of one order as they are served
SELECT f.marketplace_id, o.created_us, d.items, d.restricted_items
FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key JOIN facets AS f ON f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = ? AND o.order_number = ?;

-- regulated: what one order has to be checked for
SELECT f.marketplace_id, o.created_us, d.regulated
FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key JOIN facets AS f ON f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = ? AND o.order_number = ?;

-- history: what became of one order behind an entry, up to another; one row without an entry where there is none
SELECT h.at_us, h.event, h.caused_by, h.order_status, h.details
FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key
LEFT JOIN order_history AS h ON h.order_key = o.order_key AND h.sequence > ?3 AND h.sequence <= ?4
WHERE s.seller_id = ?1 AND o.order_number = ?2 ORDER BY h.sequence;

-- kept: one order with all that a change looks at
SELECT o.order_key, o.seller_key, o.facet, o.created_us, o.updated_us, o.document, o.personal,
       d.items, d.withheld, d.regulated, d.fulfillment,
       f.marketplace_id, f.order_status, f.fulfillment_channel, f.payment_method, f.easy_ship_shipment_status,
       f.electronic_invoice_status, f.is_ispu
FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key JOIN facets AS f ON f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = ? AND o.order_number = ?;

-- change_order: what has become of it
UPDATE orders SET facet = ?, updated_us = ?, earliest_delivery_us = ?, latest_delivery_us = ?, erasable_us = ?,
  document = ?, ending = ?, personal = ?
WHERE order_key = ?;

-- change_details: likewise
UPDATE order_details SET items = ?, restricted_items = ?, withheld = ?, regulated = coalesce(?, regulated), fulfillment = ?
WHERE order_key = ?;

-- add_history: the next entry of an order's history
INSERT INTO order_history (order_key, sequence, at_us, event, caused_by, order_status, details)
SELECT ?1, coalesce(max(sequence), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM order_history WHERE order_key = ?1;

-- placed: those orders that are there already, with what tells whether another state takes their place
SELECT o.order_number, o.order_key, o.updated_us, o.document, d.items
FROM orders AS o CROSS JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.seller_key = ? AND o.order_number IN (SELECT value FROM json_each(?));

-- next_key: the key of the next order that is added
SELECT coalesce(max(order_key), 0) + 1 FROM orders;

-- add_order: a new order
INSERT INTO orders (order_key, seller_key, order_number, facet, created_us, updated_us, buyer_email_key,
                    seller_order_id, supply_source_id, store_chain_store_id, earliest_delivery_us, latest_delivery_us,
                    erasable_us, document, ending, personal)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- replace_order: another state of an order, in its place
UPDATE orders SET facet = ?, created_us = ?, updated_us = ?, buyer_email_key = ?, seller_order_id = ?,
  supply_source_id = ?, store_chain_store_id = ?, earliest_delivery_us = ?, latest_delivery_us = ?, erasable_us = ?, document = ?,
  ending = ?, personal = ?
WHERE order_key = ?;

-- add_details: what pages never need
INSERT INTO order_details (items, restricted_items, withheld, regulated, order_key) VALUES (?, ?, ?, ?, ?);

-- replace_details: the same of another state
UPDATE order_details SET items = ?, restricted_items = ?, withheld = ?, regulated = ? WHERE order_key = ?;

-- begin_fulfillment: nothing has happened to a state that came from elsewhere
UPDATE order_details SET fulfillment = X'7B7D' WHERE order_key = ?;

-- erasable: final orders that have not changed for long and still have their restricted members
SELECT s.seller_id, o.order_number FROM orders AS o INDEXED BY orders_erasable
JOIN sellers AS s ON s.seller_key = o.seller_key
WHERE o.erasable_us < ? ORDER BY o.erasable_us LIMIT ?;

-- people: what one order says of people, for an erasure that follows
SELECT o.order_key, o.personal, d.withheld FROM sellers AS s JOIN orders AS o ON o.seller_key = s.seller_key
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = ? AND o.order_number = ?;

-- erase_order: nothing restricted stays
UPDATE orders SET erasable_us = NULL, buyer_email_key = NULL, ending = ?, personal = ? WHERE order_key = ?;

-- erase_details: nor here
UPDATE order_details SET restricted_items = NULL, withheld = ?, regulated = NULL WHERE order_key = ?;

-- sealed: the sealed columns of the next orders, by key
SELECT o.order_key, s.seller_id, o.order_number, o.ending, o.personal, d.restricted_items, d.withheld, d.regulated
FROM orders AS o JOIN sellers AS s ON s.seller_key = o.seller_key JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.order_key > ? ORDER BY o.order_key LIMIT ?;

-- reseal_order: the same columns under another key
UPDATE orders SET ending = ?, personal = ? WHERE order_key = ?;

-- reseal_details: likewise
UPDATE order_details SET restricted_items = ?, withheld = ?, regulated = ? WHERE order_key = ?;
