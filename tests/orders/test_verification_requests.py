"""O-31: which requests getOrderRegulatedInfo and updateVerificationStatus answer at all, and that no body breaks them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.orders.lines import OTHER, SECRET, small_line
from tests.orders.reading import NOW, keep
from tests.orders.reviewing import (
    ALTERNATIVE,
    APPROVED_BEFORE,
    INTERIM,
    NO_REASON,
    NO_REVIEWER,
    NOBODY,
    PRESCRIPTION,
    REJECTED_BEFORE,
    WITHOUT_CLINIC,
    KeptTrail,
    accepted,
    called,
    keep_regulated,
    messages,
    regulated_info,
    report,
    sent,
    shown,
    stored,
)
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Problem
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.regulated import parse_report, reviewed
from torihiki.server.call import BODY_MAX_BYTES
from torihiki.server.problems import render

GENERIC = "The input you have submitted is not valid. Please check your input and try again."


@pytest.mark.parametrize(
    "how",
    [
        {"order_id": "249-7000000-0000003"},
        {"order_id": "TEST_CASE_400"},
        {"seller_id": OTHER},
        {"now": NOW + TimeDelta(hours=24 * 800)},
        {"order_id": "249-7000000-0000002"},
    ],
    ids=["unknown", "another form", "another seller's", "too old", "not regulated"],
)
async def test_order_without_a_check_to_show_is_refused_in_general(
    store: OrderStore, how: dict[str, Any]
) -> None:
    """O-1, decision 10; what is wrong with a report itself is said first."""
    await keep_regulated(store)
    await keep(store, small_line(2))
    trail = KeptTrail()
    answer = await called(store, "getOrderRegulatedInfo", trail=trail, **how)
    assert trail.entries == []
    assert (answer.status, json.loads(answer.body)["errors"][0]["message"]) == (400, GENERIC)
    assert await messages(store, report("Approved"), **how) == [GENERIC]
    assert await messages(store, report("Rejected", **NOBODY), **how) == [NO_REASON, NO_REVIEWER]
    assert await messages(store, report(prescriptionDetail=PRESCRIPTION), **how) == [GENERIC]


async def test_read_shows_what_was_imported(store: OrderStore) -> None:
    """O-31; members that Amazon has added since are kept."""
    await keep_regulated(store)
    assert await shown(store) == regulated_info()
    answer = await called(store, "getOrderRegulatedInfo")
    assert b'"AddedLater":{"A":1.5}' in answer.body
    assert f"{SECRET} animal".encode() in answer.body


@pytest.mark.parametrize("imported", [{"prescriptionDetail": 1, "other": []}, [], "text", None, 7])
async def test_member_of_our_name_in_an_import_does_no_harm(
    store: OrderStore, imported: Any
) -> None:
    document = {**regulated_info(), "x-verificationDetails": imported}
    await keep(store, {**small_line(), "regulatedInfo": document})
    assert await shown(store) == regulated_info()
    await accepted(store, report("Approved", prescriptionDetail=PRESCRIPTION))
    kept = (await stored(store))["x-verificationDetails"]
    assert kept["prescriptionDetail"] == PRESCRIPTION


@pytest.mark.parametrize(
    ("media", "status"),
    [
        (None, 204),
        (b"", 204),
        (b"application/json", 204),
        (b"Application/JSON ; charset=UTF-8", 204),
        (b"application/json;charset=iso-8859-1", 204),
        (b"text/plain", 415),
        (b"application/x-www-form-urlencoded", 415),
        (b"application/jsonp", 415),
    ],
)
async def test_body_of_another_type_is_refused_unread(
    store: OrderStore, media: bytes | None, status: int
) -> None:
    await keep_regulated(store)
    headers = {} if media is None else {b"content-type": media}
    answer = await sent(store, report("Approved"), headers=headers)
    assert answer.status == status
    if status == 415:
        assert json.loads(answer.body)["errors"][0]["code"] == "UnsupportedMediaType"


async def test_body_over_the_limit_is_refused(store: OrderStore) -> None:
    await keep_regulated(store)
    body = json.dumps(report("Approved")).encode()
    await accepted(store, body + b" " * (BODY_MAX_BYTES - len(body)))
    answer = await sent(store, body + b" " * (BODY_MAX_BYTES + 1 - len(body)))
    assert answer.status == 413
    assert json.loads(answer.body)["errors"][0]["code"] == "RequestTooLarge"


_NAMES = [
    "regulatedOrderVerificationStatus", "status", "externalReviewerId", "rejectionReasonId", "verificationDetails",
    "prescriptionDetail", "approvedAlternativeDetails", "interimStatusDetail", *PRESCRIPTION, *ALTERNATIVE, *INTERIM,
]  # fmt: skip
_VALUES = [
    "Pending", "Approved", "Rejected", "Expired", "Cancelled", "approved", "", "too-young", "clinic-asked",
    "2027-05-01T00:00:00Z", "tomorrow", "x" * 2001, 0, 1, -1, 10**12, 1.0,
]  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from(_VALUES) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6)
    ),
    max_leaves=12,
)


def near_good(spoilt: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Bodies with the right members, each with a fitting value or a spoilt one."""
    details = st.fixed_dictionaries(
        {},
        optional={
            "prescriptionDetail": st.sampled_from([PRESCRIPTION, WITHOUT_CLINIC]) | spoilt,
            "approvedAlternativeDetails": st.sampled_from([[ALTERNATIVE], [ALTERNATIVE, {}]])
            | spoilt,
            "interimStatusDetail": st.just(INTERIM) | spoilt,
        },
    )
    members = st.fixed_dictionaries(
        {"externalReviewerId": st.just("r") | spoilt},
        optional={
            "status": st.sampled_from(["Pending", "Approved", "Rejected"]) | spoilt,
            "rejectionReasonId": st.just("too-young") | spoilt,
            "verificationDetails": details | spoilt,
        },
    )
    return st.fixed_dictionaries({"regulatedOrderVerificationStatus": members})


_BODIES = st.one_of(near_good(st.nothing()), near_good(_JSON), _JSON)


def outcome(document: bytes, body: bytes, now: Instant = NOW) -> bytes | Problem:
    """The document after the report, or the refusal."""
    try:
        return reviewed(document, parse_report(body), now)[0]
    except Problem as problem:
        return problem


_BEFORE = st.sampled_from([{}, APPROVED_BEFORE, REJECTED_BEFORE, {"Status": "Expired"}])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=_BODIES.map(lambda each: json.dumps(each).encode()) | st.binary(max_size=40),
    before=_BEFORE,
)
def test_any_body_is_taken_or_refused_and_leaves_a_document_that_can_be_shown(
    body: bytes, before: dict[str, Any]
) -> None:
    """O-31: never a failure of ours, and a second time the same answer with the same effect."""
    once = outcome(json.dumps(regulated_info(**before)).encode(), body)
    if isinstance(once, Problem):
        assert render(once).status == 400
        return
    assert outcome(once, body, NOW + TimeDelta(hours=1)) == once
    status = json.loads(once)["RegulatedOrderVerificationStatus"]["Status"]
    said = json.loads(body)["regulatedOrderVerificationStatus"].get("status")
    assert status == (before.get("Status") or said or "Pending")
