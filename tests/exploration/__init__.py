"""Systematic exploration of the real engine. See ``README.md``."""
