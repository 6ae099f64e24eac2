"""The course of a demo payment: which states its charge permission, charges and refunds go through, and when.

Every course is laid out to its end; the caller leaves out what has not happened yet.
"""

from __future__ import annotations

from msgspec import Struct

from torihiki.admin.demo.draws import Draws
from torihiki.admin.demo.moments import DAY, HOUR

OUTCOMES = (
    "shipped",
    "refunded",
    "subscription",
    "partly refunded",
    "pending first",
    "declined",
    "canceled",
    "at once",
    "chargeback",
    "shipped late",
    "refund declined",
    "capture failed",
    "claim",
    "abandoned",
    "suspended",
    "adjusted",
)
"""What can become of a payment; the first payments of the demo go through them once."""

MIX = (
    ("shipped",) * 66
    + ("at once",) * 8
    + ("pending first",) * 5
    + ("shipped late",) * 2
    + ("subscription",) * 5
    + ("refunded",) * 5
    + ("partly refunded",) * 2
    + ("declined",) * 3
    + ("canceled",) * 2
    + ("abandoned", "suspended")
)
"""The later payments."""

_FAILURES = frozenset({"declined", "canceled", "abandoned", "suspended", "capture failed"})

PAYMENTS_A_SUBSCRIPTION = 6
_MONTH = 30 * DAY
_EXPIRY = 180 * DAY
_AUTHORIZATION = 30 * DAY
_DECLINES = ("SoftDeclined", "HardDeclined", "HardDeclined", "AmazonRejected")


class Step(Struct, frozen=True, kw_only=True):
    """A state that one of the payment's objects comes into.

    Args:
        kind: `permission`, `charge`, `refund` or `adjustment`; the state of the last is its transaction type.
        number: Which of the payment's charges or refunds, from 0.
        parts: How many fourths of the charge it is about.
    """

    at: int
    kind: str
    state: str
    reason: str | None = None
    number: int = 0
    parts: int = 4


def course(outcome: str, begun: int, draws: Draws) -> list[Step]:
    """The states of a payment that begins then, in the order of time."""
    steps = [Step(at=begun, kind="permission", state="Chargeable")]
    if outcome == "subscription":
        steps += _subscription(begun, draws)
    elif outcome in _FAILURES:
        steps += _failure(outcome, begun + 2, draws)
    else:
        steps += _success(outcome, begun + 2, draws)
    return sorted(steps, key=lambda step: step.at)


def _charge(at: int, state: str, reason: str | None = None, number: int = 0) -> Step:
    return Step(at=at, kind="charge", state=state, reason=reason, number=number)


def _permission(at: int, state: str, reason: str | None = None) -> Step:
    return Step(at=at, kind="permission", state=state, reason=reason)


def _subscription(begun: int, draws: Draws) -> list[Step]:
    steps = []
    for number in range(PAYMENTS_A_SUBSCRIPTION):
        at = begun + 2 + number * _MONTH
        if number and draws.chance(60):
            steps.append(_charge(at, "Declined", "SoftDeclined", number))
        else:
            steps += (
                _charge(at, "Authorized", number=number),
                _charge(at + HOUR + draws.below(8 * HOUR), "Captured", number=number),
            )
    return steps


def _failure(outcome: str, at: int, draws: Draws) -> list[Step]:
    if outcome == "declined":
        return [
            _charge(at, "Declined", draws.pick(_DECLINES)),
            _permission(at + DAY, "Closed", "BuyerCanceled"),
        ]
    if outcome == "suspended":
        return [
            _charge(at, "Declined", "SoftDeclined"),
            _permission(at + 1, "NonChargeable", "PaymentMethodInvalid"),
            _permission(at + _EXPIRY, "Closed", "Expired"),
        ]
    steps = [_charge(at, "Authorized")]
    if outcome == "canceled":
        gone = at + HOUR + draws.below(40 * HOUR)
        steps += (
            _charge(gone, "Canceled", "MerchantCanceled"),
            _permission(gone + 1, "Closed", "MerchantClosed"),
        )
    elif outcome == "abandoned":
        steps += (
            _charge(at + _AUTHORIZATION, "Canceled", "ExpiredUnused"),
            _permission(at + _EXPIRY, "Closed", "Expired"),
        )
    else:
        tried = at + 9 * DAY + draws.below(3 * DAY)
        steps += (
            _charge(tried, "CaptureInitiated"),
            _charge(tried + HOUR, "Declined", "ProcessingFailure"),
            _permission(tried + DAY, "Closed", "AmazonClosed"),
        )
    return steps


def _success(outcome: str, at: int, draws: Draws) -> list[Step]:
    steps = []
    if outcome == "at once":
        captured = at
    else:
        if outcome == "pending first":
            steps.append(_charge(at, "AuthorizationInitiated"))
            at += 30 + draws.below(600)
        steps.append(_charge(at, "Authorized"))
        captured = at + 16 * HOUR + draws.below(48 * HOUR)
    if outcome == "shipped late":
        # Capturing more than a week after the authorization takes its time (contract 6.4).
        tried = at + 8 * DAY + draws.below(6 * DAY)
        steps.append(_charge(tried, "CaptureInitiated"))
        captured = tried + HOUR + draws.below(20 * HOUR)
    steps += (_charge(captured, "Captured"), _permission(captured + 1, "Closed"))
    return steps + _aftermath(outcome, captured, draws)


def _aftermath(outcome: str, captured: int, draws: Draws) -> list[Step]:
    later = captured + 3 * DAY + draws.below(10 * DAY)
    if outcome == "refunded":
        return _refund(later, 0, 4, draws)
    if outcome == "partly refunded":
        steps = _refund(later, 0, 1, draws)
        return [*steps, *_refund(later + 4 * DAY, 1, 2, draws)] if draws.chance(500) else steps
    if outcome == "refund declined":
        began, _ = _refund(later, 0, 4, draws)
        failed = Step(
            at=began.at + 2 * HOUR, kind="refund", state="Declined", reason="ProcessingFailure"
        )
        return [began, failed, *_refund(failed.at + DAY, 1, 4, draws)]
    if outcome == "chargeback":
        return [Step(at=later + 20 * DAY, kind="adjustment", state="Chargeback")]
    if outcome == "claim":
        return [Step(at=later + 15 * DAY, kind="adjustment", state="A-to-z Guarantee Claim")]
    if outcome == "adjusted":
        return [
            Step(at=later, kind="adjustment", state="Chargeback"),
            Step(at=later + 9 * DAY, kind="adjustment", state="Adjustment", number=1),
        ]
    return []


def _refund(at: int, number: int, parts: int, draws: Draws) -> list[Step]:
    done = at + HOUR + draws.below(5 * HOUR)
    return [
        Step(at=at, kind="refund", state="RefundInitiated", number=number, parts=parts),
        Step(at=done, kind="refund", state="Refunded", number=number, parts=parts),
    ]
