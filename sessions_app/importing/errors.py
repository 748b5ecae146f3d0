"""Why an import is refused."""


class ImportRefused(Exception):
    """The import is not possible, and nothing was stored. The message is meant for the user."""
