"""Roles, and the look of ids and secrets."""

from __future__ import annotations

import os
import re

import pytest

from torihiki.admin.rules import Mint, known_roles
from torihiki.kernel.problem import Kind, Problem
from torihiki.kernel.roles import ROLES

MINT = Mint(random_bytes=os.urandom, digest=str.encode)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_roles_are_kept_in_order_and_once() -> None:
    assert known_roles(["Pricing", "Brand Analytics", "Pricing"]) == ("Brand Analytics", "Pricing")
    assert known_roles([]) == ()
    assert len(known_roles(ROLES)) == 12


@pytest.mark.parametrize("name", ["pricing", "Pricing ", "", "Direct-to-Consumer Shipping"])
def test_unknown_role_is_named(name: str) -> None:
    with pytest.raises(Problem) as caught:
        known_roles(["Pricing", name])
    assert caught.value.kind is Kind.INVALID_INPUT
    assert caught.value.message == f"There is no role named '{name}'."
    assert "Direct-to-Consumer Shipping (Restricted)" in str(caught.value.details)


@pytest.mark.parametrize(
    ("made", "pattern"),
    [
        (MINT.seller_id, r"A[A-Z2-7]{13}"),
        (MINT.application_id, rf"amzn1\.sellerapps\.app\.{UUID}"),
        (MINT.client_id, r"amzn1\.application-oa2-client\.[0-9a-f]{32}"),
        (MINT.client_secret, r"amzn1\.oa2-cs\.v1\.[0-9a-f]{64}"),
        (MINT.authorization_id, UUID),
        (MINT.refresh_token, r"Atzr\|[A-Za-z0-9_-]{64}"),
        (MINT.code, r"[A-Za-z0-9_-]{32}"),
    ],
)
def test_ids_and_secrets_look_like_amazons_and_differ(made: object, pattern: str) -> None:
    assert callable(made)
    found = {made() for _ in range(100)}
    assert len(found) == 100
    assert all(re.fullmatch(pattern, one) for one in found)
