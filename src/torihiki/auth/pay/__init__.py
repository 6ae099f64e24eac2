"""Who is calling in Amazon Pay: signed requests, the keys that verify them, and the rules of their headers."""
