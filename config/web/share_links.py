"""Share links: rows that anybody can read who has a link that cannot be guessed."""

import secrets

from django.db import models

TOKEN_BYTES = 24  # 192 bits: not to be guessed


class Shareable(models.Model):
    """A row that its owner can share by a link, and stop sharing. The caller saves."""

    share_token = models.CharField(
        max_length=64, null=True, blank=True, unique=True, editable=False
    )

    class Meta:
        abstract = True

    def share(self, replacing: str = "") -> bool:
        """Make a link, and return whether it is new.

        A link that is there stays, since people have it, unless its token is ``replacing``.
        """
        if self.share_token is not None and self.share_token != replacing:
            return False
        self.share_token = secrets.token_urlsafe(TOKEN_BYTES)
        return True

    def stop_sharing(self) -> None:
        """Revoke the link."""
        self.share_token = None
