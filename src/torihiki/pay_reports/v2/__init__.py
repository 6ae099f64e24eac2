"""The wire format of Amazon Pay Reports v2."""
