"""Staff look at the pages that ask the stores."""

from django.contrib.auth.models import User
from django.test import Client
from studio.models import Everything  # type: ignore[import-not-found]  # the project has it

staff = Client(headers={"host": "localhost"})
staff.force_login(User.objects.create_superuser("staff"))
row = f"compare/studio.everything/{Everything.objects.latest('pk').pk}/"
for page in ("", row, "evidence/"):
    answer = staff.get(f"/admin/mirror/{page}")
    assert answer.status_code == 200, page
    assert "silent" not in answer.content.decode(), page  # no store
