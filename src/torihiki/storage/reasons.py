"""Why something failed, in words for the operator and never for a caller."""

from __future__ import annotations

from torihiki.kernel.problem import Problem


def reason(error: BaseException) -> str:
    """What the error says; of a `Problem`, the first line of what is behind it, if anything is.

    That is what the database or the bucket said. Further lines of theirs may quote values.
    """
    if isinstance(error, Problem) and error.__cause__ is not None:
        return str(error.__cause__).partition("\n")[0] or type(error.__cause__).__name__
    return str(error) or type(error).__name__
