"""The audit trail's end in the server: before restricted data is shown, it is written down who will see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from torihiki.admin.model import AuditEntry
from torihiki.kernel.caller import Caller
from torihiki.server.call import Call

REGULATED_INFORMATION: Final = "regulatedInformation"
"""What entries of getOrderRegulatedInfo name; it is no data element of Amazon's."""


class Trail(Protocol):
    """Where entries are kept."""

    async def append(self, entry: AuditEntry) -> None:
        """Keeps an entry, durably when it returns."""
        ...


async def record(
    trail: Trail, call: Call, caller: Caller, order_ids: Sequence[str], elements: Iterable[str]
) -> None:
    """Writes down that this call is about to be shown the elements of the orders; nothing, where either is empty."""
    shown = tuple(sorted(elements))
    if not shown or not order_ids:
        return
    await trail.append(
        AuditEntry(
            at=call.now,
            request_id=call.request_id,
            seller_id=caller.seller_id,
            application_id=caller.application_id,
            token_id=caller.token_id,
            operation=call.operation.name,
            elements=shown,
            order_ids=tuple(order_ids),
        )
    )
