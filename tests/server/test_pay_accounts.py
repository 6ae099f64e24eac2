"""The operator's API for merchants of Amazon Pay and their keys (issue 5, 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.auth.pay.knocking import pair
from tests.orders.lines import US
from tests.server.paying import Merchant, exchange, refused
from tests.serving import Served, served


def seller_of(server: Served) -> str:
    made = server.ask("POST", "/sellers", {"name": "Kanda Books", "marketplaceIds": [US]})
    seller_id: str = made["sellerId"]
    return seller_id


def merchant_of(server: Served) -> str:
    made = {"sellerId": seller_of(server), "region": "jp"}
    merchant_id: str = server.ask("POST", "/merchants", made)["merchantId"]
    return merchant_id


def fails(server: Served, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
    answer = server.operator.request(method, path, json=body)
    (error,) = answer.json()["errors"]
    return answer.status_code, error["message"], error["details"]


def test_seller_gets_one_account(unlimited: Served) -> None:
    """createMerchant, listMerchants."""
    seller_id = seller_of(unlimited)
    made = unlimited.ask("POST", "/merchants", {"sellerId": seller_id, "region": "eu"})
    assert made == {
        "merchantId": made["merchantId"],
        "sellerId": seller_id,
        "region": "eu",
        "createdAt": "2026-11-22T09:30:00Z",
    }
    assert made["merchantId"].startswith("A")
    assert len(made["merchantId"]) == 14
    assert unlimited.ask("GET", f"/merchants?sellerId={seller_id}") == {"merchants": [made]}
    again = fails(unlimited, "POST", "/merchants", {"sellerId": seller_id, "region": "jp"})
    assert again[0] == 409
    assert fails(unlimited, "POST", "/merchants", {"sellerId": "nobody", "region": "jp"})[0] == 404
    for body in ({}, {"sellerId": seller_id}, {"sellerId": seller_id, "region": "mars"}, {"x": 1}):
        assert fails(unlimited, "POST", "/merchants", body)[0] == 400


def test_lists_come_in_pages(unlimited: Served) -> None:
    """listMerchants, listPayKeys."""
    made = sorted(merchant_of(unlimited) for _ in range(3))
    found, query = [], "pageSize=1"
    while True:
        page = unlimited.ask("GET", f"/merchants?{query}")
        found += [one["merchantId"] for one in page["merchants"]]
        if "nextToken" not in page:
            break
        query = f"pageSize=1&nextToken={page['nextToken']}"
    assert [one for one in found if one in made] == made
    keys = f"/merchants/{made[0]}/keys"
    for environment in ("live", "sandbox", "live"):
        key = {"environment": environment, "publicKeyPem": pair(0)[1]}
        unlimited.ask("POST", keys, key)
    first = unlimited.ask("GET", f"{keys}?pageSize=2")
    rest = unlimited.ask("GET", f"{keys}?pageSize=2&nextToken={first['nextToken']}")
    ids = [one["publicKeyId"] for one in (*first["keys"], *rest["keys"])]
    assert len(ids) == 3
    assert ids == sorted(ids)
    assert unlimited.ask("GET", f"/merchants/{made[1]}/keys") == {"keys": []}


def test_key_gets_an_id_of_amazons_form(unlimited: Served) -> None:
    """registerPayKey (contract 1.2)."""
    keys = f"/merchants/{merchant_of(unlimited)}/keys"
    for environment in ("live", "sandbox"):
        key = {"environment": environment, "publicKeyPem": f"\n# ours\n{pair(0)[1]}\n\n"}
        made = unlimited.ask("POST", keys, key)
        prefix, _, rest = made["publicKeyId"].partition("-")
        assert prefix == environment.upper()
        assert len(rest) == 24
        assert rest.isalnum()
        assert rest.isupper()
        assert made["publicKeyPem"] == pair(0)[1]
        assert made["revokedAt"] is None
        assert made in unlimited.ask("GET", keys)["keys"]


@pytest.mark.parametrize(
    ("key_id", "environment", "good_in"),
    [
        ("LIVE-ABCDEFGHIJ{0}", None, "live"),
        ("LIVE-ABCDEFGHIK{0}", "live", "live"),
        ("SANDBOX-ABCDEFGHIJ{0}", None, "sandbox"),
        ("ABCDEFGHIJ{0}", None, None),
        ("ABCDEFGHIK{0}", "sandbox", "sandbox"),
    ],
)
def test_key_with_an_id_of_its_own_is_good_where_that_says(
    unlimited: Served, key_id: str, environment: str | None, good_in: str | None
) -> None:
    merchant_id = merchant_of(unlimited)
    key = {"publicKeyId": key_id.format(merchant_id), "publicKeyPem": pair(0)[1]}
    if environment is not None:
        key["environment"] = environment
    made = unlimited.ask("POST", f"/merchants/{merchant_id}/keys", key)
    assert (made["publicKeyId"], made["environment"]) == (key["publicKeyId"], good_in)
    taken = fails(unlimited, "POST", f"/merchants/{merchant_of(unlimited)}/keys", key)
    assert taken[0] == 409


def test_what_is_no_public_key_is_refused_and_not_repeated(unlimited: Served) -> None:
    keys = f"/merchants/{merchant_of(unlimited)}/keys"
    private = pair(0)[0]
    status, text, details = fails(
        unlimited, "POST", keys, {"environment": "live", "publicKeyPem": private}
    )
    assert (status, text) == (400, "The public key cannot be registered.")
    assert details.startswith("This is a private key, which belongs to the merchant alone")
    assert private.splitlines()[1] not in details
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    elliptic = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for pem in ("nonsense", elliptic, pair(0, 1024)[1], "x" * 100_000):
        key = {"environment": "live", "publicKeyPem": pem}
        assert fails(unlimited, "POST", keys, key)[0] == 400
    for key in (
        {"publicKeyPem": pair(0)[1]},
        {"publicKeyPem": pair(0)[1], "publicKeyId": "LIVE-short"},
        {"publicKeyPem": pair(0)[1], "publicKeyId": "LIVE-" + "A" * 24, "environment": "sandbox"},
        {"publicKeyPem": pair(0)[1], "environment": "mars"},
        {"environment": "live"},
    ):
        assert fails(unlimited, "POST", keys, key)[0] == 400
    assert unlimited.ask("GET", keys) == {"keys": []}


def test_key_is_revoked_for_good_by_its_own_merchant_only(unlimited: Served) -> None:
    """revokePayKey."""
    merchant = Merchant(unlimited)
    key_id = merchant.account.public_key_id
    stranger = f"/merchants/{merchant_of(unlimited)}/keys/{key_id}"
    assert fails(unlimited, "DELETE", stranger)[0] == 404
    assert merchant.send("GET", "/reports").status == 200
    for _ in range(2):
        unlimited.ask("DELETE", f"/merchants/{merchant.merchant_id}/keys/{key_id}")
    (shown,) = unlimited.ask("GET", f"/merchants/{merchant.merchant_id}/keys")["keys"]
    assert shown["revokedAt"] == "2026-11-22T09:30:00Z"
    for path in ("/merchants/nobody/keys", "/merchants/a%20b/keys"):
        assert fails(unlimited, "GET", path)[0] == 404
        key = {"environment": "live", "publicKeyPem": pair(0)[1]}
        assert fails(unlimited, "POST", path, key)[0] == 404
    gone = f"/merchants/{merchant.merchant_id}/keys/LIVE-{'Q' * 24}"
    assert fails(unlimited, "DELETE", gone)[0] == 404


def test_every_process_hears_of_it_before_the_operator_has_his_answer(tmp_path: Path) -> None:
    """Two server processes: no request after the answer finds the old keys."""
    with served(tmp_path / "data", "--workers", "2") as server:
        for _ in range(5):
            merchant = Merchant(server)
            sent = merchant.sign("GET", "/reports")
            assert {exchange(server.url, sent).status for _ in range(12)} == {200}
            key_id = merchant.account.public_key_id
            server.ask("DELETE", f"/merchants/{merchant.merchant_id}/keys/{key_id}")
            for _ in range(12):
                assert refused(exchange(server.url, sent)) == (403, "InvalidAuthentication")
