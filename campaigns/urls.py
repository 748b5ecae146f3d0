"""Addresses of the dashboard and of campaigns."""

from django.urls import path

from campaigns import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("campaigns/new/", views.new, name="campaign-new"),
    path("campaigns/<uuid:pk>/", views.show, name="campaign"),
    path("campaigns/<uuid:pk>/edit/", views.edit, name="campaign-edit"),
    path("campaigns/<uuid:pk>/delete/", views.delete, name="campaign-delete"),
]
