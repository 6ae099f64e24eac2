"""Who makes a request, as the access token says; every store method that reads a seller's orders takes it from here."""

from __future__ import annotations

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An application that acts for a seller.

    Args:
        seller_id: Whose orders it may see.
        application_id: Which application it is; usage plans count by the pair.
        roles: The names of the application's roles.
        opened: The data elements that a restricted data token opens in this very call; None: an ordinary token.
        token_id: Names the token in the audit trail, and opens nothing.
    """

    seller_id: str
    application_id: str
    roles: frozenset[str]
    opened: frozenset[str] | None = None
    token_id: str = ""
