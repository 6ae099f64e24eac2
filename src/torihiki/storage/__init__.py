"""What the families need from a database, once for each database."""
