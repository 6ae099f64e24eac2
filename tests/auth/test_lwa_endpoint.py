"""The token endpoint as a client sees it (contract 3.1): every grant with every fault, to the byte."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from torihiki.admin import operations as admin
from torihiki.admin.model import ApplicationChanges
from torihiki.admin.rules import Mint
from torihiki.auth.lwa.api import OPERATIONS
from torihiki.auth.rules import caller_of, token_hash
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem
from torihiki.server.bindings import lwa
from torihiki.server.call import Answer, Call
from torihiki.storage.sqlite.admin import SqliteAdminStore
from torihiki.storage.sqlite.auth import SqliteAuthStore
from torihiki.storage.sqlite.database import Database, migrate

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")
FORM = "application/x-www-form-urlencoded;charset=UTF-8"
JSON = "application/json"
SCOPE = "sellingpartnerapi::notifications"
REDIRECT = "https://a.example/back?x=1"
KEPT_NOWHERE = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
INVALID_CLIENT = b'{"error_description":"Client authentication failed","error":"invalid_client"}'


class Endpoint(NamedTuple):
    """A token endpoint with two applications that act for one seller."""

    database: Database
    application_id: str
    authorization_id: str
    texts: dict[str, str]

    @property
    def auth(self) -> SqliteAuthStore:
        return SqliteAuthStore(self.database)

    @property
    def admin(self) -> SqliteAdminStore:
        return SqliteAdminStore(self.database)

    async def send(
        self,
        body: bytes,
        content_type: str | None = FORM,
        authorization: str | None = None,
        now: Instant = NOW,
    ) -> Answer:
        parts = [body[:7], body[7:]]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        headers = [(b"content-type", content_type), (b"authorization", authorization)]
        call = Call(
            operation=OPERATIONS[0],
            path={},
            query=b"",
            headers={name: value.encode() for name, value in headers if value is not None},
            receive=receive,
            now=now,
            caller=None,
            request_id="a request",
        )
        return await lwa.bind(self.auth, os.urandom)["requestAccessToken"](call)

    async def ask(self, fields: Mapping[str, str], now: Instant = NOW) -> Answer:
        return await self.send(urlencode(fields).encode(), now=now)

    def request(self, grant_type: str, /, **changes: str | None) -> dict[str, str]:
        """A good request of that grant, changed; None takes a parameter away."""
        own = {
            "refresh_token": {"refresh_token": self.texts["refresh_token"]},
            "client_credentials": {"scope": SCOPE},
            "authorization_code": {"code": self.texts["code"], "redirect_uri": REDIRECT},
        }[grant_type]
        client = {name: self.texts[name] for name in ("client_id", "client_secret")}
        fields = {"grant_type": grant_type, **client, **own, **changes}
        return {name: value for name, value in fields.items() if value is not None}


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[Endpoint]:
    migrate(tmp_path / "t.db")
    database = Database(tmp_path / "t.db")
    store, mint = SqliteAdminStore(database), Mint(random_bytes=os.urandom, digest=token_hash)
    await admin.create_seller(
        store, seller_id="A1", name="S", marketplace_ids=["M"], now=NOW, mint=mint
    )
    texts: dict[str, str] = {}
    ids: list[tuple[str, str]] = []
    for prefix in ("other_", ""):
        application, secret = await admin.create_application(
            store, name="R", roles=["Pricing"], now=NOW, mint=mint
        )
        authorization, refresh_token = await admin.create_authorization(
            store, application_id=application.application_id, seller_id="A1", now=NOW, mint=mint
        )
        code = await admin.create_authorization_code(
            store, authorization.authorization_id, redirect_uri=REDIRECT, now=NOW, mint=mint
        )
        names = ("client_id", "client_secret", "refresh_token", "code")
        values = (application.client_id, secret, refresh_token, code)
        texts |= {prefix + name: value for name, value in zip(names, values, strict=True)}
        ids.append((application.application_id, authorization.authorization_id))
    yield Endpoint(database, *ids[-1], texts)
    database.close()


def refused(answer: Answer, status: int, error: str, description: str) -> None:
    assert answer.status == status
    assert answer.body == f'{{"error_description":"{description}","error":"{error}"}}'.encode()
    assert answer.media == b"application/json;charset=UTF-8"
    assert answer.headers[:2] == KEPT_NOWHERE


async def seller_of(endpoint: Endpoint, access_token: str, now: Instant = NOW) -> str:
    grant = await endpoint.auth.grant(token_hash(access_token))
    return caller_of(grant, OPERATIONS[0], "", token_present=True, now=now).seller_id


async def test_refresh_token_gives_an_access_token_and_comes_back(endpoint: Endpoint) -> None:
    answer = await endpoint.ask(endpoint.request("refresh_token"))
    assert (answer.status, answer.media, answer.headers) == (
        200,
        b"application/json;charset=UTF-8",
        KEPT_NOWHERE,
    )
    found = json.loads(answer.body)
    assert list(found) == ["access_token", "refresh_token", "token_type", "expires_in"]
    assert found["refresh_token"] == endpoint.texts["refresh_token"]
    assert (found["token_type"], found["expires_in"]) == ("bearer", 3600)
    assert found["access_token"].startswith("Atza|")
    assert await seller_of(endpoint, found["access_token"]) == "A1"


async def test_access_token_lives_an_hour_and_stays_known_for_seven_days(
    endpoint: Endpoint,
) -> None:
    first = json.loads((await endpoint.ask(endpoint.request("refresh_token"))).body)["access_token"]
    hour = NOW + TimeDelta(hours=1)
    assert await seller_of(endpoint, first, hour - TimeDelta(microseconds=1)) == "A1"
    week = hour + TimeDelta(hours=7 * 24)
    for now, details in [
        (hour, "The access token you provided has expired."),
        (week, "The access token you provided has expired."),
        (
            week + TimeDelta(seconds=1),
            "The access token you provided is revoked, malformed or invalid.",
        ),
    ]:
        await endpoint.ask(endpoint.request("refresh_token"), now)
        with pytest.raises(Problem) as caught:
            await seller_of(endpoint, first, now)
        assert caught.value.details == details


async def test_grantless_token_comes_without_a_refresh_token_and_opens_no_order(
    endpoint: Endpoint,
) -> None:
    answer = await endpoint.ask(endpoint.request("client_credentials"))
    found = json.loads(answer.body)
    assert list(found) == ["access_token", "token_type", "expires_in"]
    with pytest.raises(Problem) as caught:
        await seller_of(endpoint, found["access_token"])
    assert caught.value.details == ""


async def test_code_gives_a_fresh_refresh_token_that_works(endpoint: Endpoint) -> None:
    found = json.loads((await endpoint.ask(endpoint.request("authorization_code"))).body)
    fresh = found["refresh_token"]
    assert fresh.startswith("Atzr|")
    assert fresh != endpoint.texts["refresh_token"]
    assert await seller_of(endpoint, found["access_token"]) == "A1"
    for refresh_token in (fresh, endpoint.texts["refresh_token"]):
        again = await endpoint.ask(endpoint.request("refresh_token", refresh_token=refresh_token))
        assert again.status == 200


async def test_code_works_once_and_for_five_minutes(endpoint: Endpoint) -> None:
    request = endpoint.request("authorization_code")
    text = "The request has an invalid grant parameter : code"
    refused(await endpoint.ask(request, NOW + TimeDelta(minutes=5)), 400, "invalid_grant", text)
    last = NOW + TimeDelta(minutes=5) - TimeDelta(microseconds=1)
    assert (await endpoint.ask(request, last)).status == 200
    refused(await endpoint.ask(request), 400, "invalid_grant", text)


async def test_code_survives_an_exchange_with_the_wrong_redirect_uri(endpoint: Endpoint) -> None:
    for wrong in (None, "https://evil.example/"):
        answer = await endpoint.ask(endpoint.request("authorization_code", redirect_uri=wrong))
        text = "The request has an invalid grant parameter : redirect_uri"
        refused(answer, 400, "invalid_grant", text)
    assert (await endpoint.ask(endpoint.request("authorization_code"))).status == 200


GRANTS = {
    "refresh_token": "refresh_token",
    "client_credentials": "scope",
    "authorization_code": "code",
}


@pytest.mark.parametrize("grant_type", GRANTS)
async def test_missing_parameter_is_named(endpoint: Endpoint, grant_type: str) -> None:
    for name in ("grant_type", "client_id", "client_secret", GRANTS[grant_type]):
        for absent in (None, ""):
            answer = await endpoint.ask(endpoint.request(grant_type, **{name: absent}))
            text = f"The request is missing a required parameter: {name}"
            refused(answer, 400, "invalid_request", text)


@pytest.mark.parametrize("grant_type", GRANTS)
async def test_client_that_is_not_who_it_says_gets_77_bytes(
    endpoint: Endpoint, grant_type: str
) -> None:
    assert len(INVALID_CLIENT) == 77
    for changes in (
        {"client_id": "amzn1.application-oa2-client.0"},
        {"client_id": endpoint.application_id},
        {"client_id": endpoint.texts["other_client_id"]},
        {"client_secret": "wrong"},
        {"client_secret": endpoint.texts["client_secret"].upper()},
        {"client_secret": "é" * 2048},
    ):
        answer = await endpoint.ask(endpoint.request(grant_type, **changes))
        assert (answer.status, answer.body) == (401, INVALID_CLIENT)
        assert answer.headers == KEPT_NOWHERE


@pytest.mark.parametrize("grant_type", GRANTS)
async def test_expired_secret_is_no_secret(endpoint: Endpoint, grant_type: str) -> None:
    changes = ApplicationChanges(secret_expires_at=NOW)
    await admin.update_application(endpoint.admin, endpoint.application_id, changes)
    assert (await endpoint.ask(endpoint.request(grant_type))).body == INVALID_CLIENT
    early = await endpoint.ask(endpoint.request(grant_type), NOW - TimeDelta(seconds=1))
    assert early.status == 200


@pytest.mark.parametrize("grant_type", ["refresh_token", "authorization_code"])
async def test_grant_that_opens_nothing_is_refused(endpoint: Endpoint, grant_type: str) -> None:
    name = GRANTS[grant_type]
    text = f"The request has an invalid grant parameter : {name}"
    good = endpoint.texts[name]
    for value in ("x", good[:-1], f"{good}x", "x" * 2048, endpoint.texts[f"other_{name}"]):
        answer = await endpoint.ask(endpoint.request(grant_type, **{name: value}))
        refused(answer, 400, "invalid_grant", text)
    await admin.revoke_authorization(endpoint.admin, endpoint.authorization_id, now=NOW)
    refused(await endpoint.ask(endpoint.request(grant_type)), 400, "invalid_grant", text)


async def test_unknown_scope_is_refused_and_several_known_ones_are_not(endpoint: Endpoint) -> None:
    for scope in ("orders", " ", f"{SCOPE} orders", SCOPE.upper()):
        answer = await endpoint.ask(endpoint.request("client_credentials", scope=scope))
        refused(answer, 400, "invalid_scope", "The scope is not supported")
    scope = f"{SCOPE} sellingpartnerapi::client_credential:rotation"
    answer = await endpoint.ask(endpoint.request("client_credentials", scope=scope))
    assert answer.status == 200


async def test_unknown_grant_type_is_refused_before_the_client_is_looked_at(
    endpoint: Endpoint,
) -> None:
    answer = await endpoint.ask({"grant_type": "password"})
    refused(answer, 400, "unsupported_grant_type", "The grant type is not supported")


async def test_every_body_form_that_clients_send_is_read(endpoint: Endpoint) -> None:
    fields = endpoint.request("refresh_token")
    escaped = urlencode(fields).encode()
    raw = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    assert b"|" in raw
    spelt = json.dumps({**fields, "scope": None, "extra": [1, {"code": 2}]}).encode()
    for body, content_type in [
        (escaped, FORM),
        (raw, "application/x-www-form-urlencoded"),
        (raw, " Application/X-WWW-Form-Urlencoded ; charset=utf-8"),
        (raw, None),
        (raw, ""),
        (spelt, JSON),
        (spelt, "application/json; charset=utf-8"),
        (b"\n " + spelt, None),
        (raw + b"&extra=1&extra=2&redirect_uri=", FORM),
    ]:
        answer = await endpoint.send(body, content_type)
        assert answer.status == 200, (body, content_type, answer.body)


async def test_other_content_types_are_named_in_the_refusal(endpoint: Endpoint) -> None:
    for content_type in ("text/plain", "multipart/form-data; boundary=x", "é", "json", ";"):
        answer = await endpoint.send(b"grant_type=x", content_type)
        if content_type == ";":
            refused(answer, 400, "unsupported_grant_type", "The grant type is not supported")
            continue
        text = "The content type is neither application/x-www-form-urlencoded nor application/json"
        refused(answer, 400, "invalid_request", text)


async def test_body_over_the_limit_is_refused(endpoint: Endpoint) -> None:
    text = "The request body is larger than 65536 bytes."
    refused(await endpoint.send(b"a" * 65_537), 400, "invalid_request", text)


async def test_broken_body_is_refused_in_oauth_words(endpoint: Endpoint) -> None:
    refused(await endpoint.send(b"{", JSON), 400, "invalid_request", "Malformed request")


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


async def test_client_may_say_who_it_is_by_http_basic(endpoint: Endpoint) -> None:
    header = basic(endpoint.texts["client_id"], endpoint.texts["client_secret"])
    for client_id in (None, endpoint.texts["client_id"]):
        fields = endpoint.request("refresh_token", client_id=client_id, client_secret=None)
        answer = await endpoint.send(urlencode(fields).encode(), FORM, header)
        assert answer.status == 200


async def test_wrong_http_basic_is_challenged(endpoint: Endpoint) -> None:
    client_id, secret = endpoint.texts["client_id"], endpoint.texts["client_secret"]
    fields = endpoint.request("refresh_token", client_id=None, client_secret=None)
    headers = [basic(client_id, "x"), basic("x", secret), basic(client_id, ""), "Basic ?", "Basic "]
    headers += ["basic " + base64.b64encode(raw).decode() for raw in (b"\xff:a", b"abc", b"%ff:a")]
    for header in headers:
        answer = await endpoint.send(urlencode(fields).encode(), FORM, header)
        assert (answer.status, answer.body) == (401, INVALID_CLIENT)
        assert answer.headers[2:] == ((b"www-authenticate", b'Basic realm="Login with Amazon"'),)


async def test_two_ways_to_say_who_the_client_is_are_one_too_many(endpoint: Endpoint) -> None:
    header = basic(endpoint.texts["client_id"], endpoint.texts["client_secret"])
    body = urlencode(endpoint.request("refresh_token")).encode()
    text = "The request authenticates the client in two ways"
    refused(await endpoint.send(body, FORM, header), 400, "invalid_request", text)
    other = endpoint.request(
        "refresh_token", client_id=endpoint.texts["other_client_id"], client_secret=None
    )
    answer = await endpoint.send(urlencode(other).encode(), FORM, header)
    assert answer.body == INVALID_CLIENT


async def test_signature_of_old_programs_is_ignored(endpoint: Endpoint) -> None:
    body = urlencode(endpoint.request("refresh_token")).encode()
    signed = "AWS4-HMAC-SHA256 Credential=x"
    assert (await endpoint.send(body, FORM, signed)).status == 200


async def test_database_that_cannot_be_read_is_a_503_in_oauth_words(endpoint: Endpoint) -> None:
    # Every statement is interrupted, as on an I/O error.
    endpoint.database.reader.set_progress_handler(lambda: 1, 1)
    answer = await endpoint.ask(endpoint.request("refresh_token"))
    endpoint.database.reader.set_progress_handler(None, 1)
    text = "The service is temporarily unavailable. Please try again later."
    refused(answer, 503, "temporarily_unavailable", text)


def test_every_problem_that_is_not_ours_to_translate_goes_on() -> None:
    with pytest.raises(Problem):
        lwa._in_oauth_words(Problem(Kind.CONFLICT, "x"))
