"""Which steps bring a database to the newest schema, and which databases are refused."""

from __future__ import annotations

from torihiki.storage import statements


class UnsuitableDatabase(Exception):
    """The database cannot be used as it is; the text tells an operator why and what to do."""


def pending(package: str, version: int, up_to: int | None) -> list[tuple[int, str]]:
    """The scripts of `package` that a database of that version still needs, up to version `up_to`.

    Raises:
        UnsuitableDatabase: A newer release has been there: what it wrote is not understood here.
    """
    scripts = statements.migrations(package)
    newest = scripts[-1][0]
    if version > newest:
        raise UnsuitableDatabase(
            f"The database has schema version {version}, this release knows {newest}: "
            "use the release that wrote it, or a newer one."
        )
    last = newest if up_to is None else up_to
    return [(number, script) for number, script in scripts if version < number <= last]
