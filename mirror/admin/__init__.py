"""The mirror in the admin: its own tables, and what it adds to the admins of mirrored models.

The pages for staff, such as the dashboard, are in ``mirror.staff``.
"""

from mirror.admin import history, tables  # noqa: F401 - the import registers them
from mirror.admin.mirrored_models import extend_admins

extend_admins()
