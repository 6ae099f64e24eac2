"""The composition root: settings in, wired server out. Only here meet the backends, the configuration and the clock."""

from __future__ import annotations

from torihiki.config import Settings

__all__ = ["Settings"]
