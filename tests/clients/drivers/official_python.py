"""Drives Amazon's own Python SDK, amzn-sp-api; only its two documented endpoints are set."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from spapi import ApiException, SPAPIClient, SPAPIConfig
from spapi.api.orders_v0.orders_v0_api import OrdersV0Api

from tests.clients.drivers.conversation import Answer, converse, refusal


def connect() -> SPAPIClient:
    endpoint = os.environ["ENDPOINT"]
    config = SPAPIConfig(
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        refresh_token=os.environ["REFRESH_TOKEN"],
        region="NA",
    )
    return SPAPIClient(config, oauth_endpoint=f"{endpoint}/auth/o2/token", endpoint=endpoint)


def snake(name: str) -> str:
    """How the SDK spells a parameter or operation."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Driver:
    def __init__(self) -> None:
        self.client = connect()

    def __call__(self, operation: str, order_id: str | None, query: dict[str, Any]) -> Answer:
        if operation == "renew":
            self.client = connect()
            return {"payload": None}
        call = getattr(OrdersV0Api(self.client.api_client), snake(operation))
        arguments = {snake(name): value for name, value in query.items()}
        if order_id is not None:
            arguments["order_id"] = order_id
        try:
            response = call(**arguments)
        except ApiException as raised:
            error = json.loads(raised.body)["errors"][0]
            return refusal(raised.status, error["code"], error["message"], error.get("details"))
        # The SDK's own way back to JSON, out of the objects that it has made and checked.
        return {"payload": self.client.api_client.sanitize_for_serialization(response.payload)}


converse(Driver())
