"""Amazon Pay's Node SDK, as a merchant's program has it, led to a TLS port of this machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.clients.driven import Driven, node_command

PACKAGE = "@amazonpay/amazon-pay-api-sdk-nodejs"


class PayAccount(NamedTuple):
    """What a merchant configures the SDK with; no algorithm: the SDK's default, with the short salt."""

    public_key_id: str
    private_key_pem: str
    region: str = "jp"
    algorithm: str | None = "AMZN-PAY-RSASSA-PSS-V2"
    sandbox: bool = False


class PayAnswer(NamedTuple):
    """What the SDK made of an answer: the body is what was JSON, else text."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Downloaded(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: bytes


class Unreachable(Exception):
    """The client got no answer; the text is Node's code for why."""


class PayClient(Driven):
    """One merchant's client.

    Args:
        account: What it is configured with.
        tls_port: The port on this machine.
        ca: The file that it trusts beside Node's own CAs; None: it trusts no more than those.
        override: Whether the address is given by the SDK's setting for it. The SDK then believes any certificate and
            signs that address. Else it asks for the host of its region, and the server must prove to be that.
    """

    def __init__(
        self, account: PayAccount, tls_port: int, ca: Path | None, *, override: bool = False
    ) -> None:
        config: dict[str, Any] = {
            "publicKeyId": account.public_key_id,
            "privateKey": account.private_key_pem,
            "region": account.region,
            "sandbox": account.sandbox,
        }
        if account.algorithm is not None:
            config["algorithm"] = account.algorithm
        if override:
            config["overrideServiceUrl"] = f"127.0.0.1:{tls_port}"
        settings = {"CONFIG": json.dumps(config), "TLS_PORT": str(tls_port)}
        if ca is not None:
            settings["NODE_EXTRA_CA_CERTS"] = str(ca)
        command = node_command(PACKAGE, "amazon_pay.mjs", preloaded="pay_hosts.cjs")
        super().__init__(PACKAGE, command, settings)

    def call(self, operation: str, *arguments: Any) -> PayAnswer:
        """A method of the SDK with its arguments; answers of any status are returned.

        Raises:
            Unreachable: There was no answer.
        """
        answer = self._told(operation, arguments)
        return PayAnswer(answer["status"], answer["headers"], answer.get("body"))

    def download(self, url: str) -> Downloaded:
        """What is at a document's URL.

        Raises:
            Unreachable: There was no answer.
        """
        answer = self._told("download", (url,))
        return Downloaded(answer["status"], answer["headers"], base64.b64decode(answer["content"]))

    def _told(self, operation: str, arguments: tuple[Any, ...]) -> Any:
        answer = self.ask({"operation": operation, "arguments": arguments})
        if "failure" in answer:
            raise Unreachable(answer["failure"])
        return answer
