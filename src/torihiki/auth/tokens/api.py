"""Tokens 2021-03-01 as data: its one operation (contract 3.4)."""

from __future__ import annotations

from typing import Final

from torihiki.auth.tokens import wire
from torihiki.kernel.operation import Operation
from torihiki.kernel.quota import UsagePlan
from torihiki.kernel.roles import ROLES

OPERATIONS: Final = (
    Operation(
        name="createRestrictedDataToken",
        method="POST",
        path="/tokens/2021-03-01/restrictedDataToken",
        plan=UsagePlan(rate=1.0, burst=10),
        # Any of them may ask (contract 3.3); what the token opens is decided apart.
        roles=ROLES,
        request=wire.CreateRestrictedDataTokenRequest,
        response=wire.CreateRestrictedDataTokenResponse,
        errors=(400, 403, 429, 500, 503),
        summary="Gives a token that shows personal data, for up to fifty paths and for an hour.",
    ),
)
