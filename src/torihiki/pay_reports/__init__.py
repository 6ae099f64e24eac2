"""Amazon Pay Reports: what is asked for, when it is due, and how its lines look."""
