"""The mirror's tests with each Python, Django and PostgreSQL that its package allows."""
