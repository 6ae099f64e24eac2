"""SP-API Orders: the orders of a seller, their items, and the shipping of them."""
