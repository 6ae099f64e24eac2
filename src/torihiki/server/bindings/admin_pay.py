"""Accounts with Amazon Pay and their keys: the operator's API joined to the door of Amazon Pay."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import UnsetType

from torihiki.admin import operations, rules
from torihiki.admin.model import Page
from torihiki.admin.store import AdminStore
from torihiki.admin.v1 import schemas, wire
from torihiki.auth.pay.keys import parse_public_key_id, parse_registered_key
from torihiki.auth.pay.model import PayKey
from torihiki.auth.pay.store import Merchant, PayAccountStore, RegisteredKey
from torihiki.auth.rules import token_hash
from torihiki.kernel.instant import Instant
from torihiki.kernel.pay_caller import Environment
from torihiki.kernel.problem import Kind, Problem, invalid_input
from torihiki.server.bindings.admin import Settle, settled
from torihiki.server.call import Answer, Call, Handler

KEY_ID_BYTES: Final = 15
"""Twenty-four letters and digits, as Amazon's ids have behind their prefix (contract 1.2)."""

RandomBytes = Callable[[int], bytes]
View = TypeVar("View", bound=msgspec.Struct)


def bind(
    accounts: PayAccountStore, sellers: AdminStore, *, random_bytes: RandomBytes, settle: Settle
) -> dict[str, Handler]:
    """The handlers by operation name.

    Args:
        accounts: Where merchants and keys are.
        sellers: Where the sellers are that they belong to.
        random_bytes: A cryptographic source.
        settle: Returns once every server process has taken over what was changed.
    """
    bound = _PayAccounts(accounts, sellers, random_bytes)
    return {
        "listMerchants": bound.list_merchants,
        "createMerchant": bound.create_merchant,
        "listPayKeys": bound.list_pay_keys,
        "registerPayKey": settled(bound.register_pay_key, settle),
        "revokePayKey": settled(bound.revoke_pay_key, settle),
    }


class _PayAccounts:
    """Merchants and their keys."""

    def __init__(
        self, accounts: PayAccountStore, sellers: AdminStore, random_bytes: RandomBytes
    ) -> None:
        self._accounts = accounts
        self._sellers = sellers
        self._random_bytes = random_bytes
        self._mint = rules.Mint(random_bytes=random_bytes, digest=token_hash)

    async def list_merchants(self, call: Call) -> Answer:
        query = wire.parse_query(call.query)
        page = wire.parse_page(query)
        found = await self._accounts.merchants(
            page.after[0], page.size + 1, seller_id=wire.query_identifier(query, "sellerId")
        )
        views = [_merchant(one) for one in found]
        return Answer(wire.render_merchants(_page(views, page.size, lambda one: one.merchant_id)))

    async def create_merchant(self, call: Call) -> Answer:
        request = wire.parse_body(await call.body(), schemas.MerchantRequest)
        await operations.get_seller(self._sellers, request.seller_id)
        merchant = Merchant(
            merchant_id=self._mint.seller_id(),
            seller_id=request.seller_id,
            region=request.region,
            created_at=call.now,
        )
        if not await self._accounts.add_merchant(merchant):
            raise Problem(Kind.CONFLICT, "The seller has an account with Amazon Pay already.")
        return _created(call, _merchant(merchant))

    async def list_pay_keys(self, call: Call) -> Answer:
        merchant_id = await self._merchant_id(call)
        page = wire.parse_page(wire.parse_query(call.query))
        found = await self._accounts.keys(page.after[0], page.size + 1, merchant_id=merchant_id)
        views = [_key(one) for one in found]
        return Answer(wire.render_pay_keys(_page(views, page.size, lambda one: one.public_key_id)))

    async def register_pay_key(self, call: Call) -> Answer:
        request = wire.parse_body(await call.body(), schemas.PayKeyRequest)
        merchant_id = await self._merchant_id(call)
        public_key_id, environment = self._names(request)
        key = PayKey(
            public_key_id=public_key_id,
            merchant_id=merchant_id,
            environment=environment,
            public_key_pem=parse_registered_key(request.public_key_pem),
        )
        if not await self._accounts.add_key(key, call.now):
            raise Problem(Kind.CONFLICT, f"There is already a key '{public_key_id}'.")
        return _created(call, _key(RegisteredKey(key=key, created_at=call.now)))

    async def revoke_pay_key(self, call: Call) -> Answer:
        merchant_id = await self._merchant_id(call)
        public_key_id = wire.path_identifier(call.path, "publicKeyId")
        key = await self._accounts.key(public_key_id)
        if key is None or key.merchant_id != merchant_id:
            raise rules.no_such("key")
        await self._accounts.revoke_key(public_key_id, call.now)
        return Answer(status=call.operation.success)

    async def _merchant_id(self, call: Call) -> str:
        """The merchant that the path names.

        Raises:
            Problem: There is none.
        """
        merchant_id = wire.path_identifier(call.path, "merchantId")
        if await self._accounts.merchant(merchant_id) is None:
            raise rules.no_such("merchant")
        return merchant_id

    def _names(self, request: schemas.PayKeyRequest) -> tuple[str, Environment | None]:
        """The key's id, and where it is good.

        Raises:
            Problem: The two contradict each other, or neither is given.
        """
        asked = None if isinstance(request.environment, UnsetType) else request.environment
        if isinstance(request.public_key_id, UnsetType):
            if asked is None:
                raise invalid_input("Give publicKeyId or environment.")
            code = base64.b32encode(self._random_bytes(KEY_ID_BYTES)).decode()
            return f"{asked.upper()}-{code}", asked
        named = parse_public_key_id(request.public_key_id)
        if named is not None and asked not in {None, named}:
            raise invalid_input(f"A key with this publicKeyId is good in {named} only.")
        return request.public_key_id, named or asked


def _page(views: Sequence[View], size: int, key: Callable[[View], str]) -> Page[View]:
    """A page of at most `size` out of `size + 1` that were asked for."""
    shown = tuple(views[:size])
    return Page(items=shown, following=(key(shown[-1]),) if len(views) > size else None)


def _created(call: Call, view: schemas.View) -> Answer:
    return Answer(msgspec.json.encode(view), call.operation.success)


def _merchant(merchant: Merchant) -> schemas.MerchantView:
    return schemas.MerchantView(
        merchant_id=merchant.merchant_id,
        seller_id=merchant.seller_id,
        region=merchant.region,
        created_at=merchant.created_at.format_iso(),
    )


def _key(registered: RegisteredKey) -> schemas.PayKeyView:
    key = registered.key
    return schemas.PayKeyView(
        public_key_id=key.public_key_id,
        merchant_id=key.merchant_id,
        environment=key.environment,
        public_key_pem=key.public_key_pem,
        created_at=registered.created_at.format_iso(),
        revoked_at=_time(registered.revoked_at),
    )


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else instant.format_iso()
