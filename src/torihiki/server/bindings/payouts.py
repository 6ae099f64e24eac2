"""The payouts of Get Disbursements, read from the settlements of the ledger: where two families meet that do not know each other."""

from __future__ import annotations

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports import model
from torihiki.payments.model import Account, Environment
from torihiki.payments.store import LedgerStore

_REST_OF_SECOND = TimeDelta(microseconds=999_999)


class Payouts:
    """The `PayoutStore` of a ledger.

    Args:
        ledger: Where settlements are.
    """

    def __init__(self, ledger: LedgerStore) -> None:
        self._ledger = ledger

    async def disbursements(
        self, account: model.Account, query: model.DisbursementQuery, *, after: int | None
    ) -> model.DisbursementPage:
        """See `PayoutStore`."""
        end = Instant.MAX if query.until is None else query.until + _REST_OF_SECOND
        found = await self._ledger.disbursements(
            Account(merchant_id=account.merchant_id, environment=Environment(account.environment)),
            query.since,
            end,
            after,
            query.page_size + 1,
        )
        shown = found[: query.page_size]
        return model.DisbursementPage(
            disbursements=tuple(
                model.Disbursement(
                    seller_id=one.account.merchant_id,
                    settlement_id=one.settlement_id,
                    reference_id=one.reference_id,
                    amount=one.amount,
                    at=one.at,
                )
                for _, one in shown
            ),
            after=shown[-1][0] if len(found) > query.page_size else None,
        )
