"""The mirror in the admin: its tables, and what the admins of mirrored models gain.

The dashboard and the comparison are ``mirror.views``.
"""

from mirror.admin import tables  # noqa: F401 - they register themselves
from mirror.admin.mirrored_models import extend_admins

extend_admins()
