"""`make run`: an embedded PostgreSQL and all processes of the site, for development only.

Only ``config.settings`` imports it, to find the database and the settings of a running `make run`.
"""
