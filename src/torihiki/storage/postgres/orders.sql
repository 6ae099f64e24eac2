-- seal_lock: held by all who seal, so that a resealing waits for what older keys are sealing
SELECT pg_advisory_xact_lock_shared(:lock::bigint);

-- reseal_lock: held by one at a time, while nobody else seals
SELECT pg_advisory_xact_lock(:lock::bigint);

-- seller_keys: the short forms of sellers' ids
SELECT seller_id, seller_key FROM sellers WHERE seller_id = ANY (:sellers::text[]);

-- lock_sellers: only one at a time numbers new facets of a seller
SELECT seller_key FROM sellers WHERE seller_key = ANY (:sellers::integer[]) ORDER BY seller_key FOR NO KEY UPDATE;

-- newest_facet: whether the facets in memory are all there are
SELECT max(facet) AS newest FROM facets WHERE seller_key = :seller;

-- facets: every combination of enumerations that a seller's orders have had
SELECT facet, marketplace_id, order_status, fulfillment_channel, payment_method, easy_ship_shipment_status,
       electronic_invoice_status, is_ispu
FROM facets WHERE seller_key = :seller;

-- add_facet: a combination that is new for the seller
INSERT INTO facets (seller_key, facet, marketplace_id, order_status, fulfillment_channel, payment_method,
                    easy_ship_shipment_status, electronic_invoice_status, is_ispu)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- order_ending: one order with its ending
SELECT f.marketplace_id, o.created_us, o.document AS body, o.ending AS people
FROM sellers AS s
JOIN orders AS o ON o.seller_key = s.seller_key AND o.order_number = :number
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
WHERE s.seller_id = :seller_id;

-- order_personal: one order with its personal
SELECT f.marketplace_id, o.created_us, o.document AS body, o.personal AS people
FROM sellers AS s
JOIN orders AS o ON o.seller_key = s.seller_key AND o.order_number = :number
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
WHERE s.seller_id = :seller_id;

-- items: the items of one order as they are served
SELECT f.marketplace_id, o.created_us, d.items AS body, d.restricted_items
FROM sellers AS s
JOIN orders AS o ON o.seller_key = s.seller_key AND o.order_number = :number
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = :seller_id;

-- regulated: what one order has to be checked for
SELECT f.marketplace_id, o.created_us, d.regulated AS body
FROM sellers AS s
JOIN orders AS o ON o.seller_key = s.seller_key AND o.order_number = :number
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = :seller_id;

-- regulated_to_change: the same, where there is any, locked for the write that follows
SELECT d.order_key, d.regulated AS body
FROM sellers AS s
JOIN orders AS o ON o.seller_key = s.seller_key AND o.order_number = :number
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = :seller_id AND d.regulated IS NOT NULL
FOR UPDATE OF d;

-- put_regulated: what has become of it
UPDATE order_details SET regulated = :document WHERE order_key = :order_key;

-- put_orders: adds orders or replaces them in their places; they come sorted, so that two imports lock in one order
INSERT INTO orders (seller_key, order_number, facet, created_us, updated_us, buyer_email_key, seller_order_id,
                    supply_source_id, store_chain_store_id, earliest_delivery_us, latest_delivery_us, erasable_us,
                    document, ending, personal)
SELECT unnest($1::integer[]), unnest($2::bigint[]), unnest($3::integer[]), unnest($4::bigint[]), unnest($5::bigint[]),
       unnest($6::bigint[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::bigint[]),
       unnest($11::bigint[]), unnest($12::bigint[]), unnest($13::bytea[]), unnest($14::bytea[]), unnest($15::bytea[])
ON CONFLICT (seller_key, order_number) DO UPDATE SET
  facet = excluded.facet, created_us = excluded.created_us, updated_us = excluded.updated_us,
  buyer_email_key = excluded.buyer_email_key, seller_order_id = excluded.seller_order_id,
  supply_source_id = excluded.supply_source_id, store_chain_store_id = excluded.store_chain_store_id,
  earliest_delivery_us = excluded.earliest_delivery_us, latest_delivery_us = excluded.latest_delivery_us,
  erasable_us = excluded.erasable_us, document = excluded.document, ending = excluded.ending,
  personal = excluded.personal
RETURNING seller_key, order_number, order_key;

-- put_details: what pages never need
INSERT INTO order_details (order_key, items, restricted_items, withheld, regulated)
SELECT unnest($1::bigint[]), unnest($2::bytea[]), unnest($3::bytea[]), unnest($4::bytea[]), unnest($5::bytea[])
ON CONFLICT (order_key) DO UPDATE SET
  items = excluded.items, restricted_items = excluded.restricted_items, withheld = excluded.withheld, regulated = excluded.regulated;

-- erasable: final orders that have not changed for long and still have their restricted members
SELECT s.seller_id, o.order_number FROM orders AS o JOIN sellers AS s ON s.seller_key = o.seller_key
WHERE o.erasable_us < :before ORDER BY o.erasable_us LIMIT :wanted;

-- personal: what one order says of people, locked for an erasure that follows
SELECT o.order_key, o.personal FROM sellers AS s
JOIN orders AS o ON o.seller_key = s.seller_key AND o.order_number = :number
WHERE s.seller_id = :seller_id
FOR UPDATE OF o;

-- erase_order: nothing restricted stays
UPDATE orders SET erasable_us = NULL, buyer_email_key = NULL, ending = :ending, personal = :personal
WHERE order_key = :order_key;

-- erase_details: nor here
UPDATE order_details SET restricted_items = NULL, withheld = :withheld, regulated = NULL WHERE order_key = :order_key;

-- sealed: the sealed columns of the next orders, by key
SELECT o.order_key, s.seller_id, o.order_number, o.ending, o.personal, d.restricted_items, d.withheld, d.regulated
FROM orders AS o JOIN sellers AS s ON s.seller_key = o.seller_key JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.order_key > :after::bigint ORDER BY o.order_key LIMIT :wanted;

-- sealed_to_change: the same, locked for the writes that follow
SELECT o.order_key, s.seller_id, o.order_number, o.ending, o.personal, d.restricted_items, d.withheld, d.regulated
FROM orders AS o JOIN sellers AS s ON s.seller_key = o.seller_key JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.order_key > :after::bigint ORDER BY o.order_key LIMIT :wanted
FOR UPDATE OF o, d;

-- reseal_order: the same columns under another key
UPDATE orders SET ending = :ending, personal = :personal WHERE order_key = :order_key;

-- reseal_details: likewise
UPDATE order_details SET restricted_items = :items, withheld = :withheld, regulated = :regulated
WHERE order_key = :order_key;
