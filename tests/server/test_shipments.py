"""confirmShipment over HTTP, on both databases (issue 4; O-24 to O-29; contract 4.1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.orders.lines import JAPAN, US
from tests.server.confirming import (
    BODY,
    ITEM_ID,
    ORDER_ID,
    body,
    confirmed,
    events,
    history,
    load,
    message,
    post,
    shipped,
    standing,
)
from tests.server.plain import Answered
from tests.serving import READER, Seller, Served
from torihiki.kernel.problem import GENERIC_INVALID
from torihiki.server.call import BODY_MAX_BYTES

# Character for character as the seed's two requests have them.
SEED_CREATE = (
    b'{ "marketplaceId": "ATVPDKIKX0DER", "codCollectionMethod": "", "packageDetail": { "packageReferenceId": "123", '
    b'"carrierCode": "UPS", "carrierName": "UPS", "shippingMethod": "SHIPPING", "trackingNumber": '
    b'"1Z86V8030385598957", "shipDate": "2022-11-30T16:15:30Z", "shipFromSupplySourceId": '
    b'"057d3fcc-b750-419f-bbcd-4d340c60c430", "orderItems": [ { "orderItemId": "60696125413094", "quantity": 1 } ] } }'
)
SEED_EDIT = (
    b'{ "marketplaceId": "ATVPDKIKX0DER", "codCollectionMethod": "", "packageDetail": { "packageReferenceId": "123", '
    b'"carrierCode": "USPS", "carrierName": "USPS", "shippingMethod": "SHIPPING", "trackingNumber": '
    b'"1Z86V8030385598957", "shipDate": "2022-11-30T20:15:30Z", "shipFromSupplySourceId": '
    b'"057d3fcc-b750-419f-bbcd-4d340c60c430", "orderItems": [ { "orderItemId": "60696125413094", "quantity": 1 } ] } }'
)
NOW = "2026-11-22T09:30:00Z"
NO_SUCH_ORDER = (
    "ErrorCode: NonexistentOrderItem Description: Failed to find order item list by order ID: "
)
BAD_ITEM = "OrderItemId  is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
BAD_REFERENCE = "PackageReferenceId: is invalid, must be a positive numeric value."


@pytest.fixture
def seller(unlimited: Served) -> Seller:
    """A seller of this test alone, with the order of the seed's examples."""
    added = unlimited.add_seller([US])
    load(unlimited, added)
    return added


@pytest.fixture(scope="module")
def untouched(unlimited: Served) -> Seller:
    """A seller whose order stays as it is, for requests that are refused."""
    added = unlimited.add_seller([US])
    load(unlimited, added)
    return added


def wrong_types(*paths: str) -> str:
    return (
        "The input you have submitted is not valid. Please check the fields with invalid type "
        f"[{', '.join(paths)}]."
    )


def refused(count: int, *found: str) -> str:
    errors = "error" if count == 1 else "errors"
    return f"{count} validation {errors} detected: {'; '.join(found)}"


def test_examples_of_the_seed_are_taken_as_they_are(unlimited: Served, seller: Seller) -> None:
    """O-2, O-24, O-25, O-29: the first makes a package, the second edits it, and no piece is shipped twice."""
    for sent in (SEED_CREATE, SEED_EDIT):
        answer = post(unlimited, seller, sent)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["x-amzn-requestid"]
        assert answer.headers.keys() & {"content-type", "content-length"} == set()
        assert standing(seller) == ("PartiallyShipped", 1, 2, NOW)
        assert shipped(seller) == [1]
    found = history(unlimited, seller)["entries"]
    assert [entry["event"] for entry in found] == ["package_confirmed", "package_edited"]
    assert {entry["by"] for entry in found} == {seller.application_id}


def test_success_has_the_rate_of_the_operation(server: Served) -> None:
    """O-29, contract 1.1: 2 and 5 a second, 10 and 15 at once."""
    seller = server.add_seller([US])
    load(server, seller, IsISPU=True)
    answer = post(server, seller, SEED_CREATE)
    assert (answer.status, answer.headers["x-amzn-ratelimit-limit"]) == (204, "2.0")
    statuses = [post(server, seller, SEED_CREATE).status for _ in range(10)]
    assert statuses == [204] * 9 + [429]
    ready = {"marketplaceId": US, "shipmentStatus": "ReadyForPickup"}
    answers = [post(server, seller, ready, suffix="/shipment") for _ in range(16)]
    assert answers[0].headers["x-amzn-ratelimit-limit"] == "5.0"
    assert [answer.status == 429 for answer in answers] == [False] * 15 + [True]


def test_several_packages_ship_the_order_in_parts(unlimited: Served, seller: Seller) -> None:
    """O-26, O-5: every step moves LastUpdateDate, so that whoever asks for updates sees it."""
    confirmed(unlimited, seller, body(1, packageReferenceId="101"))
    unlimited.set_clock(advance="PT30M")
    confirmed(unlimited, seller, body(2, packageReferenceId="102"))
    assert standing(seller) == ("Shipped", 3, 0, "2026-11-22T10:00:00Z")
    for after, expected in (("2026-11-22T09:30:01Z", 1), ("2026-11-22T10:00:01Z", 0)):
        query = {"MarketplaceIds": US, "LastUpdatedAfter": after, "OrderStatuses": "Shipped"}
        assert len(seller.orders(query)) == expected
    unlimited.set_clock(now=NOW, running=False)
    assert events(unlimited, seller) == [
        ("package_confirmed", "PartiallyShipped"),
        ("package_confirmed", "Shipped"),
    ]


def test_shipping_reveals_nothing_of_people(unlimited: Served, seller: Seller) -> None:
    """O-21."""
    confirmed(unlimited, seller, body(3))
    answer = seller.get(f"/orders/v0/orders/{ORDER_ID}")
    assert "secret" not in answer.text
    assert answer.json()["payload"]["BuyerInfo"] == {"BuyerEmail": "open@example.test"}


def test_reference_that_is_left_out_is_assigned(unlimited: Served, seller: Seller) -> None:
    """O-27: two calls, two packages."""
    for _ in range(2):
        confirmed(unlimited, seller, body(1, packageReferenceId=None))
    assert shipped(seller) == [2]


def test_many_confirmations_at_once_never_ship_more_than_was_ordered(
    unlimited: Served, seller: Seller
) -> None:
    """Forty packages of one piece each, of three pieces."""

    def confirm(number: int) -> Answered:
        return post(unlimited, seller, body(1, packageReferenceId=str(number + 1)))

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(confirm, range(40)))
    assert sorted(answer.status for answer in answers) == [204] * 3 + [400] * 37
    assert standing(seller)[:3] == ("Shipped", 3, 0)
    assert len(events(unlimited, seller)) == 3


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (body(packageReferenceId=123), wrong_types("packageDetail.packageReferenceId")),
        (body(packageReferenceId="abc"), BAD_REFERENCE),
        (body(packageReferenceId="0"), BAD_REFERENCE),
        (body(packageReferenceId="-1"), BAD_REFERENCE),
        (body(packageReferenceId="9" * 31), BAD_REFERENCE),
        (body(shipDate="02/21/2022"), wrong_types("packageDetail.shipDate")),
        (
            body(shipDate=""),
            refused(
                1,
                "Value '' at 'packageDetail.shipDate' failed to satisfy constraint: Member must have length greater "
                "than or equal to 1",
            ),
        ),
        (body(orderItems={"orderItemId": ITEM_ID, "quantity": 1}), BAD_ITEM),
        (body(orderItems=[{"orderItemId": "1", "quantity": 1}]), BAD_ITEM),
        (
            body(orderItems=[]),
            refused(
                1,
                "Value '[]' at 'packageDetail.orderItems' failed to satisfy constraint: Member must have length "
                "greater than or equal to 1",
            ),
        ),
        (body("1"), wrong_types("packageDetail.orderItems[0].quantity")),
        (body(1.0), wrong_types("packageDetail.orderItems[0].quantity")),
        (
            body(0),
            refused(
                1,
                "Value '0' at 'packageDetail.orderItems[0].quantity' failed to satisfy constraint: Member must have "
                "value greater than or equal to 1",
            ),
        ),
        (
            body(trackingNumber=None, carrierCode=""),
            refused(
                2,
                "Value null at 'packageDetail.trackingNumber' failed to satisfy constraint: Member must not be null",
                "Value '' at 'packageDetail.carrierCode' failed to satisfy constraint: Member must have length greater "
                "than or equal to 1",
            ),
        ),
        (
            {},
            refused(
                2,
                "Value null at 'packageDetail' failed to satisfy constraint: Member must not be null",
                "Value null at 'marketplaceId' failed to satisfy constraint: Member must not be null",
            ),
        ),
        (
            {**BODY, "codCollectionMethod": "Cash"},
            refused(
                1,
                "Value 'Cash' at 'codCollectionMethod' failed to satisfy constraint: Member must satisfy enum value "
                "set: [DirectPayment]",
            ),
        ),
        ({**BODY, "packageDetail": []}, wrong_types("packageDetail")),
        (b"", GENERIC_INVALID),
        (b"[]", GENERIC_INVALID),
        (b"\xff", GENERIC_INVALID),
        (b"[" * 100_000, GENERIC_INVALID),
        (body(carrierCode="NoSuchCarrier"), "ErrorCode: InvalidCarrier Description: Selected carrier is not supported"),
    ],
    ids=range(22),
)  # fmt: skip
def test_bad_body_is_refused_in_amazons_words(
    unlimited: Served, untouched: Seller, sent: Any, expected: str
) -> None:
    """O-24, O-27; contract 1.9 row 5, 4.1."""
    assert message(post(unlimited, untouched, sent)) == expected
    assert standing(untouched) == ("Unshipped", 0, 3, "2026-11-20T10:30:00Z")
    assert events(unlimited, untouched) == []


@pytest.mark.parametrize("where", ["trackingNumber", "shippingMethod", "carrierName"])
@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "x\n", "\x7f", "x" * 201])
def test_text_that_no_label_holds_is_refused(
    unlimited: Served, untouched: Seller, where: str, text: str
) -> None:
    found = message(post(unlimited, untouched, body(**{where: text})))
    assert f"'packageDetail.{where}' failed to satisfy constraint" in found


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", "application/xml"])
def test_other_media_type_is_bad_input(
    unlimited: Served, untouched: Seller, content_type: str
) -> None:
    """Contract 1.1: confirmShipment declares no 415, updateShipmentStatus does."""
    assert message(post(unlimited, untouched, BODY, content_type=content_type)) == GENERIC_INVALID
    answer = post(unlimited, untouched, b"{}", suffix="/shipment", content_type=content_type)
    assert answer.status == 415


@pytest.mark.parametrize("content_type", [None, "application/json; charset=utf-8"])
def test_body_is_read_without_a_media_type_too(
    unlimited: Served, seller: Seller, content_type: str | None
) -> None:
    confirmed(unlimited, seller, BODY, content_type=content_type)


def test_huge_body_is_bad_input(unlimited: Served, untouched: Seller) -> None:
    """Contract 1.1: confirmShipment declares no 413, updateShipmentStatus does."""
    huge = b" " * (BODY_MAX_BYTES + 1)
    assert message(post(unlimited, untouched, huge)) == GENERIC_INVALID
    assert post(unlimited, untouched, huge, suffix="/shipment").status == 413


@pytest.mark.parametrize("order_id", ["249-0000000-0000000", "TEST_CASE_200", "%00", "1"])
def test_order_that_is_not_there_is_told_by_its_id(
    unlimited: Served, untouched: Seller, order_id: str
) -> None:
    said = "\x00" if order_id == "%00" else order_id
    assert message(post(unlimited, untouched, BODY, order_id=order_id)) == NO_SUCH_ORDER + said


def test_order_of_another_seller_is_not_there(unlimited: Served, seller: Seller) -> None:
    stranger = unlimited.add_seller([US])
    assert message(post(unlimited, stranger, BODY)) == NO_SUCH_ORDER + ORDER_ID
    ready = {"marketplaceId": US, "shipmentStatus": "ReadyForPickup"}
    answer = post(unlimited, stranger, ready, suffix="/shipment")
    assert message(answer) == "Invalid Request Parameters"
    assert standing(seller)[0] == "Unshipped"


def test_order_that_is_too_old_is_not_there(unlimited: Served, seller: Seller) -> None:
    """O-1: nobody writes to what nobody sees; in Japan it is still there."""
    old: dict[str, Any] = {
        "PurchaseDate": "2024-11-22T09:29:59Z",
        "LastUpdateDate": "2024-11-22T09:29:59Z",
    }
    load(unlimited, seller, **old)
    assert message(post(unlimited, seller, BODY)) == NO_SUCH_ORDER + ORDER_ID
    load(unlimited, seller, **old, MarketplaceId=JAPAN)
    confirmed(unlimited, seller, {**BODY, "marketplaceId": JAPAN})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"FulfillmentChannel": "AFN"}, f"Failed validation because order {ORDER_ID} "),
        ({"OrderStatus": "Pending"}, f"Failed validation because order {ORDER_ID} "),
        ({"MarketplaceId": JAPAN}, f"Failed validation because order {ORDER_ID} "),
        ({"OrderStatus": "Canceled"}, NO_SUCH_ORDER + ORDER_ID),
    ],
)
def test_order_that_cannot_be_shipped_is_refused(
    unlimited: Served, seller: Seller, changes: dict[str, Any], expected: str
) -> None:
    load(unlimited, seller, **changes)
    assert message(post(unlimited, seller, BODY)).startswith(expected)


def test_more_pieces_than_are_left_are_refused(unlimited: Served, seller: Seller) -> None:
    expected = "Failed to create/update package due to overfulfillment"
    assert message(post(unlimited, seller, body(4))).startswith(expected)
    confirmed(unlimited, seller, body(2))
    answer = post(unlimited, seller, body(2, packageReferenceId="102"))
    assert message(answer).startswith(expected)
    assert shipped(seller) == [2]


def test_edit_of_items_or_quantity_is_refused(unlimited: Served, seller: Seller) -> None:
    """O-25, contract 4.1 (models#5037): on the wire with Amazon's escaping."""
    confirmed(unlimited, seller, body(1))
    answer = post(unlimited, seller, body(2))
    assert b"(errorCode\\u003dGeneralError" in answer.body
    assert "errorMetric=PackageToUpdateNotFound" in message(answer)


def test_role_is_needed(unlimited: Served) -> None:
    """O-28: the seed's role opens confirmShipment, and so does the other of Amazon's current pages."""
    seed_role = "Direct-to-Consumer Shipping (Restricted)"
    for roles, statuses in (
        ([seed_role], (204, 403)),
        ([READER], (204, 400)),
        (["Pricing", "Tax Invoicing (Restricted)"], (403, 403)),
    ):
        seller = unlimited.add_seller([US], roles)
        load(unlimited, seller)
        ready = {"marketplaceId": US, "shipmentStatus": "ReadyForPickup"}
        answers = (
            post(unlimited, seller, BODY),
            post(unlimited, seller, ready, suffix="/shipment"),
        )
        assert tuple(answer.status for answer in answers) == statuses
