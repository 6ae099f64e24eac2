"""What `AuthStore` promises, on every backend."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec
import pytest

from torihiki.admin import operations as admin_operations
from torihiki.admin.model import ApplicationChanges, IssuedCode, PlanOverride
from torihiki.admin.rules import Mint
from torihiki.admin.store import AdminStore
from torihiki.auth import operations, rules
from torihiki.auth.model import (
    AccessToken,
    AuthorizationCode,
    Grant,
    RestrictedResource,
    TokenRequest,
)
from torihiki.auth.store import AuthStore
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Problem
from torihiki.kernel.quota import UsagePlan
from torihiki.orders.v0.api import OPERATIONS

NOW = Instant.parse_iso("2026-11-22T09:30:00.5Z")
EXPIRES = Instant.parse_iso("2026-11-22T10:30:00.5Z")
LONG_AGO = Instant.parse_iso("1970-01-01T00:00:00Z")
MINT = Mint(random_bytes=os.urandom, digest=rules.token_hash)


class Stores(Protocol):
    @property
    def admin(self) -> AdminStore: ...
    @property
    def auth(self) -> AuthStore: ...
    @property
    def at_rest(self) -> Callable[[], bytes]: ...


class Accounts(NamedTuple):
    application_id: str
    authorization_id: str
    texts: dict[str, str]


@pytest.fixture
async def accounts(stores: Stores) -> Accounts:
    """One application that acts for one seller, and what is secret about them."""
    admin = stores.admin
    application, secret = await admin_operations.create_application(
        admin, name="Reader", roles=["Pricing", "Product Listing"], now=NOW, mint=MINT
    )
    await admin_operations.create_seller(
        admin, seller_id="A1", name="S", marketplace_ids=["M"], now=NOW, mint=MINT
    )
    authorization, refresh_token = await admin_operations.create_authorization(
        admin, application_id=application.application_id, seller_id="A1", now=NOW, mint=MINT
    )
    code = await admin_operations.create_authorization_code(
        admin, authorization.authorization_id, redirect_uri="https://a.example/", now=NOW, mint=MINT
    )
    texts = {
        "client_id": application.client_id,
        "client_secret": secret,
        "refresh_token": refresh_token,
        "code": code,
    }
    return Accounts(application.application_id, authorization.authorization_id, texts)


def token_of(accounts: Accounts, number: int = 0, expires_at: Instant = EXPIRES) -> AccessToken:
    return AccessToken(
        token_hash=rules.token_hash(f"token {number}"),
        application_id=accounts.application_id,
        authorization_id=accounts.authorization_id,
        scope=None,
        issued_at=NOW,
        expires_at=expires_at,
    )


async def test_token_opens_what_its_authorization_says(stores: Stores, accounts: Accounts) -> None:
    token = token_of(accounts)
    await stores.auth.put_access_token(token, purge_before=LONG_AGO)
    assert await stores.auth.grant(token.token_hash) == Grant(
        caller=Caller(
            seller_id="A1",
            application_id=accounts.application_id,
            roles=frozenset({"Pricing", "Product Listing"}),
            token_id=token.token_hash.hex()[:16],
        ),
        authorization_id=accounts.authorization_id,
        expires_at=EXPIRES,
        revoked=False,
        secret_expires_at=None,
    )
    assert await stores.auth.grant(rules.token_hash("another")) is None


async def test_grantless_token_has_no_caller(stores: Stores, accounts: Accounts) -> None:
    token = AccessToken(
        token_hash=b"t" * 32,
        application_id=accounts.application_id,
        authorization_id=None,
        scope="sellingpartnerapi::notifications",
        issued_at=NOW,
        expires_at=EXPIRES,
    )
    await stores.auth.put_access_token(token, purge_before=LONG_AGO)
    grant = await stores.auth.grant(token.token_hash)
    assert grant is not None
    assert grant.caller is None
    assert grant.authorization_id is None
    assert not grant.revoked


async def test_token_follows_roles_secret_and_revocation(
    stores: Stores, peer: Stores, accounts: Accounts
) -> None:
    token = token_of(accounts)
    await stores.auth.put_access_token(token, purge_before=LONG_AGO)
    await admin_operations.update_application(
        stores.admin,
        accounts.application_id,
        ApplicationChanges(roles=("Brand Analytics",), secret_expires_at=NOW),
    )
    await stores.admin.revoke_authorization(accounts.authorization_id, NOW)
    grant = await peer.auth.grant(token.token_hash)
    assert grant is not None
    assert grant.caller is not None
    assert grant.caller.roles == {"Brand Analytics"}
    assert grant.secret_expires_at == NOW
    assert grant.revoked


ODD = (
    RestrictedResource(method="gEt", path="/orders/v0/orders/{orderId}/", elements=()),
    RestrictedResource(method="", path="'; -- \\ \"é\U0001f98a\x01\u2028", elements=("buyerInfo",)),
    RestrictedResource(method="GET", path="/orders/v0/orders", elements=("b", "a")),
)


@pytest.mark.parametrize("resources", [(), ODD, ODD * 16], ids=["none", "odd", "many"])
async def test_restricted_token_keeps_what_it_was_asked_for(
    stores: Stores, peer: Stores, accounts: Accounts, resources: tuple[RestrictedResource, ...]
) -> None:
    token = msgspec.structs.replace(token_of(accounts), resources=resources)
    await stores.auth.put_access_token(token, purge_before=LONG_AGO)
    grant = await peer.auth.grant(token.token_hash)
    assert grant is not None
    assert grant.resources == resources


async def minted(stores: Stores, parent: AccessToken, now: Instant = NOW) -> bytes:
    """The hash of a restricted data token for any order's buyer, minted with the other token."""
    issued = await operations.create_restricted_data_token(
        stores.auth,
        parent.token_hash,
        (
            RestrictedResource(
                method="Get", path="/orders/v0/orders/{orderId}", elements=("buyerInfo",)
            ),
        ),
        operations=OPERATIONS,
        now=now,
        random_bytes=os.urandom,
    )
    assert issued.token.startswith("Atz.sprdt|")
    assert issued.expires_in_s == 3600
    return rules.token_hash(issued.token)


async def test_restricted_token_lives_an_hour_and_dies_with_roles_and_authorization(
    stores: Stores, peer: Stores, accounts: Accounts
) -> None:
    """O-21; contract 3.4, 1.9 rows 10 and 11."""
    get_order = next(one for one in OPERATIONS if one.name == "getOrder")
    hour = TimeDelta(hours=1)
    tick = TimeDelta(microseconds=1)

    async def opened(token_hash: bytes, now: Instant = NOW) -> frozenset[str] | None:
        return rules.caller_of(
            await peer.auth.grant(token_hash),
            get_order,
            "/orders/v0/orders/1",
            token_present=True,
            now=now,
        ).opened

    async def give(*roles: str) -> None:
        await admin_operations.update_application(
            stores.admin, accounts.application_id, ApplicationChanges(roles=roles)
        )

    parent = token_of(accounts)
    await stores.auth.put_access_token(parent, purge_before=LONG_AGO)
    with pytest.raises(Problem, match=r"data elements: \[buyerInfo\]"):
        await minted(stores, parent)
    await give("Tax Invoicing (Restricted)")
    token_hash = await minted(stores, parent, EXPIRES - tick)
    buyer = frozenset({"buyerInfo"})
    assert await opened(token_hash) == buyer
    assert await opened(token_hash, EXPIRES + hour - tick * 2) == buyer
    with pytest.raises(Problem) as caught:
        await opened(token_hash, EXPIRES + hour - tick)
    assert caught.value.details == "The access token you provided has expired."
    with pytest.raises(Problem):
        await minted(stores, msgspec.structs.replace(parent, token_hash=token_hash))
    await give("Pricing")
    assert await opened(token_hash) == frozenset()
    await stores.admin.revoke_authorization(accounts.authorization_id, NOW)
    with pytest.raises(Problem) as caught:
        await opened(token_hash)
    assert "revoked" in str(caught.value.details)
    with pytest.raises(Problem):
        await minted(stores, parent)


async def test_application_is_found_by_its_client_id(stores: Stores, accounts: Accounts) -> None:
    application = await stores.auth.application(accounts.texts["client_id"])
    assert application is not None
    assert application.application_id == accounts.application_id
    assert application.secret_hash == rules.token_hash(accounts.texts["client_secret"])
    assert await stores.auth.application(accounts.application_id) is None


async def test_refresh_token_stands_for_its_authorization(
    stores: Stores, accounts: Accounts
) -> None:
    refresh_hash = rules.token_hash(accounts.texts["refresh_token"])
    found = await stores.auth.authorization(refresh_hash)
    assert found is not None
    assert (found.authorization_id, found.application_id, found.revoked) == (
        accounts.authorization_id,
        accounts.application_id,
        False,
    )
    await stores.admin.revoke_authorization(accounts.authorization_id, NOW)
    found = await stores.auth.authorization(refresh_hash)
    assert found is not None
    assert found.revoked
    assert await stores.auth.authorization(b"x" * 32) is None


async def test_code_is_known_until_it_is_redeemed(stores: Stores, accounts: Accounts) -> None:
    code_hash = rules.token_hash(accounts.texts["code"])
    assert await stores.auth.code(code_hash) == AuthorizationCode(
        authorization_id=accounts.authorization_id,
        application_id=accounts.application_id,
        revoked=False,
        redirect_uri="https://a.example/",
        expires_at=NOW + TimeDelta(minutes=5),
    )
    assert await stores.auth.redeem_code(
        code_hash, refresh_token_hash=b"r" * 32, token=token_of(accounts)
    )
    assert await stores.auth.code(code_hash) is None
    assert await stores.auth.authorization(b"r" * 32) is not None
    assert await stores.auth.grant(token_of(accounts).token_hash) is not None


async def test_of_redemptions_at_once_one_wins_and_the_others_leave_nothing(
    stores: Stores, peer: Stores, accounts: Accounts
) -> None:
    code_hash = rules.token_hash(accounts.texts["code"])
    won = await asyncio.gather(
        *(
            process.auth.redeem_code(
                code_hash, refresh_token_hash=bytes([n]) * 32, token=token_of(accounts, n)
            )
            for n, process in enumerate([stores, peer] * 5)
        )
    )
    assert sorted(won) == [False] * 9 + [True]
    for n, one in enumerate(won):
        refresh = await stores.auth.authorization(bytes([n]) * 32)
        grant = await stores.auth.grant(token_of(accounts, n).token_hash)
        assert (refresh is not None, grant is not None) == (one, one)


async def test_long_expired_tokens_and_codes_are_forgotten_in_bounded_steps(
    stores: Stores, accounts: Accounts
) -> None:
    for n in range(100):
        old = token_of(accounts, n, NOW + TimeDelta(seconds=n))
        await stores.auth.put_access_token(old, purge_before=LONG_AGO)
    for n in range(3):
        await stores.admin.add_code(
            IssuedCode(
                code_hash=bytes([n]) * 32,
                authorization_id=accounts.authorization_id,
                redirect_uri=None,
                expires_at=NOW + TimeDelta(seconds=n),
            )
        )
    before = NOW + TimeDelta(seconds=90)

    async def known() -> list[int]:
        return [
            n
            for n in range(100)
            if await stores.auth.grant(token_of(accounts, n).token_hash) is not None
        ]

    await stores.auth.put_access_token(token_of(accounts, 1000), purge_before=before)
    first = await known()
    assert 10 < len(first) < 100
    for n in range(1001, 1010):
        await stores.auth.put_access_token(token_of(accounts, n), purge_before=before)
    assert await known() == list(range(90, 100))
    assert [await stores.auth.code(bytes([n]) * 32) for n in range(3)] == [None] * 3
    assert await stores.auth.code(rules.token_hash(accounts.texts["code"])) is not None


async def test_overrides_are_found_by_operation_seller_and_application(
    stores: Stores, accounts: Accounts
) -> None:
    assert await stores.auth.plan_overrides() == {}
    plan = UsagePlan(rate=0.0167, burst=3)
    await stores.admin.put_usage_plan(
        PlanOverride(
            application_id=accounts.application_id,
            seller_id="A1",
            operation="getOrders",
            plan=plan,
        )
    )
    assert await stores.auth.plan_overrides() == {
        ("getOrders", "A1", accounts.application_id): plan
    }


async def test_no_secret_or_token_is_in_the_database_in_the_clear(
    stores: Stores, accounts: Accounts
) -> None:
    texts = accounts.texts
    client = {"client_id": texts["client_id"], "client_secret": texts["client_secret"]}
    requests = [
        TokenRequest(grant_type="refresh_token", refresh_token=texts["refresh_token"], **client),
        TokenRequest(
            grant_type="client_credentials", scope="sellingpartnerapi::notifications", **client
        ),
        TokenRequest(
            grant_type="authorization_code",
            code=texts["code"],
            redirect_uri="https://a.example/",
            **client,
        ),
    ]
    issued = [
        await operations.request_access_token(
            stores.auth, request, now=NOW, random_bytes=os.urandom
        )
        for request in requests
    ]
    rotated = await admin_operations.rotate_secret(stores.admin, accounts.application_id, mint=MINT)
    secrets = {texts["client_secret"], texts["refresh_token"], texts["code"], rotated}
    for tokens in issued:
        secrets |= {tokens.access_token, tokens.refresh_token or tokens.access_token}
    restricted = await operations.create_restricted_data_token(
        stores.auth,
        rules.token_hash(issued[0].access_token),
        (),
        operations=OPERATIONS,
        now=NOW,
        random_bytes=os.urandom,
    )
    secrets.add(restricted.token)
    kept = stores.at_rest()
    assert texts["client_id"].encode() in kept
    assert len(secrets) == 9
    for secret in secrets:
        assert secret.encode() not in kept
        # Nor without its prefix.
        assert secret.rpartition("|")[2].rpartition(".")[2].encode() not in kept
