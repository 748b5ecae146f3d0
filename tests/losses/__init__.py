"""What three ways of mirroring lose, each loss made to happen. See ``docs/why.md``."""
