"""Gives the demo's sellers accounts with Amazon Pay, and their clients keys to sign with.

A private key is in the credentials file and nowhere else: the database gets the public one.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from msgspec import UNSET
from msgspec.structs import replace

from torihiki.admin.demo import DEMO_REGIONS
from torihiki.auth.pay.keys import parse_registered_key
from torihiki.auth.pay.model import PayKey
from torihiki.auth.pay.store import Merchant
from torihiki.bootstrap.files import (
    Credentials,
    Pay,
    PayKeyPair,
    read_credentials,
    write_credentials,
)
from torihiki.bootstrap.stores import Stores, operator_now
from torihiki.config import Settings
from torihiki.kernel.instant import Instant
from torihiki.kernel.pay_caller import Environment

MERCHANT_AGE_HOURS: Final = 172 * 24
"""How old the accounts are at the end of the demo's time: older than its payments, and such that a period of Japan, which
counts from it, closed two days before."""

_BITS: Final = 2048
_EXPONENT: Final = 65_537
_ID_BYTES: Final = 15
"""Twenty-four letters and digits (contract 1.2)."""
_PAIRS_A_MERCHANT: Final = 2


def _without_pay(credentials: Credentials) -> list[str]:
    return [
        seller.seller_id
        for seller in credentials.sellers
        if seller.pay is UNSET and seller.seller_id in DEMO_REGIONS
    ]


def lacks_pay(credentials: Credentials) -> bool:
    """Whether a seller of the demo has no keys yet: the demo's payments are not known to be whole."""
    return bool(_without_pay(credentials))


async def new_keys(settings: Settings) -> list[rsa.RSAPrivateKey]:
    """As many as `ensure_pay` will need; each takes a core for a tenth of a second, beside the event loop."""
    credentials = read_credentials(settings.data)
    sellers = () if credentials is None else credentials.sellers
    done = {seller.seller_id for seller in sellers if seller.pay is not UNSET}
    making = [
        asyncio.to_thread(rsa.generate_private_key, _EXPONENT, _BITS)
        for _ in range(len(DEMO_REGIONS.keys() - done) * _PAIRS_A_MERCHANT)
    ]
    return list(await asyncio.gather(*making))


async def ensure_merchants(stores: Stores, until: Instant) -> None:
    """Makes the accounts of the demo's sellers where they are missing; the sellers must be there.

    Args:
        stores: Where they go.
        until: The end of the demo's time.
    """
    for seller_id, region in DEMO_REGIONS.items():
        await stores.pay_accounts.add_merchant(
            Merchant(
                merchant_id=seller_id,
                seller_id=seller_id,
                region=region,
                created_at=until.subtract(hours=MERCHANT_AGE_HOURS),
            )
        )


async def ensure_pay(stores: Stores, settings: Settings, keys: Sequence[rsa.RSAPrivateKey]) -> None:
    """Registers two keys for each of the demo's sellers that has none, and puts them into the credentials file.

    Done last: as long as the file has no keys, the demo is not known to be whole. A run that ended before it wrote the
    file is made good by new keys.

    Args:
        stores: Where public keys go. The merchants must be there.
        settings: Where the file is.
        keys: From `new_keys`.
    """
    credentials = read_credentials(settings.data)
    if credentials is None:
        raise RuntimeError("the data directory was not prepared")
    now = await operator_now(stores)
    left = list(keys)
    found = {
        seller_id: Pay(
            merchant_id=seller_id,
            region=DEMO_REGIONS[seller_id],
            live=await _registered(stores, seller_id, "live", left.pop(), now),
            sandbox=await _registered(stores, seller_id, "sandbox", left.pop(), now),
        )
        for seller_id in _without_pay(credentials)
    }
    if found:
        sellers = tuple(
            replace(seller, pay=found.get(seller.seller_id, seller.pay))
            for seller in credentials.sellers
        )
        write_credentials(settings.data, replace(credentials, sellers=sellers))


async def _registered(
    stores: Stores,
    merchant_id: str,
    environment: Environment,
    key: rsa.RSAPrivateKey,
    now: Instant,
) -> PayKeyPair:
    """The pair, whose public key is registered."""
    code = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode()
    public_key_id = f"{environment.upper()}-{code}"
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    await stores.pay_accounts.add_key(
        PayKey(
            public_key_id=public_key_id,
            merchant_id=merchant_id,
            environment=environment,
            public_key_pem=parse_registered_key(public.decode()),
        ),
        now,
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return PayKeyPair(public_key_id=public_key_id, private_key_pem=private.decode())
