"""The commands: each parses, calls the package that does the work, and prints."""
