"""The operator's own side: sellers, applications, import, clock, faults and the demo's orders."""

from __future__ import annotations
