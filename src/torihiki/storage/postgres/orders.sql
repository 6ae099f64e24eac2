-- Orders are asked for by a range that holds one number, in the order of the numbers. Only one index gives that, so it is
-- taken even by a connection that made its plans when there were no orders and every index looked as good as another.

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
CROSS JOIN LATERAL (
  SELECT * FROM orders WHERE orders.seller_key = s.seller_key AND order_number BETWEEN :number AND :number
  ORDER BY order_number LIMIT 1
) AS o
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
WHERE s.seller_id = :seller_id;

-- order_personal: one order with its personal
SELECT f.marketplace_id, o.created_us, o.document AS body, o.personal AS people
FROM sellers AS s
CROSS JOIN LATERAL (
  SELECT * FROM orders WHERE orders.seller_key = s.seller_key AND order_number BETWEEN :number AND :number
  ORDER BY order_number LIMIT 1
) AS o
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
WHERE s.seller_id = :seller_id;

-- items: the items of one order as they are served
SELECT f.marketplace_id, o.created_us, d.items AS body, d.restricted_items
FROM sellers AS s
CROSS JOIN LATERAL (
  SELECT * FROM orders WHERE orders.seller_key = s.seller_key AND order_number BETWEEN :number AND :number
  ORDER BY order_number LIMIT 1
) AS o
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = :seller_id;

-- regulated: what one order has to be checked for
SELECT f.marketplace_id, o.created_us, d.regulated AS body
FROM sellers AS s
CROSS JOIN LATERAL (
  SELECT * FROM orders WHERE orders.seller_key = s.seller_key AND order_number BETWEEN :number AND :number
  ORDER BY order_number LIMIT 1
) AS o
JOIN facets AS f ON f.seller_key = o.seller_key AND f.facet = o.facet
JOIN order_details AS d ON d.order_key = o.order_key
WHERE s.seller_id = :seller_id;

-- history: what became of one order behind an entry, up to another; one row without an entry where there is none
SELECT h.at_us, h.event, h.caused_by, h.order_status, h.details
FROM sellers AS s
CROSS JOIN LATERAL (
  SELECT * FROM orders WHERE orders.seller_key = s.seller_key AND order_number BETWEEN :number AND :number
  ORDER BY order_number LIMIT 1
) AS o
LEFT JOIN order_history AS h ON h.order_key = o.order_key AND h.sequence > :after AND h.sequence <= :last
WHERE s.seller_id = :seller_id ORDER BY h.sequence;

-- kept: one order with all that a change looks at, and what tells this version from others
SELECT o.order_key, o.xmin AS version, o.facet, o.created_us, o.updated_us, o.document, o.personal,
       d.items, d.withheld, d.regulated, d.fulfillment
FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.seller_key = :seller AND o.order_number BETWEEN :number AND :number ORDER BY o.order_number;

-- kept_locked: the same, for itself until the transaction ends
SELECT o.order_key, o.xmin AS version, o.facet, o.created_us, o.updated_us, o.document, o.personal,
       d.items, d.withheld, d.regulated, d.fulfillment
FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.seller_key = :seller AND o.order_number BETWEEN :number AND :number ORDER BY o.order_number
FOR UPDATE OF o, d;

-- change: what has become of it, if it still is that version; all who write details or history write the order first
WITH changed AS (
  UPDATE orders SET facet = :facet, updated_us = :updated, earliest_delivery_us = :earliest, latest_delivery_us = :latest,
    erasable_us = :erasable, document = :document, ending = :ending, personal = :personal
  WHERE order_key = :order_key AND xmin = :version::xid
  RETURNING order_key
), detailed AS (
  UPDATE order_details AS d SET items = :items, restricted_items = :restricted_items, withheld = :withheld,
    regulated = coalesce(:regulated, d.regulated), fulfillment = :fulfillment
  FROM changed WHERE d.order_key = changed.order_key
), told AS (
  INSERT INTO order_history (order_key, sequence, at_us, event, caused_by, order_status, details)
  SELECT changed.order_key,
         coalesce((SELECT max(h.sequence) FROM order_history AS h WHERE h.order_key = changed.order_key), 0) + entry.place,
         entry.at_us, entry.event, entry.caused_by, entry.order_status, entry.details
  FROM changed CROSS JOIN unnest(:at::bigint[], :events::text[], :by::text[], :statuses::text[], :details::bytea[])
    WITH ORDINALITY AS entry (at_us, event, caused_by, order_status, details, place)
)
SELECT order_key FROM changed;

-- add_orders: adds those orders that are new; they come sorted, so that two imports wait for each other in one order
INSERT INTO orders (seller_key, order_number, facet, created_us, updated_us, buyer_email_key, seller_order_id,
                    supply_source_id, store_chain_store_id, earliest_delivery_us, latest_delivery_us, erasable_us,
                    document, ending, personal)
SELECT unnest($1::integer[]), unnest($2::bigint[]), unnest($3::integer[]), unnest($4::bigint[]), unnest($5::bigint[]),
       unnest($6::bigint[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::bigint[]),
       unnest($11::bigint[]), unnest($12::bigint[]), unnest($13::bytea[]), unnest($14::bytea[]), unnest($15::bytea[])
ON CONFLICT (seller_key, order_number) DO NOTHING
RETURNING seller_key, order_number, order_key;

-- add_details: what pages never need
INSERT INTO order_details (order_key, items, restricted_items, withheld, regulated)
SELECT unnest($1::bigint[]), unnest($2::bytea[]), unnest($3::bytea[]), unnest($4::bytea[]), unnest($5::bytea[]);

-- lock_orders: orders that are there, locked as they come, with what tells whether another state takes their place
SELECT there.seller_key, there.order_number, there.order_key, there.updated_us, there.document, there.items
FROM unnest($1::integer[], $2::bigint[]) AS wanted (seller_key, order_number)
CROSS JOIN LATERAL (
  SELECT o.seller_key, o.order_number, o.order_key, o.updated_us, o.document, d.items
  FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key
  WHERE o.seller_key = wanted.seller_key AND o.order_number BETWEEN wanted.order_number AND wanted.order_number
  ORDER BY o.order_number
  FOR UPDATE OF o, d
) AS there;

-- replace_orders: another state of orders, in their places
UPDATE orders AS o SET
  facet = new.facet, created_us = new.created_us, updated_us = new.updated_us, buyer_email_key = new.buyer_email_key,
  seller_order_id = new.seller_order_id, supply_source_id = new.supply_source_id,
  store_chain_store_id = new.store_chain_store_id, earliest_delivery_us = new.earliest_delivery_us,
  latest_delivery_us = new.latest_delivery_us, erasable_us = new.erasable_us, document = new.document,
  ending = new.ending, personal = new.personal
FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::bigint[], $10::bigint[], $11::bigint[], $12::bytea[], $13::bytea[], $14::bytea[])
  AS new (order_key, facet, created_us, updated_us, buyer_email_key, seller_order_id, supply_source_id,
          store_chain_store_id, earliest_delivery_us, latest_delivery_us, erasable_us, document, ending, personal)
WHERE o.order_key = new.order_key;

-- replace_details: the same of another state
UPDATE order_details AS d SET
  items = new.items, restricted_items = new.restricted_items, withheld = new.withheld, regulated = new.regulated
FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
  AS new (order_key, items, restricted_items, withheld, regulated)
WHERE d.order_key = new.order_key;

-- begin_fulfillment: nothing has happened to states that came from elsewhere
UPDATE order_details SET fulfillment = '{}' WHERE order_key = ANY($1::bigint[]);

-- add_history: the next entry of orders' histories, one for each
INSERT INTO order_history (order_key, sequence, at_us, event, caused_by, order_status, details)
SELECT new.order_key,
       coalesce((SELECT max(h.sequence) FROM order_history AS h WHERE h.order_key = new.order_key), 0) + 1,
       new.at_us, new.event, new.caused_by, new.order_status, new.details
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
  AS new (order_key, at_us, event, caused_by, order_status, details);

-- erasable: final orders that have not changed for long and still have their restricted members
SELECT s.seller_id, o.order_number FROM orders AS o JOIN sellers AS s ON s.seller_key = o.seller_key
WHERE o.erasable_us < :before ORDER BY o.erasable_us LIMIT :wanted;

-- people: what one order says of people, locked for an erasure that follows
SELECT o.order_key, o.personal, d.withheld FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.seller_key = :seller AND o.order_number BETWEEN :number AND :number ORDER BY o.order_number
FOR UPDATE OF o, d;

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
