"""PostgreSQL 15 and later, through a pool of connections."""
