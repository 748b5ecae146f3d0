"""The addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("admin/mirror/", include("mirror.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
]
