"""The operator's own API, version 1."""
