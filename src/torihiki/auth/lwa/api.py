"""Login with Amazon as data: its one operation (contract 3.1)."""

from __future__ import annotations

from typing import Final

from torihiki.auth.lwa import wire
from torihiki.kernel.operation import Operation

OPERATIONS: Final = (
    Operation(
        name="requestAccessToken",
        method="POST",
        path="/auth/o2/token",
        request=wire.TokenForm,
        response=wire.TokenAnswer,
        errors=(400, 401, 503),
        summary="Exchanges a refresh token, a code or a client's own credentials for an access token.",
    ),
)
