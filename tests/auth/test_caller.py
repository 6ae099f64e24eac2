"""Who a token makes a caller, and what it may call (contract 1.9 rows 9 to 13)."""

from __future__ import annotations

import msgspec
import pytest

from torihiki.auth.model import Grant
from torihiki.auth.rules import caller_of, require_role, token_hash, token_id
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import Kind, Problem
from torihiki.orders.v0.api import CONFIRM_SHIPMENT_ROLES

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")
TICK = TimeDelta(microseconds=1)
CALLER = Caller(seller_id="A1", application_id="app", roles=frozenset({"Pricing"}), token_id="t")
GOOD = Grant(
    caller=CALLER,
    authorization_id="authorization",
    expires_at=NOW + TICK,
    revoked=False,
    secret_expires_at=None,
)
OPERATION = Operation(name="x", method="GET", path="/x", summary="")
INVALID = "The access token you provided is revoked, malformed or invalid."
EXPIRED = "The access token you provided has expired."
SECRET_EXPIRED = "The LWA secret token you provided has expired."


def grant(**changes: object) -> Grant:
    return msgspec.structs.replace(GOOD, **changes)


def refusal(found: Grant | None, *, token_present: bool = True) -> Problem:
    with pytest.raises(Problem) as caught:
        caller_of(found, OPERATION, "/x", token_present=token_present, now=NOW)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert caught.value.message == "Access to requested resource is denied."
    return caught.value


def test_good_token_makes_its_seller_and_application_the_caller() -> None:
    assert caller_of(GOOD, OPERATION, "/x", token_present=True, now=NOW) == CALLER


def test_secret_that_ends_later_does_not_matter_yet() -> None:
    found = grant(secret_expires_at=NOW + TICK)
    assert caller_of(found, OPERATION, "/x", token_present=True, now=NOW) == CALLER


@pytest.mark.parametrize(
    ("found", "token_present", "details"),
    [
        pytest.param(None, False, "Access token is missing in the request header.", id="row 9"),
        pytest.param(None, True, INVALID, id="row 10 unknown"),
        pytest.param(grant(revoked=True), True, INVALID, id="row 10 revoked"),
        pytest.param(grant(revoked=True, expires_at=NOW), True, INVALID, id="row 10 before 11"),
        pytest.param(grant(expires_at=NOW), True, EXPIRED, id="row 11 at its end"),
        pytest.param(
            grant(expires_at=NOW - TICK, secret_expires_at=NOW),
            True,
            EXPIRED,
            id="row 11 before 13",
        ),
        pytest.param(grant(secret_expires_at=NOW), True, SECRET_EXPIRED, id="row 13"),
        pytest.param(grant(caller=None), True, "", id="row 12 grantless"),
    ],
)
def test_token_that_opens_nothing_is_refused_with_its_own_details(
    found: Grant | None, *, token_present: bool, details: str
) -> None:
    assert refusal(found, token_present=token_present).details == details


@pytest.mark.parametrize("roles", [{"Pricing"}, {"Pricing", "Product Listing"}, set()])
def test_any_one_role_of_an_operation_is_enough(roles: set[str]) -> None:
    operation = Operation(name="x", method="GET", path="/", roles=frozenset(roles), summary="")
    require_role(operation, CALLER)


def test_caller_without_any_of_the_roles_is_refused() -> None:
    operation = Operation(
        name="x", method="GET", path="/", roles=frozenset({"Brand Analytics"}), summary=""
    )
    with pytest.raises(Problem) as caught:
        require_role(operation, CALLER)
    assert caught.value.details == ""


def test_tokens_are_kept_as_sha_256() -> None:
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert token_hash("abc").hex() == known
    assert token_id(token_hash("abc")) == known[:16]


def test_confirm_shipment_opens_to_direct_to_consumer_shipping() -> None:
    """O-28; and to Inventory and Order Tracking, as Amazon's current pages say (contract 3.3)."""
    operation = Operation(
        name="x", method="POST", path="/", roles=CONFIRM_SHIPMENT_ROLES, summary=""
    )
    for role in ("Direct-to-Consumer Shipping (Restricted)", "Inventory and Order Tracking"):
        require_role(operation, msgspec.structs.replace(CALLER, roles=frozenset({role})))
    with pytest.raises(Problem):
        require_role(operation, CALLER)
