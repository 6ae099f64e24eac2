"""O-31: getOrderRegulatedInfo, and the rules, texts and effects of updateVerificationStatus (contract 4.3)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.orders.lines import ORDER_ID, small_line
from tests.orders.reading import NOW, keep
from tests.orders.reviewing import (
    ALTERNATIVE,
    APPROVED_BEFORE,
    CHECK,
    INTERIM,
    NO_REASON,
    NO_REVIEWER,
    NOBODY,
    PRESCRIPTION,
    REJECTED_BEFORE,
    WITHOUT_CLINIC,
    accepted,
    called,
    keep_regulated,
    messages,
    regulated_info,
    report,
    sent,
    shown,
    shown_check,
    stored,
)
from torihiki.kernel.instant import Instant, TimeDelta, wire_time
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.regulated import parse_report, reviewed

BAD_STATUS = "Invalid request parameter `status`. Must be one of [Approved, Rejected]."
NO_CLINIC = "Missing required parameter(s) from prescriptionDetail value: clinicId"
BAD_CODE = "Invalid request parameter `statusCode`. Must be one of [clinic-asked, clinic-closed]."
BAD_REASON = (
    "Invalid request parameter `rejectionReasonId`. Must be one of [too-young, wrong-dose]."
)


def unsupported(kind: str, status: str) -> str:
    return f"Verification Detail `{kind}` is not supported when order is in {status} status."


def already(status: str) -> str:
    return f"Invalid request parameter `status`. The order is in {status} status already."


# The cases of Amazon's sandbox come first, with values of our own; what follows them is by analogy.
REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (report("Rejected", **NOBODY), [NO_REASON, NO_REVIEWER]),
    (report("Cancelled"), [BAD_STATUS]),
    (
        report("Rejected", rejectionReasonId="too-young", prescriptionDetail=PRESCRIPTION),
        [unsupported("prescriptionDetail", "Rejected")],
    ),
    (
        report("Approved", approvedAlternativeDetails=[ALTERNATIVE]),
        [unsupported("approvedAlternativeDetails", "Approved")],
    ),
    (report("Approved", prescriptionDetail=WITHOUT_CLINIC), [NO_CLINIC]),
    (report("Approved", prescriptionDetail=WITHOUT_CLINIC, **NOBODY), [NO_CLINIC, NO_REVIEWER]),
    (report("Pending"), [BAD_STATUS]),
    (report("Expired", **NOBODY), [BAD_STATUS, NO_REVIEWER]),
    (report("Rejected"), [NO_REASON]),
    (report("Rejected", rejectionReasonId=""), [NO_REASON]),
    (report("Rejected", rejectionReasonId="unheard-of"), [BAD_REASON]),
    (report("Approved", **NOBODY), [NO_REVIEWER]),
    (report("Approved", externalReviewerId=""), [NO_REVIEWER]),
    (report(), ["Missing request parameter: status."]),
    (
        report("Pending", prescriptionDetail=PRESCRIPTION, interimStatusDetail=INTERIM),
        [unsupported("prescriptionDetail", "Pending")],
    ),
    (
        report("Approved", interimStatusDetail=INTERIM),
        [unsupported("interimStatusDetail", "Approved")],
    ),
    (
        report("Rejected", prescriptionDetail={}, interimStatusDetail=INTERIM, **NOBODY),
        [
            unsupported("prescriptionDetail", "Rejected"),
            unsupported("interimStatusDetail", "Rejected"),
            NO_REASON,
            NO_REVIEWER,
        ],
    ),
    (report(prescriptionDetail=PRESCRIPTION), [unsupported("prescriptionDetail", "Pending")]),
    (
        report("Approved", prescriptionDetail={}),
        [f"Missing required parameter(s) from prescriptionDetail value: {', '.join(PRESCRIPTION)}"],
    ),
    (
        report(
            "Rejected",
            rejectionReasonId="too-young",
            approvedAlternativeDetails=[ALTERNATIVE, {"attributeName": "asin"}],
        ),
        [
            "Missing required parameter(s) from approvedAlternativeDetails value: originalValue, approvedValue"
        ],
    ),
    (
        report("Pending", interimStatusDetail={"statusCode": "clinic-asked"}),
        ["Missing required parameter(s) from interimStatusDetail value: statusDateTime"],
    ),
    (report("Pending", interimStatusDetail={**INTERIM, "statusCode": "gone"}), [BAD_CODE]),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
async def test_report_is_refused_with_every_reason_in_order(
    store: OrderStore, body: dict[str, Any], expected: list[str]
) -> None:
    """O-31."""
    await keep_regulated(store)
    assert await messages(store, body) == expected
    assert await stored(store) == regulated_info()


async def test_several_errors_are_written_as_amazon_writes_one(store: OrderStore) -> None:
    """Contract 1.8: the bytes are those of a JSON printer with two blanks of indent, and Gson's escapes."""
    await keep_regulated(store)
    answer = await sent(store, report("Rejected", **NOBODY))
    assert answer.body == (
        b'{\n  "errors": [\n    {\n'
        b'      "code": "InvalidInput",\n'
        b'      "message": "Missing request parameter: rejectionReasonId.",\n'
        b'      "details": ""\n'
        b"    },\n    {\n"
        b'      "code": "InvalidInput",\n'
        b'      "message": "Missing request parameter: externalReviewerId.",\n'
        b'      "details": ""\n'
        b"    }\n  ]\n}"
    )
    assert answer.body == json.dumps(json.loads(answer.body), indent=2).encode()
    answer = await sent(store, report("Cancelled"))
    assert (
        b'"Invalid request parameter `status`. Must be one of [Approved, Rejected]."' in answer.body
    )


async def test_rejection_is_shown_with_its_reason_reviewer_and_date(store: OrderStore) -> None:
    """O-31."""
    await keep_regulated(store)
    await accepted(store, report("Rejected", rejectionReasonId="wrong-dose"))
    verdict = {
        "Status": "Rejected",
        "RequiresMerchantAction": False,
        "ValidRejectionReasons": [],
        "RejectionReason": CHECK["ValidRejectionReasons"][1],
        "ReviewDate": "2026-11-22T00:00:00Z",
        "ExternalReviewerId": "reviewer-7",
    }
    assert await shown(store) == regulated_info(**verdict)


async def test_approval_is_shown_without_a_reason(store: OrderStore) -> None:
    """O-31; the order of the members stays, new ones follow."""
    await keep_regulated(store)
    await accepted(store, report("Approved", prescriptionDetail=PRESCRIPTION))
    check = await shown_check(store)
    assert check["Status"] == "Approved"
    assert "RejectionReason" not in check
    assert list(check) == [*CHECK, "ReviewDate", "ExternalReviewerId"]


async def test_reason_of_an_approval_does_not_count(store: OrderStore) -> None:
    await keep_regulated(store)
    await accepted(store, report("Approved", rejectionReasonId="unheard-of"))
    assert "RejectionReason" not in await shown_check(store)


@pytest.mark.parametrize("status", ["Pending", None])
async def test_interim_status_leaves_the_check_open(store: OrderStore, status: str | None) -> None:
    await keep_regulated(store)
    await accepted(store, report(status, interimStatusDetail=INTERIM))
    assert await shown(store) == regulated_info()
    await accepted(store, report("Approved"))
    assert (await shown_check(store))["Status"] == "Approved"


async def test_last_detail_of_each_kind_is_kept_and_never_shown(store: OrderStore) -> None:
    await keep_regulated(store)
    later = {**INTERIM, "statusCode": "clinic-closed"}
    await accepted(store, report("Pending", interimStatusDetail=INTERIM))
    await accepted(store, report("Pending", interimStatusDetail=later))
    await accepted(store, report("Approved"))
    await accepted(store, report(prescriptionDetail={**PRESCRIPTION, "unknown": 1}))

    kept = (await stored(store))["x-verificationDetails"]
    assert kept == {"interimStatusDetail": later, "prescriptionDetail": PRESCRIPTION}
    answer = await called(store, "getOrderRegulatedInfo")
    assert b"clinic-closed" in answer.body
    assert b"erificationDetails" not in answer.body.replace(b"ValidVerificationDetails", b"")
    assert b"prescription" not in answer.body


async def test_alternatives_are_kept_with_a_rejection(store: OrderStore) -> None:
    await keep_regulated(store)
    body = report(
        "Rejected", rejectionReasonId="too-young", approvedAlternativeDetails=[ALTERNATIVE]
    )
    await accepted(store, body)
    kept = (await stored(store))["x-verificationDetails"]
    assert kept == {"approvedAlternativeDetails": [ALTERNATIVE]}


@pytest.mark.parametrize(
    ("before", "body", "expected"),
    [
        (APPROVED_BEFORE, report("Rejected", rejectionReasonId="too-young"), already("Approved")),
        (APPROVED_BEFORE, report("Pending", interimStatusDetail=INTERIM), already("Approved")),
        (REJECTED_BEFORE, report("Approved"), already("Rejected")),
        (REJECTED_BEFORE, report("Rejected", rejectionReasonId="wrong-dose"), already("Rejected")),
        ({"Status": "Expired"}, report("Approved"), already("Expired")),
        ({"Status": "Cancelled"}, report("Approved"), already("Cancelled")),
        (
            REJECTED_BEFORE,
            report(prescriptionDetail=PRESCRIPTION),
            unsupported("prescriptionDetail", "Rejected"),
        ),
    ],
)
async def test_check_that_is_over_takes_no_other_verdict(
    store: OrderStore, before: dict[str, Any], body: dict[str, Any], expected: str
) -> None:
    await keep_regulated(store, **before)
    assert await messages(store, body) == [expected]
    assert await stored(store) == regulated_info(**before)


@pytest.mark.parametrize(
    ("before", "body"),
    [
        (APPROVED_BEFORE, report("Approved")),
        (REJECTED_BEFORE, report("Rejected", rejectionReasonId="too-young")),
    ],
)
async def test_same_verdict_again_changes_nothing(
    store: OrderStore, before: dict[str, Any], body: dict[str, Any]
) -> None:
    """A client that got no answer sends its report again; date and reviewer stay those of the first."""
    await keep_regulated(store, **before)
    await accepted(store, body)
    assert await stored(store) == regulated_info(**before)


async def test_of_opposite_verdicts_at_once_one_wins(store: OrderStore) -> None:
    await keep_regulated(store)
    answers = await asyncio.gather(
        sent(store, report("Approved")),
        sent(store, report("Rejected", rejectionReasonId="too-young")),
    )
    assert sorted(answer.status for answer in answers) == [204, 400]
    winner = "Approved" if answers[0].status == 204 else "Rejected"
    assert (await shown_check(store))["Status"] == winner


async def test_order_says_which_details_go_with_which_status(store: OrderStore) -> None:
    valid = [
        {
            "VerificationDetailType": "prescriptionDetail",
            "ValidVerificationStatuses": ["Approved", "Rejected"],
        }
    ]
    await keep_regulated(store, ValidVerificationDetails=valid)
    assert await messages(store, report("Pending", interimStatusDetail=INTERIM)) == [
        unsupported("interimStatusDetail", "Pending")
    ]
    body = report("Rejected", rejectionReasonId="too-young", prescriptionDetail=PRESCRIPTION)
    await accepted(store, body)


async def test_approval_moves_neither_the_order_nor_its_date(store: OrderStore) -> None:
    """Decision 11."""
    await keep_regulated(store)
    before = await store.order("SELLERONE", ORDER_ID)
    await accepted(store, report("Approved"))
    assert await store.order("SELLERONE", ORDER_ID) == before
    assert await store.history("SELLERONE", ORDER_ID, after=0, limit=9) == []


async def test_rejection_cancels_an_order_that_can_be_cancelled(store: OrderStore) -> None:
    """Decision 11, O-5: the date moves, and the history tells who rejected it."""
    await keep_regulated(store)
    await accepted(store, report("Rejected", rejectionReasonId="too-young"))
    assert (await shown_check(store))["Status"] == "Rejected"
    found = await store.order("SELLERONE", ORDER_ID)
    assert found is not None
    order = json.loads(found.document + found.people)
    assert (order["OrderStatus"], order["LastUpdateDate"]) == ("Canceled", wire_time(NOW))
    assert order["NumberOfItemsUnshipped"] == 0
    (entry,) = await store.history("SELLERONE", ORDER_ID, after=0, limit=9) or []
    assert (entry.event, entry.by, entry.at) == ("verification_rejected", "application", NOW)
    again = report("Rejected", rejectionReasonId="too-young")
    await accepted(store, again, now=NOW + TimeDelta(hours=1))
    assert await store.order("SELLERONE", ORDER_ID) == found


async def test_rejection_leaves_an_order_that_is_shipped_as_it_is(store: OrderStore) -> None:
    await keep(store, {**small_line(OrderStatus="Shipped"), "regulatedInfo": regulated_info()})
    before = await store.order("SELLERONE", ORDER_ID)
    await accepted(store, report("Rejected", rejectionReasonId="too-young"))
    assert (await shown_check(store))["Status"] == "Rejected"
    assert await store.order("SELLERONE", ORDER_ID) == before
    assert await store.history("SELLERONE", ORDER_ID, after=0, limit=9) == []


def test_review_date_is_the_operators_time_in_whole_seconds() -> None:
    now = Instant.parse_iso("2026-11-22T09:30:00.75Z")
    document = json.dumps(regulated_info()).encode()
    changed, _ = reviewed(document, parse_report(json.dumps(report("Approved")).encode()), now)
    after = json.loads(changed)
    assert after["RegulatedOrderVerificationStatus"]["ReviewDate"] == "2026-11-22T09:30:00Z"
