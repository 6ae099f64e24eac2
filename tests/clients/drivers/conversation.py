"""What the Python drivers share: calls come in on stdin and answers go out on stdout, one JSON line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]


def refusal(
    status: int | None, code: str | None, message: str | None, details: str | None
) -> Answer:
    return {"refusal": {"status": status, "code": code, "message": message, "details": details}}


def converse(answer: Callable[[str, str | None, dict[str, Any]], Answer]) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        answered = answer(asked["operation"], asked["orderId"], asked["query"])
        sys.stdout.write(json.dumps(answered) + "\n")
        sys.stdout.flush()
