"""Measures how fast the server is, as ratios taken in one run on one machine; see docs/benchmarks.md."""
