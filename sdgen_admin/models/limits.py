"""Limits that several rooms must keep."""

LARGEST = 2**63 - 1
"""The largest integer that SQLite can hold."""
