"""The URLs under ``/accounts/``."""

from django.urls import path
from django.views.decorators.http import require_http_methods

from config.accounts.views import account, passwords, visits

# Django's form views would accept PUT as well.
form = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("", account.show, name="account"),
    path("login/", form(visits.Login.as_view()), name="login"),
    path("logout/", visits.Logout.as_view(), name="logout"),
    path("signup/", visits.sign_up, name="signup"),
    path("email/", account.change_email, name="email-change"),
    path("email/<str:token>/", account.confirm_email, name="email-confirm"),
    path("delete/", account.delete, name="account-delete"),
    path("password/", form(passwords.ChangePassword.as_view()), name="password-change"),
    path("password/reset/", form(passwords.ResetPassword.as_view()), name="password-reset"),
    path(
        "password/reset/<uidb64>/<token>/",
        form(passwords.ChooseNewPassword.as_view()),
        name="password_reset_confirm",
    ),
]
