"""Each operation of the tables, joined to the function that answers it."""
