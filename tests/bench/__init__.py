"""``make bench``: how fast the mirror is, beside its peers, in one table."""
