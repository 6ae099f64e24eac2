"""The embedded default: one SQLite file in WAL mode, read on the event loop, written by one thread."""
