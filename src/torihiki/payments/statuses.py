"""The V1 words that report files use for the states of the v2 objects (contract 6.5)."""

from __future__ import annotations

from typing import Final

from torihiki.payments.schemas import ChargeState, PermissionState, RefundState

OPEN: Final = "Open"
PENDING: Final = "Pending"
COMPLETED: Final = "Completed"
SUSPENDED: Final = "Suspended"
DECLINED: Final = "Declined"
CANCELED: Final = "Canceled"
CLOSED: Final = "Closed"
MAX_AMOUNT_CAPTURED: Final = "MaxAmountCaptured"

_REFUNDS: Final = {
    RefundState.REFUND_INITIATED: PENDING,
    RefundState.REFUNDED: COMPLETED,
    RefundState.DECLINED: DECLINED,
}
_CAPTURES: Final = {
    ChargeState.CAPTURE_INITIATED: PENDING,
    ChargeState.CAPTURED: COMPLETED,
    ChargeState.DECLINED: DECLINED,
}
BEGINNINGS: Final = frozenset(
    (ChargeState.AUTHORIZATION_INITIATED, ChargeState.AUTHORIZED, ChargeState.CAPTURE_INITIATED)
)
"""The states of a charge of which nothing has come yet."""

HELD: Final = frozenset((ChargeState.AUTHORIZED, ChargeState.CAPTURE_INITIATED))
"""Those of one that was authorized: what fails then is the capture."""

Status = tuple[str, str | None]
"""A word, and the reason code beside it."""


def refund_status(state: str, reason: str | None) -> Status:
    """The status of a refund."""
    return _REFUNDS[RefundState(state)], reason


def permission_status(state: str, reason: str | None) -> Status:
    """The status of an order reference or a billing agreement.

    Amazon has two words for a closed one. Canceled is used where the reason code says so (inferred).
    """
    match PermissionState(state):
        case PermissionState.CHARGEABLE:
            return OPEN, reason
        case PermissionState.NON_CHARGEABLE:
            return SUSPENDED, reason
        case PermissionState.CLOSED:
            return CANCELED if (reason or "").endswith("Canceled") else CLOSED, reason


def authorization_status(state: str, reason: str | None, *, held: bool) -> Status | None:
    """The status of a charge's authorization; None: the state leaves it as it was.

    `held` is whether the charge had been authorized by then: one that was authorized and then declined failed at the
    capture, so its authorization is closed (inferred).
    """
    match ChargeState(state):
        case ChargeState.AUTHORIZATION_INITIATED:
            return PENDING, reason
        case ChargeState.AUTHORIZED:
            return OPEN, reason
        case ChargeState.CAPTURE_INITIATED:
            return None
        case ChargeState.CAPTURED:
            return CLOSED, MAX_AMOUNT_CAPTURED
        case ChargeState.DECLINED:
            return CLOSED if held else DECLINED, reason
        case ChargeState.CANCELED:
            return CLOSED, reason


def capture_status(state: str, reason: str | None, *, held: bool) -> Status | None:
    """The status of a charge's capture; None: there is none. `held` as for the authorization."""
    found = ChargeState(state)
    if found is ChargeState.DECLINED and not held:
        return None
    return (_CAPTURES[found], reason) if found in _CAPTURES else None


def recurring_charge_status(state: str, reason: str | None) -> Status:
    """The status of the order reference that a charge of a billing agreement is (inferred)."""
    found = ChargeState(state)
    if found in BEGINNINGS:
        return OPEN, reason
    return CANCELED if found is ChargeState.CANCELED else CLOSED, reason
