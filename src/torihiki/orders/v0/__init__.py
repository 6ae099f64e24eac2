"""Version 0 of the Orders API as it looks on the wire."""
