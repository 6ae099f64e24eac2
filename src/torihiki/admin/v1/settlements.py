"""Member names of the closing of settlement periods."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from torihiki.admin.v1.schemas import Request, View


class SettlementRequest(Request, frozen=True, kw_only=True):
    """How a merchant's open periods are closed.

    Args:
        reserve: How much of a positive balance is held back at the most, in each currency, in its minor units.
        on_hold: Nothing is paid out; the balance is carried over.
    """

    reserve: Annotated[int, Meta(ge=0, lt=10**18)] = 0
    on_hold: bool = False


class SettlementView(View, frozen=True, kw_only=True):
    """A closed period in one currency; the amounts are those of its report, in the currency's own digits."""

    settlement_id: str
    currency_code: str
    start_time: str
    end_time: str
    transactions: int
    opening_balance: str
    net_amount: str
    paid_out: str
    reserved: str
    carried_over: str


class SettlementList(View, frozen=True, kw_only=True):
    """The periods that were closed."""

    settlements: list[SettlementView]
