"""How PostgreSQL would run one of our statements if it had planned it while the tables were empty."""

from __future__ import annotations

import asyncpg

from torihiki.storage.postgres.database import SETTINGS
from torihiki.storage.postgres.named import load


async def planned(url: str, file: str, name: str) -> list[str]:
    """The lines of the plan of the statement of that name."""
    text = load("torihiki.storage.postgres", file)[name].text
    connection = await asyncpg.connect(url, server_settings=SETTINGS)
    try:
        prepared = await connection.prepare(text)
        values = ", ".join("NULL" for _ in prepared.get_parameters())
        await connection.execute(f"PREPARE looked_up AS {text}")
        return [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE looked_up ({values})")]
    finally:
        await connection.close()
