"""The check of regulated orders: its two operations joined to their functions."""

from __future__ import annotations

from torihiki.orders import regulated, verification
from torihiki.orders.store import OrderStore
from torihiki.orders.v0 import wire
from torihiki.orders.v0.regulated import parse_report, render_regulated, reviewed
from torihiki.orders.v0.states import opened
from torihiki.server.call import Answer, Call, Handler
from torihiki.server.media import require_json
from torihiki.server.trail import REGULATED_INFORMATION, Trail, record


def bind(store: OrderStore, trail: Trail) -> dict[str, Handler]:
    """The handlers by operation name; reads are written down in the trail."""

    async def get_order_regulated_info(call: Call) -> Answer:
        caller, order_id = call.seller, call.path["orderId"]
        document = await regulated.get_regulated_info(store, caller, order_id, call.now)
        if document is None:
            raise wire.no_such_order()
        body = render_regulated(document)
        await record(trail, call, caller, [order_id], [REGULATED_INFORMATION])
        return Answer(body)

    async def update_verification_status(call: Call) -> Answer:
        require_json(call)
        report = parse_report(await call.body())
        changed = await regulated.update_verification(
            store,
            opened,
            call.seller,
            call.path["orderId"],
            lambda document: reviewed(document, report, call.now),
            call.now,
        )
        if not changed:
            verification.require_valid(report.review, None)
            raise wire.no_such_order()
        return Answer(status=call.operation.success)

    return {
        "getOrderRegulatedInfo": get_order_regulated_info,
        "updateVerificationStatus": update_verification_status,
    }
