"""Systematic exploration of the real engine: every interleaving up to a bound. See ``README.md``."""
