"""The worker is proven on the same backends as the stores."""

from __future__ import annotations

from tests.storage.conftest import backend, peer, store, stores, unopened

__all__ = ["backend", "peer", "store", "stores", "unopened"]
