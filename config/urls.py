"""The URLs of the site."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

admin_login = RedirectView.as_view(
    pattern_name="login", query_string=True, http_method_names=["get", "head"]
)

urlpatterns = [
    path("", include("campaigns.urls")),
    path("", include("sessions_app.urls")),
    path("accounts/", include("config.accounts.urls")),
    path("admin/login/", login_not_required(admin_login)),  # a single log-in page, with throttling
    path("admin/mirror/", include("mirror.urls")),
    path("admin/", admin.site.urls),
]
