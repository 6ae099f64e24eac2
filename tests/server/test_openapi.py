"""The server keeps what its own API document says, whatever is sent to it (issue 2, bad input).

Every operation of the document is called with values that its schema allows and with values that it does not; the
examples are the same on every run. Nothing is left out. The clock is put back after each call of putClock, because
a clock that has run away would only show expired tokens to the operations that are still to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.orders.lines import ORDER_ID, US, full_line
from tests.serving import Served, served
from torihiki.bootstrap.wiring import OPERATIONS
from torihiki.kernel.operation import Operation

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
NOW = "2026-11-22T09:30:00Z"
EXAMPLES = 12


class Target:
    """A running server, its document, and ids that exist in it."""

    def __init__(self, server: Served) -> None:
        self.url = server.url
        self.server = server
        seller = server.add_seller([US])
        server.load(full_line() | {"sellerId": seller.seller_id})
        # Of its own, so that no change that is tried takes away what the others need.
        victim = server.add_seller([US])
        self.known = {
            "orderId": ORDER_ID,
            "sellerId": victim.seller_id,
            "applicationId": victim.application_id,
            "authorizationId": victim.authorization_id,
            "operation": "getOrders",
        }
        self.headers = {
            "x-amz-access-token": seller.access_token,
            "authorization": f"Bearer {server.credentials['operator_token']}",
        }
        self.document = server.ask("GET", "/openapi.json")
        self.schema = schemathesis.openapi.from_dict(self.document)
        self.session = requests.Session()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    data = tmp_path_factory.mktemp("openapi") / "data"
    with served(data, "--usage-plans", "off") as server:
        server.set_clock(now=NOW, running=False)
        made = Target(server)
        yield made
        made.session.close()


def test_document_has_every_operation_of_the_server(target: Target) -> None:
    documented = {
        member["operationId"] for path in target.document["paths"].values() for member in path.values()
    }  # fmt: skip
    assert documented == {operation.name for operation in OPERATIONS}


def takes_something(operation: Operation) -> bool:
    """Whether there is anything in a request that could be wrong."""
    return bool("{" in operation.path or operation.query or operation.request)


CASES = [
    pytest.param(operation, mode, id=f"{operation.name}-{mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or takes_something(operation)
]


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_operation_answers_as_documented(
    target: Target, operation: Operation, mode: GenerationMode
) -> None:
    """With any ids in its path, and with ids of things that are there."""
    documented = target.schema.find_operation_by_id(operation.name)
    strategy = documented.as_strategy(generation_mode=mode)
    named = {name: known for name, known in target.known.items() if f"{{{name}}}" in operation.path}
    if named and (mode is GenerationMode.POSITIVE or operation.query or operation.request):
        strategy |= documented.as_strategy(generation_mode=mode, path_parameters=named)

    @given(strategy)
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: Any) -> None:
        response = case.call(base_url=target.url, headers=target.headers, session=target.session)
        if operation.name == "putClock":
            target.server.set_clock(now=NOW, running=False)
        case.validate_response(response, checks=CHECKS)

    attempt()
