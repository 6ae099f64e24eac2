from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

Line = dict[str, Any]
Schema = dict[str, Any]

BESIDE = Path(__file__).resolve().parents[4] / "shared" / "spec"


@pytest.fixture(scope="module")
def definitions() -> Schema:
    model = Path(os.environ.get("TORIHIKI_SPEC_DIR") or BESIDE) / "ordersV0.json"
    if not model.is_file():
        pytest.skip(
            "Amazon's model is not here: set TORIHIKI_SPEC_DIR to a folder with ordersV0.json"
        )
    found: Schema = json.loads(model.read_text(encoding="utf-8"))["definitions"]
    # Swagger lets unknown fields pass; an invented field must not.
    for definition in found.values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    return found


@pytest.mark.parametrize(
    ("name", "part"),
    [("Order", "order"), ("OrderItemList", "orderItems"), ("OrderRegulatedInfo", "regulatedInfo")],
)
def test_every_part_is_valid_in_amazons_model(
    name: str, part: str, definitions: Schema, lines: list[Line]
) -> None:
    schema = {"$ref": f"#/definitions/{name}", "definitions": definitions}
    Draft4Validator.check_schema(schema)
    validator = Draft4Validator(schema)
    checked = 0
    for line in lines[:1500]:
        if part in line:
            validator.validate(line[part])
            checked += 1
    assert checked > 10
