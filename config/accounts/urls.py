"""The URLs under ``/accounts/``."""

from django.urls import path
from django.views.decorators.http import require_http_methods

from config.accounts import views

# Django's form views would accept PUT as well.
form = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("login/", form(views.Login.as_view()), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("signup/", views.sign_up, name="signup"),
    path("password/", form(views.ChangePassword.as_view()), name="password-change"),
    path("password/reset/", form(views.ResetPassword.as_view()), name="password-reset"),
    path(
        "password/reset/<uidb64>/<token>/",
        form(views.ChooseNewPassword.as_view()),
        name="password_reset_confirm",
    ),
]
