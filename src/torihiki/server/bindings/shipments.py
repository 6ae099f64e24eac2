"""Shipments and pickups: their two operations joined to their functions."""

from __future__ import annotations

from torihiki.kernel.problem import Kind, Problem, invalid_input
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.v0.shipments import parse_confirmation, parse_pickup_report
from torihiki.server.call import Answer, Call, Handler
from torihiki.server.media import require_json

_OF_THE_BODY = frozenset({Kind.TOO_LARGE, Kind.UNSUPPORTED_MEDIA})


def bind(fulfillment: Fulfillment) -> dict[str, Handler]:
    """The handlers by operation name."""

    async def confirm_shipment(call: Call) -> Answer:
        caller = call.seller
        confirmation = parse_confirmation(await _body_or_400(call))
        await fulfillment.confirm(
            caller.seller_id, call.path["orderId"], confirmation, caller.application_id, call.now
        )
        return Answer(status=call.operation.success)

    async def update_shipment_status(call: Call) -> Answer:
        caller = call.seller
        report = parse_pickup_report(await _body(call))
        await fulfillment.report_pickup(
            caller.seller_id, call.path["orderId"], report, caller.application_id, call.now
        )
        return Answer(status=call.operation.success)

    return {"confirmShipment": confirm_shipment, "updateShipmentStatus": update_shipment_status}


async def _body(call: Call) -> bytes:
    require_json(call)
    return await call.body()


async def _body_or_400(call: Call) -> bytes:
    """The body of an operation that declares neither 413 nor 415 (contract 1.1)."""
    try:
        return await _body(call)
    except Problem as problem:
        if problem.kind in _OF_THE_BODY:
            raise invalid_input(details=problem.message) from problem
        raise
