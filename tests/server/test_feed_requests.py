"""Feed requests that are refused, and who may send them (O-30, contract 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.orders.lines import US
from tests.server.feeding import (
    DOCUMENTS,
    FEEDS,
    FLAT,
    NOTHING,
    XML,
    XML_MEDIA,
    Feeder,
    asked,
    refusal,
)
from tests.serving import Served
from torihiki.feeds.v2021_06_30.api import OPERATIONS

D2C = "Direct-to-Consumer Shipping (Restricted)"


@pytest.fixture
def feeder(unlimited: Served) -> Iterator[Feeder]:
    made = Feeder(unlimited.add_seller([US]))
    yield made
    made.close()


@pytest.fixture
def stranger(unlimited: Served) -> Iterator[Feeder]:
    made = Feeder(unlimited.add_seller([US]))
    yield made
    made.close()


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "{", '"x"', "{}",
        json.dumps(asked(feedType=None)), json.dumps(asked(feedType="")),
        json.dumps(asked(feedType="x" * 256)), json.dumps(asked(feedType=1)),
        json.dumps(asked(marketplaceIds=[])), json.dumps(asked(marketplaceIds=US)),
        json.dumps(asked(marketplaceIds=[US] * 26)), json.dumps(asked(marketplaceIds=["\0"])),
        json.dumps(asked(inputFeedDocumentId="")), json.dumps(asked()),
        json.dumps(asked(feedOptions={"a": 1})),
    ],
)  # fmt: skip
def test_bad_feed_is_refused_in_amazons_words(feeder: Feeder, body: str) -> None:
    answer = feeder.call(
        "POST", FEEDS, content=body.encode(), headers={"content-type": "application/json"}
    )
    assert refusal(answer) == (400, "InvalidInput", "Invalid request parameters", "")


def test_feed_type_that_is_not_worked_on_is_named(feeder: Feeder) -> None:
    document_id = feeder.upload(NOTHING)
    answer = feeder.call(
        "POST", FEEDS, json=asked(feedType="JSON_LISTINGS_FEED", inputFeedDocumentId=document_id)
    )
    assert refusal(answer) == (
        400,
        "InvalidInput",
        "Invalid request parameters",
        f"The feedType must be one of {XML}, {FLAT}.",
    )


@pytest.mark.parametrize(
    "media",
    [None, "", 1, "text", "text/", "text/xml\n", "text/xml\u00e9", "a/b ", "t/" + "x" * 300],
)
def test_bad_content_type_is_refused(feeder: Feeder, media: object) -> None:
    answer = feeder.call("POST", DOCUMENTS, json={"contentType": media})
    assert refusal(answer) == (400, "InvalidInput", "Invalid request parameters", "")


def test_body_must_be_json_by_its_header(feeder: Feeder) -> None:
    for path in (DOCUMENTS, FEEDS):
        answer = feeder.call("POST", path, content=b"{}", headers={"content-type": "text/plain"})
        assert answer.status_code == 415


@pytest.mark.parametrize(
    ("query", "message", "details"),
    [
        ("", "Missing or invalid request parameters: [feedTypes]", None),
        ("feedtypes=X", "Missing or invalid request parameters: [feedTypes]", None),
        ("feedTypes=X&pageSize=0", "'0' at 'pageSize'", ""),
        ("feedTypes=X&pageSize=101", "less than or equal to 100", ""),
        ("feedTypes=X&pageSize=ten", "'ten' at 'pageSize'", ""),
        ("feedTypes=X&processingStatuses=DONE,done", "enum value set: [CANCELLED, DONE, FATAL", ""),
        ("feedTypes=" + ",".join("abcdefghijk"), "less than or equal to 10", ""),
        ("feedTypes=X&createdSince=yesterday", "invalid input", "Invalid Date-Time field(s) [createdSince]."),
        ("feedTypes=X&createdSince=&createdUntil=x", "invalid input", "Invalid Date-Time field(s) [createdSince, createdUntil]."),
        ("feedTypes=%00", "not valid", ""),
        ("feedTypes=%FF", "not valid", ""),
        ("nextToken=abc", "could not decode your NextToken", ""),
        ("nextToken=abc&pageSize=10", "not valid", "nextToken must be the only parameter."),
    ],
)  # fmt: skip
def test_bad_query_is_refused(
    feeder: Feeder, query: str, message: str, details: str | None
) -> None:
    answer = feeder.call("GET", f"{FEEDS}?{query}")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert message in error["message"]
    assert error.get("details") == details


def test_page_token_of_another_seller_is_refused(feeder: Feeder, stranger: Feeder) -> None:
    document_id = feeder.upload(NOTHING)
    for _ in range(2):
        feeder.create(document_id)
    page = feeder.json("GET", FEEDS, 200, params={"feedTypes": XML, "pageSize": "1"})
    answer = stranger.call("GET", FEEDS, params={"nextToken": page["nextToken"]})
    assert "could not decode" in answer.text


@pytest.mark.parametrize("role", [D2C, "Inventory and Order Tracking"])
def test_each_of_two_roles_opens_feeds_and_no_other_does(unlimited: Served, role: str) -> None:
    feeder = Feeder(unlimited.add_seller([US], [role]))
    feeder.create(feeder.upload(NOTHING))
    feeder.close()
    other = Feeder(unlimited.add_seller([US], ["Pricing", "Finance and Accounting"]))
    for method, path in (
        ("POST", DOCUMENTS), ("POST", FEEDS), ("GET", FEEDS), ("GET", f"{FEEDS}/1"),
        ("DELETE", f"{FEEDS}/1"), ("GET", f"{DOCUMENTS}/1"),
    ):  # fmt: skip
        assert other.call(method, path).status_code == 403
    other.close()


def test_usage_plans_are_amazons(server: Served) -> None:
    """The rate stands in each answer, 202 too; the call after the burst is refused."""
    feeder = Feeder(server.add_seller([US]))
    document = feeder.call("POST", DOCUMENTS, json={"contentType": XML_MEDIA})
    assert document.headers["x-amzn-ratelimit-limit"] == "0.5"
    made = asked(inputFeedDocumentId=document.json()["feedDocumentId"])
    answers = [feeder.call("POST", FEEDS, json=made) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [202] * 15 + [429]
    assert answers[0].headers["x-amzn-ratelimit-limit"] == "0.0083"
    feeder.close()
    plans = {one.name: one.plan for one in OPERATIONS}
    assert {name: plan and (plan.rate, plan.burst) for name, plan in plans.items()} == {
        "createFeedDocument": (0.5, 15),
        "createFeed": (0.0083, 15),
        "getFeeds": (0.0222, 10),
        "getFeed": (2.0, 15),
        "cancelFeed": (2.0, 15),
        "getFeedDocument": (0.0222, 10),
    }
