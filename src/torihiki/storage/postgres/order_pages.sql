-- Parts that `order_pages.py` puts together. {at} is the date's column; {place} a supply source or a store, which has
-- indexes of its own, or nothing; {people} the sealed column that completes documents. Every statement also tells the seller's newest
-- facet, as of the state that it reads, and tells it on a row without an order where it finds none.

-- direct: a page without any condition but the dates, straight from the index to the documents
SELECT n.newest, p.at, p.order_key, p.document, p.order_number, p.people
FROM (SELECT max(facet) AS newest FROM facets WHERE seller_key = :seller) AS n
LEFT JOIN (
  SELECT {at} AS at, order_key, document, order_number, {people} AS people FROM orders
  WHERE seller_key = :seller AND ({at}, order_key) > (:after_at::bigint, :after_key::bigint)
    AND {at} <= :until AND created_us >= :floor
  ORDER BY {at}, order_key LIMIT :wanted
) AS p ON true
ORDER BY p.at, p.order_key;

-- near: first walk in order, looking at index entries only; an edge where that does not suffice
WITH walk AS MATERIALIZED (
  SELECT {at} AS at, order_key, facet, created_us FROM orders
  WHERE seller_key = :seller {place}
    AND ({at}, order_key) > (:after_at::bigint, :after_key::bigint) AND {at} <= :until
  ORDER BY {at}, order_key LIMIT :steps::integer
), near AS MATERIALIZED (
  SELECT at, order_key FROM walk
  WHERE CASE WHEN facet < :mask_bits THEN get_bit(:mask::bytea, facet) = 1 ELSE false END
    AND (created_us >= :floor
         OR created_us >= (:floors::bigint[])[array_position(:facets::integer[], facet)])
  LIMIT :wanted
), edge AS MATERIALIZED (
  SELECT at, order_key FROM walk WHERE (SELECT count(*) FROM near) < :wanted OFFSET :steps::integer - 1 LIMIT 1
),;

-- far: then merge the index ranges of the facets that match
-- A sample of each range bounds the date up to which the ranges need reading, so that all together are little longer
-- than what is wanted. A sample as long as that is none.
bound AS MATERIALIZED (
  SELECT r.at FROM edge CROSS JOIN unnest(:facets::integer[], :floors::bigint[]) AS m (facet, floor)
  CROSS JOIN LATERAL (
    SELECT {at} AS at FROM orders
    WHERE seller_key = :seller AND facet = m.facet {place}
      AND ({at}, order_key) > (greatest(edge.at, m.floor - 1),
                               CASE WHEN edge.at >= m.floor - 1 THEN edge.order_key ELSE :last_key::bigint END)
      AND {at} <= :until AND created_us >= m.floor
    ORDER BY {at}, order_key LIMIT :sample::integer
  ) AS r
  WHERE :sample::integer < :wanted
  ORDER BY r.at OFFSET :wanted - (SELECT count(*) FROM near) - 1 LIMIT 1
), far AS (
  SELECT r.at, r.order_key FROM edge CROSS JOIN unnest(:facets::integer[], :floors::bigint[]) AS m (facet, floor)
  CROSS JOIN LATERAL (
    SELECT {at} AS at, order_key FROM orders
    WHERE seller_key = :seller AND facet = m.facet {place}
      AND ({at}, order_key) > (greatest(edge.at, m.floor - 1),
                               CASE WHEN edge.at >= m.floor - 1 THEN edge.order_key ELSE :last_key::bigint END)
      AND {at} <= coalesce((SELECT at FROM bound), :until) AND created_us >= m.floor
    ORDER BY {at}, order_key LIMIT :wanted - (SELECT count(*) FROM near)
  ) AS r
  ORDER BY r.at, r.order_key LIMIT :wanted - (SELECT count(*) FROM near)
), found AS (
  SELECT at, order_key FROM near UNION ALL SELECT at, order_key FROM far
);

-- documents: the orders that were found
SELECT n.newest, p.at, p.order_key, p.document, p.order_number, p.people
FROM (SELECT max(facet) AS newest FROM facets WHERE seller_key = :seller) AS n
LEFT JOIN (
  SELECT found.at, o.order_key, o.document, o.order_number, o.{people} AS people FROM found JOIN orders AS o ON o.order_key = found.order_key
) AS p ON true
ORDER BY p.at, p.order_key;

-- sieve: those of them that also fulfil conditions without an index, and how far the search has come
SELECT n.newest, n.searched, n.last_at, n.last_key, p.at, p.order_key, p.document, p.order_number, p.people
FROM (
  SELECT (SELECT max(facet) FROM facets WHERE seller_key = :seller) AS newest,
         count(*) AS searched, max(at) AS last_at,
         (SELECT order_key FROM found ORDER BY at DESC, order_key DESC LIMIT 1) AS last_key
  FROM found
) AS n
LEFT JOIN (
  SELECT found.at, o.order_key, o.document, o.order_number, o.{people} AS people FROM found JOIN orders AS o ON o.order_key = found.order_key
  WHERE {holds}
  ORDER BY found.at, o.order_key LIMIT :page
) AS p ON true
ORDER BY p.at, p.order_key;

-- few: the orders with certain ids or an address, of which there are never many
-- Found first and sorted last: without statistics an index in the wanted order looks better, and is walked to its end.
WITH candidates AS MATERIALIZED (
  {has}
), fulfilling AS MATERIALIZED (
  SELECT {at} AS at, o.order_key, o.document, o.order_number, o.{people} AS people FROM candidates JOIN orders AS o ON o.order_key = candidates.order_key
  WHERE o.facet = ANY (:facets::integer[])
    AND o.created_us >= (:floors::bigint[])[array_position(:facets::integer[], o.facet)]
    AND (o.{at}, o.order_key) > (:after_at::bigint, :after_key::bigint) AND o.{at} <= :until
    AND {holds}
)
SELECT n.newest, p.at, p.order_key, p.document, p.order_number, p.people
FROM (SELECT max(facet) AS newest FROM facets WHERE seller_key = :seller) AS n
LEFT JOIN (
  SELECT at, order_key, document, order_number, people FROM fulfilling ORDER BY at, order_key LIMIT :page
) AS p ON true
ORDER BY p.at, p.order_key;

-- has_number: those that are asked for by number
SELECT o.order_key FROM unnest(:numbers::bigint[]) AS asked (order_number)
JOIN orders AS o ON o.seller_key = :seller AND o.order_number = asked.order_number;

-- has_address: those whose buyer has the address
SELECT order_key FROM orders WHERE seller_key = :seller AND buyer_email_key = :email_key;

-- has_own_id: those to which the seller gave that id; where he gave none, it is Amazon's, and only that is kept
SELECT order_key FROM orders WHERE seller_key = :seller AND seller_order_id = :own_id
UNION ALL
SELECT order_key FROM orders
WHERE seller_key = :seller AND order_number = :own_number::bigint AND seller_order_id IS NULL;

-- has_latest: those whose latest delivery lies in the window
SELECT order_key FROM orders
WHERE seller_key = :seller AND latest_delivery_us BETWEEN :window_from::bigint AND :window_to::bigint;

-- has_earliest: those whose earliest delivery lies in the window
SELECT order_key FROM orders
WHERE seller_key = :seller AND earliest_delivery_us BETWEEN :window_from::bigint AND :window_to::bigint;

-- count_latest: how many orders a delivery window holds, up to a number from which that does not matter
SELECT count(*) AS found FROM (
  SELECT 1 FROM orders
  WHERE seller_key = :seller AND latest_delivery_us BETWEEN :window_from::bigint AND :window_to::bigint
  LIMIT :most
) AS held;

-- count_earliest: the same of the earliest delivery
SELECT count(*) AS found FROM (
  SELECT 1 FROM orders
  WHERE seller_key = :seller AND earliest_delivery_us BETWEEN :window_from::bigint AND :window_to::bigint
  LIMIT :most
) AS held;

-- holds: every condition that has no part in the facet
(:source::text IS NULL OR o.supply_source_id = :source)
  AND (:store::text IS NULL OR o.store_chain_store_id = :store)
  AND (:earliest_from::bigint IS NULL OR o.earliest_delivery_us >= :earliest_from)
  AND (:earliest_to::bigint IS NULL OR o.earliest_delivery_us <= :earliest_to)
  AND (:latest_from::bigint IS NULL OR o.latest_delivery_us >= :latest_from)
  AND (:latest_to::bigint IS NULL OR o.latest_delivery_us <= :latest_to)
  AND (:numbers::bigint[] IS NULL OR o.order_number = ANY (:numbers))
  AND (:email_key::bigint IS NULL OR o.buyer_email_key = :email_key)
  AND (:own_id::text IS NULL OR o.seller_order_id = :own_id
       OR (o.seller_order_id IS NULL AND o.order_number = :own_number::bigint));
