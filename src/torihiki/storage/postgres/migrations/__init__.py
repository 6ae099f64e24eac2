"""The numbered scripts that make and change the schema."""
