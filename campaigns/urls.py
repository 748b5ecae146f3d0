"""URLs for creating, editing and deleting campaigns."""

from django.urls import path

from campaigns import views

urlpatterns = [
    path("campaigns/new/", views.new, name="campaign-new"),
    path("campaigns/<uuid:pk>/edit/", views.edit, name="campaign-edit"),
    path("campaigns/<uuid:pk>/delete/", views.delete, name="campaign-delete"),
]
