"""The documents fail the suite when they lie: settings, commands, operations, calls, decisions, and the examples' code."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from torihiki.admin.v1 import api as admin_api
from torihiki.auth.lwa import api as lwa_api
from torihiki.auth.tokens import api as tokens_api
from torihiki.cli.main import app
from torihiki.config import Settings
from torihiki.feeds.v2021_06_30 import api as feeds_api
from torihiki.orders.v0 import api as orders_api

ROOT = Path(__file__).resolve().parents[1]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_stands_in_the_readme_and_is_an_option_of_serve() -> None:
    readme = text("README.md")
    commands = typer.main.get_group(app).commands
    options = {option for parameter in commands["serve"].params for option in parameter.opts}
    for field in Settings.__struct_fields__:
        option = f"--{field.replace('_', '-')}"
        assert f"`{option}`" in readme
        assert option in options


def test_every_default_in_the_readme_is_the_one_of_serve() -> None:
    commands = typer.main.get_group(app).commands
    defaults = {parameter.opts[0]: parameter.default for parameter in commands["serve"].params}
    settings = Settings()
    for field in Settings.__struct_fields__:
        option = f"--{field.replace('_', '-')}"
        assert defaults[option] == getattr(settings, field), option


def test_every_command_stands_in_the_operating_guide() -> None:
    guide = text("docs/operating.md")
    for name in typer.main.get_group(app).commands:
        assert f"`torihiki {name}" in guide


def test_every_operation_of_amazon_stands_in_the_compatibility_page_with_its_plan() -> None:
    page = text("docs/compatibility.md")
    for operation in (
        *orders_api.OPERATIONS,
        *feeds_api.OPERATIONS,
        *tokens_api.OPERATIONS,
        *lwa_api.OPERATIONS,
    ):
        row = next(line for line in page.splitlines() if line.startswith(f"| {operation.name} |"))
        assert f"{operation.method} {operation.path}" in row
        plan = operation.plan
        assert plan is None or f"{plan.rate}, {plan.burst}" in row


def test_every_call_of_the_operators_api_stands_in_the_operating_guide() -> None:
    guide = text("docs/operating.md")
    for operation in admin_api.OPERATIONS:
        path = operation.path.removeprefix("/-/api/v1")
        assert (
            any(
                re.search(rf"\b{operation.method}\b[^`]*{re.escape(path)}(?![\w/])", line)
                for line in guide.splitlines()
            )
            or operation.name == "getOpenapi"
        ), f"{operation.method} {path}"
    assert "/-/api/v1/openapi.json" in guide


def test_every_place_that_a_choice_names_exists() -> None:
    for name, file in re.findall(
        r"`(\w+(?:\.\w+)?)` in `([\w/]+\.py)`", text("docs/compatibility.md")
    ):
        source = text(f"src/torihiki/{file}")
        assert re.search(rf"\b{name.rpartition('.')[2]}\b", source), f"{name} in {file}"


def test_every_file_that_the_map_names_exists() -> None:
    named = re.findall(r"`((?:tests|src|docs|bench)/[\w/.*-]+)`", text("ARCHITECTURE.md"))
    assert named
    assert [name for name in named if not any(ROOT.glob(name))] == []


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_shows_the_programs_that_the_examples_hold() -> None:
    readme = text("README.md")
    names = re.findall(r"docs/examples/(\w+\.py)", readme)
    programs = [_without_layout(text(f"docs/examples/{name}")) for name in names]
    shown = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert shown
    for one in shown:
        assert any(_without_layout(one) in program for program in programs)


def _without_layout(program: str) -> str:
    return re.sub(r"\s+|,(?=\s*\))", "", program)


def test_the_python_version_of_the_readme_is_that_of_the_package() -> None:
    required = re.search(r'requires-python = ">=([\d.]+)"', text("pyproject.toml"))
    assert required is not None
    assert f"Python {required.group(1)} or newer" in text("README.md")
