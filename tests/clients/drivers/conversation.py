"""What the Python drivers share: calls come in on stdin and answers go out on stdout, one JSON line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]
Body = dict[str, Any]
Restricted = dict[str, Any]
"""`path`, and `dataElements`, which may be empty."""


def refusal(
    status: int | None, code: str | None, message: str | None, details: str | None
) -> Answer:
    return {"refusal": {"status": status, "code": code, "message": message, "details": details}}


def resources(restricted: Restricted) -> list[dict[str, Any]]:
    """What the token operation is asked for."""
    resource = {"method": "GET", "path": restricted["path"]}
    if restricted["dataElements"]:
        resource["dataElements"] = restricted["dataElements"]
    return [resource]


def converse(
    answer: Callable[[str, str | None, dict[str, Any], Restricted | None, Body | None], Answer],
) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        answered = answer(
            asked["operation"], asked["orderId"], asked["query"], asked["restricted"], asked["body"]
        )
        sys.stdout.write(json.dumps(answered) + "\n")
        sys.stdout.flush()
