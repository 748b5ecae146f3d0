"""The tokens of share links."""

import secrets

TOKEN_BYTES = 24  # 192 bits: not to be guessed


def new_share_token() -> str:
    """Return a new token: URL-safe, and impossible to guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)
