"""That the rows of a charge follow from its states and their times, and what the order of import can still change."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import (
    CHARGE,
    MERCHANTS,
    ONE_TIME,
    RECURRING,
    RECURRING_CHARGE,
    Json,
    adjustment,
    amount,
    charge,
    line,
    permission,
    refund,
)
from tests.payments.telling import T1, T2, T3, T4, posted, tell, told, words
from torihiki.kernel.fact import Fact, ReportType
from torihiki.payments.lines import parse_line
from torihiki.payments.model import KnownCharge, pack, unpack
from torihiki.payments.recording import Recorder

TIMES = (T1, T2, T3, T4)
HELD = ("Authorized", "CaptureInitiated")
BEGINNINGS = ("AuthorizationInitiated", *HELD)
ENDS = ("Captured", "Declined", "Canceled", None)


async def batches(*found: Sequence[Json]) -> MemoryLedger:
    """A ledger after these batches."""
    ledger = MemoryLedger(MERCHANTS)
    for batch in found:
        await ledger.append([parse_line(line(one)) for one in batch], Recorder())
    return ledger


def state_of(found: Json) -> str:
    return str(found["statusDetails"]["state"])


def rows(facts: Iterable[Fact]) -> Counter[str]:
    """The rows, but for when the capture began: a row does not know of what comes later."""
    return Counter(
        repr(
            (
                fact.report,
                fact.at,
                sorted((name, one) for name, one in fact.values.items() if name != "created"),
            )
        )
        for fact in facts
    )


@st.composite
def lives(draw: st.DrawFn) -> list[Json]:
    """States of one charge in their order, each with a reference of its own; some have the same time."""
    recurring = draw(st.booleans())
    names: dict[str, Any] = (
        {"charge_id": RECURRING_CHARGE, "permission_id": RECURRING} if recurring else {}
    )
    end = draw(st.sampled_from(ENDS))
    states = [state for state in BEGINNINGS if draw(st.booleans())]
    states += [end] if end is not None else []
    times = sorted(
        draw(st.lists(st.sampled_from(TIMES), min_size=len(states), max_size=len(states)))
    )
    return [
        charge(
            state,
            at,
            reason="ProcessingFailure" if state == "Declined" else None,
            merchantMetadata={"merchantReferenceId": f"own-{state}", "noteToBuyer": None},
            **names,
        )
        for state, at in zip(states, times, strict=True)
    ]


def divided(draw: st.DataObject, found: Sequence[Json]) -> list[list[Json]]:
    """All of it in any order, in any batches."""
    order = draw.draw(st.permutations(found))
    cuts = sorted(draw.draw(st.sets(st.integers(1, max(1, len(order) - 1)))))
    edges = [0, *(cut for cut in cuts if cut < len(order)), len(order)]
    return [order[low:high] for low, high in itertools.pairwise(edges)]


@given(lives(), st.data())
async def test_each_row_of_a_charge_is_there_once_in_whatever_order_and_batches(
    life: list[Json], data: st.DataObject
) -> None:
    """Only an authorization that was told as declined before it was known to have been one is there beside its end."""
    wanted = rows(fact for _, fact in (await told(*life)).facts)
    parts = divided(data, life)
    ledger = await batches(*parts)
    found = rows(fact for _, fact in ledger.facts)
    assert wanted - found == Counter()
    place = {state_of(one): number for number, part in enumerate(parts) for one in part}
    held = [place[state] for state in HELD if state in place]
    beside = [fact for _, fact in ledger.facts if rows([fact]) <= found - wanted]
    if "Declined" in place and held and place["Declined"] < min(held):
        (failed,) = beside
        assert (failed.report, failed.values["state"]) == (ReportType.AUTHORIZATION, "Declined")
        assert failed.values["reference_id"] == "own-Declined"
    else:
        assert beside == []
    assert (await batches(*parts, *parts)).facts == ledger.facts


WHOLE = [
    permission("Chargeable", T1, merchantMetadata={"merchantReferenceId": "first"}),
    permission("Closed", T3, merchantMetadata={"merchantReferenceId": "last"}),
    charge("Authorized", T2),
    charge("CaptureInitiated", T2),
    charge("Captured", T3, captureAmount=amount("6.00")),
    refund("RefundInitiated", T3, f"{ONE_TIME}-R000001", amount("3.50")),
    refund("Refunded", T4, f"{ONE_TIME}-R000001", amount("3.50")),
    refund("Refunded", T4, f"{ONE_TIME}-R000002", amount("3.50")),
    adjustment(at=T2),
]  # fmt: skip


@given(st.permutations(WHOLE), st.sets(st.sampled_from(range(len(WHOLE))), max_size=4))
async def test_order_of_a_batch_changes_nothing_at_all(
    order: list[Json], without: set[int]
) -> None:
    """Neither a value of a row nor a fee; nor if some of it is not told."""
    left_out = [WHOLE[place] for place in without]
    wanted = await batches([one for one in WHOLE if one not in left_out])
    found = await batches([one for one in order if one not in left_out])
    assert sorted(map(repr, found.facts)) == sorted(map(repr, wanted.facts))
    assert sorted(map(repr, found.postings)) == sorted(map(repr, wanted.postings))
    assert found.known == wanted.known
    if not without:
        kinds = posted(found, "transaction_type", "percentage_fee")
        assert [fee for kind, fee in kinds if kind == "Refund"] == ["0.09", "0.08"]


async def test_charge_tells_of_its_permission_as_it_was_then_or_as_it_came_to_be() -> None:
    first, last, *_ = WHOLE
    captured = charge("Captured", T2)
    for order in itertools.permutations([first, last, captured]):
        assert posted(await batches(order), "order_id") == [("first",)]
    for order in itertools.permutations([last, captured]):
        assert posted(await batches(order), "order_id") == [("last",)]


FAILED = [
    charge("Authorized", T1),
    charge("CaptureInitiated", T2),
    charge("Declined", T3, reason="ProcessingFailure"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(FAILED)))
async def test_capture_that_failed_is_declined_whatever_is_known_first(
    order: tuple[Json, ...],
) -> None:
    """One after the other, as they happen to be imported."""
    ledger = await told(*order)
    captures = sorted(ledger.told(ReportType.CAPTURE), key=lambda fact: fact.at)
    assert words(captures) == [("Pending", None, "03"), ("Declined", "ProcessingFailure", "04")]
    last = ledger.told(ReportType.AUTHORIZATION)
    assert ("Closed", "ProcessingFailure", "04") in words(last)
    in_a_batch = await batches(order)
    assert sorted(words(in_a_batch.told(ReportType.AUTHORIZATION)), key=repr) == [
        ("Closed", "ProcessingFailure", "04"),
        ("Open", None, "02"),
    ]


async def test_charge_that_is_authorized_after_it_was_declined_did_not_fail_at_its_capture() -> (
    None
):
    """No such course is known; the times are what counts."""
    for order in itertools.permutations([charge("Declined", T1), charge("Authorized", T2)]):
        ledger = await told(*order)
        assert sorted(words(ledger.told(ReportType.AUTHORIZATION))) == [
            ("Declined", None, "02"),
            ("Open", None, "03"),
        ]
        assert ledger.told(ReportType.CAPTURE) == []


async def test_order_reference_of_a_recurring_charge_opens_with_the_charge() -> None:
    """Contract 5.6, 6.1; whichever of its beginnings is imported, or imported first."""
    names: dict[str, Any] = {"charge_id": RECURRING_CHARGE, "permission_id": RECURRING}
    beginnings = [charge(state, at, **names) for state, at in zip(BEGINNINGS, TIMES, strict=False)]
    for count in range(1, 4):
        for order in itertools.permutations(beginnings, count):
            ledger = await told(*order)
            assert words(ledger.told(ReportType.ORDER_REFERENCE)) == [("Open", None, "01")]


async def test_authorization_that_older_versions_stored_counts_as_before_whatever_comes() -> None:
    """They kept ten members, and states without their times."""
    ledger = await told(FAILED[0])
    (key,) = (key for key in ledger.known if key.object_id == CHARGE)
    known = unpack(ledger.known[key])
    assert isinstance(known, KnownCharge)
    stored = msgspec.msgpack.decode(pack(known))
    ledger.known[key] = msgspec.msgpack.encode(stored[:11])
    await tell(ledger, [FAILED[2], FAILED[1]])
    assert sorted(words(ledger.told(ReportType.CAPTURE)), key=repr) == [
        ("Declined", "ProcessingFailure", "04"),
        ("Pending", None, "03"),
    ]
    assert words(ledger.told(ReportType.AUTHORIZATION))[1:] == [
        ("Closed", "ProcessingFailure", "04")
    ]
