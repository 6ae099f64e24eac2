"""What the operator does with payments: imports them, one state of one object a line, and closes settlement periods."""

from __future__ import annotations

import msgspec

from torihiki.admin import rules
from torihiki.admin.v1 import settlements, wire
from torihiki.auth.pay.store import PayAccountStore
from torihiki.kernel.money import Money
from torihiki.payments.model import Settlement
from torihiki.payments.operations import PaymentImport, close_at_will
from torihiki.payments.recording import Recorder
from torihiki.payments.store import LedgerStore
from torihiki.server.call import Answer, Call, Handler
from torihiki.server.ndjson import lines


def bind(accounts: PayAccountStore, ledger: LedgerStore, recorder: Recorder) -> dict[str, Handler]:
    """The handlers by operation name.

    Args:
        accounts: Where the merchants are.
        ledger: Where their payments are.
        recorder: Decides what a payment appends to it.
    """

    async def import_payments(call: Call) -> Answer:
        found = PaymentImport(ledger, recorder)
        await lines(call.chunks(), found)
        return Answer(msgspec.json.encode(await found.finish()))

    async def close_settlements(call: Call) -> Answer:
        request = wire.parse_body(await call.body(), settlements.SettlementRequest)
        merchant_id = wire.path_identifier(call.path, "merchantId")
        if await accounts.merchant(merchant_id) is None:
            raise rules.no_such("merchant")
        found = await close_at_will(
            ledger, merchant_id, call.now, reserve=request.reserve, on_hold=request.on_hold
        )
        views = [_settlement(one) for one in found]
        shown = settlements.SettlementList(settlements=views)
        return Answer(msgspec.json.encode(shown), call.operation.success)

    return {"importPayments": import_payments, "closeSettlements": close_settlements}


def _settlement(found: Settlement) -> settlements.SettlementView:
    def text(minor: int) -> str:
        return Money(minor, found.currency).text

    return settlements.SettlementView(
        settlement_id=found.settlement_id,
        currency_code=found.currency,
        start_time=found.start.format_iso(),
        end_time=found.end.format_iso(),
        transactions=found.postings,
        opening_balance=text(found.opening),
        net_amount=text(found.net),
        paid_out=text(found.paid),
        reserved=text(found.reserved),
        carried_over=text(found.carried_over),
    )
