"""What is done beside the requests, in a process of its own: chores when they are due."""

from __future__ import annotations
