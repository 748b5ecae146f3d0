"""Addresses below ``/accounts/``."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from config.accounts import views

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("signup/", views.sign_up, name="signup"),
    path("password/", views.ChangePassword.as_view(), name="password-change"),
    path("password/reset/", views.ResetPassword.as_view(), name="password-reset"),
    path(
        "password/reset/<uidb64>/<token>/",
        views.ChooseNewPassword.as_view(),
        name="password_reset_confirm",
    ),
]
