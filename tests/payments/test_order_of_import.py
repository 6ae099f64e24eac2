"""That files agree with each other in whatever order the states behind them were imported (contract 5.2 to 5.5)."""

from __future__ import annotations

import itertools
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
    Json,
    amount,
    charge,
    line,
    permission,
    refund,
)
from tests.payments.telling import SUMS, T1, T2, T3, T4, posted, tell, told, words
from torihiki.kernel.fact import ReportType
from torihiki.kernel.money import Money
from torihiki.payments.lines import parse_line
from torihiki.payments.model import KnownCharge, pack, unpack
from torihiki.payments.recording import Recorder


def dollars(minor: int) -> Json:
    return amount(f"{minor // 100}.{minor % 100:02d}")


def part(number: int, minor: int, at: str = T3) -> Json:
    return refund("Refunded", at, f"{ONE_TIME}-R{number:06d}", dollars(minor))


def captures(ledger: MemoryLedger) -> list[tuple[object, object, object]]:
    """State, time and amount of the rows of the capture file, in its order."""
    facts = sorted(ledger.told(ReportType.CAPTURE), key=lambda fact: fact.at)
    return [(fact.values["state"], fact.at, fact.values["capture_amount"]) for fact in facts]


def fees(ledger: MemoryLedger, kind: str) -> list[int]:
    """The percentage fees of the postings of that kind."""
    found = []
    for _, one in ledger.postings:
        fee = one.fact.values["percentage_fee"]
        assert isinstance(fee, Money)
        if one.fact.values["transaction_type"] == kind:
            found.append(fee.minor)
    return found


COURSE = [
    charge("Authorized", T1),
    charge("CaptureInitiated", T1, captureAmount=dollars(0)),
    charge("Captured", T1, captureAmount=dollars(600)),
    part(1, 400, T2),
    part(2, 200, T3),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(5))))
async def test_capture_file_agrees_with_itself_and_with_the_settlement(
    order: tuple[int, ...],
) -> None:
    """A part is captured in the second in which the charge was authorized, and refunded."""
    ledger = await told(*(COURSE[place] for place in order))
    rows = captures(ledger)
    assert sorted((state, total) for state, _, total in rows if state != "Pending") == [
        ("Closed", Money(600, "USD")),
        ("Completed", Money(600, "USD")),
    ]
    assert [total for state, _, total in rows if state == "Pending"] == [Money(1000, "USD")]
    (closed,) = [
        fact for fact in ledger.told(ReportType.CAPTURE) if fact.values["state"] == "Closed"
    ]
    assert closed.at.format_iso()[8:10] == "04"
    assert fees(ledger, "Capture") == [-17]
    assert sum(fees(ledger, "Refund")) == 17


STATES = ("AuthorizationInitiated", "Authorized", "CaptureInitiated", "Captured")


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[Json], int, int]:
    """States of a charge and its refunds, in any order; what is captured, and what is refunded of it at the most."""
    whole = draw(st.integers(1, 5000) | st.integers(1, 60))
    captured = draw(st.integers(1, whole))
    times = sorted(draw(st.lists(st.sampled_from([T1, T2, T3, T4]), min_size=4, max_size=4)))
    states = [
        charge(
            state,
            at,
            total=dollars(whole),
            captureAmount=dollars(captured) if state == "Captured" else None,
        )
        for state, at in zip(STATES, times, strict=True)
        if state == "Captured" or draw(st.booleans())
    ]
    refunded = 0
    parts: list[int] = []
    while refunded < captured and len(parts) < 6:
        parts.append(draw(st.integers(1, captured - refunded)))
        refunded += parts[-1]
    refunds = [
        part(number, minor, draw(st.sampled_from([T1, T2, T3, T4])))
        for number, minor in enumerate(parts)
    ]
    return draw(st.permutations([*states, *refunds])), captured, refunded


@given(courses(), st.randoms(use_true_random=False))
async def test_order_of_import_changes_no_amount_and_no_fee_comes_back_twice(
    course: tuple[list[Json], int, int], random: Any
) -> None:
    objects, captured, refunded = course
    ledger = await told(*objects)
    rows = captures(ledger)
    other = MemoryLedger(MERCHANTS)
    again = random.sample(objects, len(objects))
    while again:
        batch = [again.pop() for _ in range(random.randint(1, len(again)))]
        await other.append([parse_line(line(one)) for one in batch], Recorder())
    # Rows of one second stand in the order of import.
    assert sorted(map(repr, captures(other))) == sorted(map(repr, rows))
    assert [row[2] for row in rows if row[0] in {"Completed", "Closed"}] == [
        Money(captured, "USD")
    ] * (2 if refunded == captured else 1)
    for one in (ledger, other):
        (taken,), back = fees(one, "Capture"), fees(one, "Refund")
        assert all(fee >= 0 for fee in back)
        assert sum(back) <= -taken
        assert refunded < captured or sum(back) == -taken


@given(
    st.integers(0, 5000),
    st.lists(st.integers(1, 3000), max_size=6),
    st.integers(0, 6),
)
async def test_refunds_beyond_a_charge_that_is_known_give_back_no_more_than_its_fee(
    whole: int, parts: list[int], place: int
) -> None:
    """Contract 6.4: a refund may be somewhat larger; the capture may be imported last of all."""
    refunds = [part(number, minor) for number, minor in enumerate(parts)]
    found = [*refunds[:place], charge(total=dollars(whole)), *refunds[place:]]
    ledger = await told(charge("Authorized", T1, total=dollars(whole)), *found)
    assert 0 <= sum(fees(ledger, "Refund")) <= -sum(fees(ledger, "Capture"))
    closed = [row for row in captures(ledger) if row[0] == "Closed"]
    assert len(closed) == (1 if 0 < whole <= sum(parts) else 0)


@pytest.mark.parametrize("known", [True, False])
async def test_refund_that_is_imported_before_its_capture_counts(*, known: bool) -> None:
    first = [charge("Authorized", T1)] if known else []
    ledger = await told(*first, part(1, 500), charge("Captured", T2), part(2, 500))
    assert [row[2] for row in posted(ledger, *SUMS)] == ["0.15", "-0.29", "0.14"]
    assert words(ledger.told(ReportType.CAPTURE)) == [
        ("Completed", None, "03"),
        ("Closed", None, "04"),
    ]
    ledger = await told(*first, part(1, 1000), charge("Captured", T2), part(2, 150))
    assert [row[2] for row in posted(ledger, *SUMS)] == ["0.29", "-0.29", "0.00"]
    assert words(ledger.told(ReportType.CAPTURE)) == [
        ("Completed", None, "03"),
        ("Closed", None, "04"),
    ]


async def test_refunds_in_two_currencies_wait_apart_for_their_charge() -> None:
    yen = refund("Refunded", T2, f"{ONE_TIME}-R000009", amount("800", "JPY"))
    ledger = await told(yen, part(1, 1000), yen, charge("Captured", T2))
    assert [row[2] for row in posted(ledger, *SUMS)] == ["31", "0.29", "-0.29"]
    assert len(captures(ledger)) == 2


async def test_capture_of_nothing_is_posted_as_nothing() -> None:
    """Contract 6.3: only before the capture does a zero mean that there is no amount yet."""
    for found in (
        charge(captureAmount=amount("0.00")),
        charge(total=amount("0.00")),
    ):
        ledger = await told(charge("Authorized", T1, captureAmount=amount("0.00")), found)
        assert posted(ledger, *SUMS) == [("Capture", "0.00", "0.00", "0.00", "0.00")]
        assert [row[0::2] for row in captures(ledger)] == [("Completed", Money(0, "USD"))]
        await tell(ledger, [part(1, 100)])
        assert fees(ledger, "Refund") == [0]
        assert len(captures(ledger)) == 1


async def test_later_body_of_a_charge_does_not_change_what_was_captured() -> None:
    """What a refund names is the newest reference, what is closed is the capture as it was."""
    later = charge(
        "Captured", T2, captureAmount=dollars(700), merchantMetadata={"merchantReferenceId": "new"}
    )
    ledger = await told(charge("Captured", T1, captureAmount=dollars(600)), later, part(1, 600))
    completed, closed = ledger.told(ReportType.CAPTURE)
    assert {**closed.values, "state": "", "updated": ""} == {
        **completed.values, "state": "", "updated": "",
    }  # fmt: skip
    (given_back,) = ledger.told(ReportType.REFUND)
    assert given_back.values["reference_id"] == "new"


async def test_closed_permission_stays_what_is_known_in_the_second_in_which_it_was_closed() -> None:
    old, new = (
        permission(state, T1, merchantMetadata={"merchantReferenceId": state})
        for state in ("Chargeable", "Closed")
    )
    for order in ((old, new), (new, old)):
        ledger = await told(*order, charge(at=T2))
        assert posted(ledger, "order_id") == [("Closed",)]


async def test_what_older_versions_stored_of_a_charge_still_counts() -> None:
    """They kept eight members, and of refunds only the amount."""
    ledger = await told(charge(captureAmount=dollars(600)), part(1, 400))
    (key,) = (key for key in ledger.known if key.object_id == CHARGE)
    known = unpack(ledger.known[key])
    assert isinstance(known, KnownCharge)
    stored = msgspec.msgpack.decode(pack(msgspec.structs.replace(known, refunded=400)))
    assert stored[0] == "charge"
    ledger.known[key] = msgspec.msgpack.encode(stored[:8])
    await tell(ledger, [part(2, 200, T4)])
    assert sum(fees(ledger, "Refund")) == -sum(fees(ledger, "Capture")) == 17
    assert [row[0::2] for row in captures(ledger)][1:] == [("Closed", Money(600, "USD"))]
