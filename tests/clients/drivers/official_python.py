"""Drives Amazon's own Python SDK, amzn-sp-api; only its two documented endpoints are set."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from spapi import ApiClient, ApiException, Configuration, SPAPIClient, SPAPIConfig
from spapi.api.orders_v0.orders_v0_api import OrdersV0Api
from spapi.api.orders_v0.shipment_api import ShipmentApi
from spapi.api.tokens_v2021_03_01.tokens_api import TokensApi

from tests.clients.drivers.conversation import (
    Answer,
    Body,
    Restricted,
    converse,
    refusal,
    resources,
)


def connect() -> SPAPIClient:
    endpoint = os.environ["ENDPOINT"]
    config = SPAPIConfig(
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        refresh_token=os.environ["REFRESH_TOKEN"],
        region="NA",
    )
    return SPAPIClient(config, oauth_endpoint=f"{endpoint}/auth/o2/token", endpoint=endpoint)


class Given:
    """Stands where the SDK keeps its access token (it has no other place for a restricted data token)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_lwa_access_token(self) -> str:
        return self._token


def with_token(token: str) -> ApiClient:
    configuration = Configuration()
    configuration.host = os.environ["ENDPOINT"]
    configuration.access_token_cache = Given(token)
    return ApiClient(configuration=configuration)


def snake(name: str) -> str:
    """How the SDK spells a parameter or operation."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Driver:
    def __init__(self) -> None:
        self.client = connect()

    def _api(self, restricted: Restricted | None) -> ApiClient:
        if restricted is None:
            return self.client.api_client
        minted = TokensApi(self.client.api_client).create_restricted_data_token(
            body={"restrictedResources": resources(restricted)}
        )
        return with_token(minted.restricted_data_token)

    def __call__(
        self,
        operation: str,
        order_id: str | None,
        query: dict[str, Any],
        restricted: Restricted | None,
        body: Body | None,
    ) -> Answer:
        if operation == "renew":
            self.client = connect()
            return {"payload": None}
        arguments = {snake(name): value for name, value in query.items()}
        if order_id is not None:
            arguments["order_id"] = order_id
        if body is not None:
            arguments["payload"] = body
        # The SDK has this one operation in a class of its own.
        kind = ShipmentApi if operation == "updateShipmentStatus" else OrdersV0Api
        try:
            response = getattr(kind(self._api(restricted)), snake(operation))(**arguments)
        except ApiException as raised:
            error = json.loads(raised.body)["errors"][0]
            return refusal(raised.status, error["code"], error["message"], error.get("details"))
        if response is None:
            return {"payload": None}
        # The SDK's own way back to JSON, out of the objects that it has made and checked.
        return {"payload": self.client.api_client.sanitize_for_serialization(response.payload)}


converse(Driver())
