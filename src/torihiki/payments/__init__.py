"""What there is to report: the objects of Amazon Pay as they are imported, the ledger of their states, and settlement."""
