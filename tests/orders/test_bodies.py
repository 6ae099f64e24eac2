"""How a request body is read: what is refused in which of Amazon's words (contract 1.9 row 5, 4.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.orders.reviewing import ALTERNATIVE, PRESCRIPTION, report
from torihiki.kernel.problem import GENERIC_INVALID, Problem
from torihiki.orders.v0.bodies import read_body, required_members
from torihiki.orders.v0.schemas import PrescriptionDetail, UpdateVerificationStatusRequest

OUTER = "regulatedOrderVerificationStatus"
DETAILS = f"{OUTER}.verificationDetails"


def read(body: Any) -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_body(raw, UpdateVerificationStatusRequest)


def refused(body: Any) -> str | None:
    with pytest.raises(Problem) as caught:
        read(body)
    assert (caught.value.details, caught.value.more) == ("", ())
    return caught.value.message


def wrong_types(*paths: str) -> str:
    return (
        "The input you have submitted is not valid. Please check the fields with invalid type "
        f"[{', '.join(paths)}]."
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"7", b"\xff", b'{"a":"\xff"}', b"[" * 100_000, b'{"a":1e999}', b"{} {}"],
)  # fmt: skip
def test_what_is_no_json_object_is_refused_in_general(body: bytes) -> None:
    assert refused(body) == GENERIC_INVALID


def test_good_body_is_read_as_it_was_sent() -> None:
    body = report(
        "Approved", prescriptionDetail=PRESCRIPTION, approvedAlternativeDetails=[ALTERNATIVE]
    )
    assert read(body) == body


def test_null_and_unknown_members_count_as_left_out() -> None:
    body = {"unknown": 1, OUTER: {"status": None, "externalReviewerId": "r", "unknown": {"a": []}}}
    assert read(body) == {OUTER: {"externalReviewerId": "r"}}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({OUTER: []}, [OUTER]),
        (report(externalReviewerId=7), [f"{OUTER}.externalReviewerId"]),
        ({OUTER: {"status": True}}, [f"{OUTER}.status"]),
        (
            report(prescriptionDetail={**PRESCRIPTION, "writtenQuantity": "1", "refillsRemaining": True}),
            [f"{DETAILS}.prescriptionDetail.writtenQuantity", f"{DETAILS}.prescriptionDetail.refillsRemaining"],
        ),
        (
            report(prescriptionDetail={**PRESCRIPTION, "writtenQuantity": 1.0}),
            [f"{DETAILS}.prescriptionDetail.writtenQuantity"],
        ),
        (
            report(prescriptionDetail={**PRESCRIPTION, "expirationDate": "02/21/2027"}),
            [f"{DETAILS}.prescriptionDetail.expirationDate"],
        ),
        (
            report(interimStatusDetail={"statusCode": "a", "statusDateTime": 1764000000}),
            [f"{DETAILS}.interimStatusDetail.statusDateTime"],
        ),
        (report(approvedAlternativeDetails={}), [f"{DETAILS}.approvedAlternativeDetails"]),
        (
            report(approvedAlternativeDetails=[ALTERNATIVE, {"attributeName": []}, "x"]),
            [
                f"{DETAILS}.approvedAlternativeDetails[1].attributeName",
                f"{DETAILS}.approvedAlternativeDetails[2]",
            ],
        ),
        (report("Nope", externalReviewerId={}), [f"{OUTER}.externalReviewerId"]),
    ],
)  # fmt: skip
def test_members_of_a_wrong_type_are_all_named(body: Any, paths: list[str]) -> None:
    assert refused(body) == wrong_types(*paths)


STATUSES = "Member must satisfy enum value set: [Pending, Approved, Rejected, Expired, Cancelled]"
AT_LEAST = "Member must have value greater than or equal to"
AT_MOST = "Member must have value less than or equal to"
NOT_LONGER = "Member must have length less than or equal to"


@pytest.mark.parametrize(
    ("body", "failures"),
    [
        (report("approved"), [("approved", f"{OUTER}.status", STATUSES)]),
        (
            report("", prescriptionDetail={**PRESCRIPTION, "writtenQuantity": 0, "refillsRemaining": 10**9 + 1}),
            [
                ("", f"{OUTER}.status", STATUSES),
                ("0", f"{DETAILS}.prescriptionDetail.writtenQuantity", f"{AT_LEAST} 1"),
                ("1000000001", f"{DETAILS}.prescriptionDetail.refillsRemaining", f"{AT_MOST} 1000000000"),
            ],
        ),
        (
            report(externalReviewerId="r" * 2_001),
            [("r" * 200, f"{OUTER}.externalReviewerId", f"{NOT_LONGER} 2000")],
        ),
        (
            report(approvedAlternativeDetails=[ALTERNATIVE] * 1_001),
            [("1001 members", f"{DETAILS}.approvedAlternativeDetails", f"{NOT_LONGER} 1000")],
        ),
    ],
)  # fmt: skip
def test_value_that_breaks_a_constraint_is_refused_in_the_validators_words(
    body: Any, failures: list[tuple[str, str, str]]
) -> None:
    """Contract 1.9 row 5."""
    said = "; ".join(
        f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
        for value, path, constraint in failures
    )
    noun = "error" if len(failures) == 1 else "errors"
    assert refused(body) == f"{len(failures)} validation {noun} detected: {said}"


def test_required_members_stand_in_the_order_of_the_contract() -> None:
    assert required_members(PrescriptionDetail) == tuple(PRESCRIPTION)
