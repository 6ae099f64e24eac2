"""Feeds: documents that sellers upload, and the work that is done by them."""
