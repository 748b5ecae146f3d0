"""The parts of the bench. Each measures some rows of the table."""
