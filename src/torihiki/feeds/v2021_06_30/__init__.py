"""Version 2021-06-30 of the Feeds API."""
