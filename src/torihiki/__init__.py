"""Serves Selling Partner Orders v0 and Amazon Pay Reports, wire-compatible, from your own machine."""
