"""The page "Your account", and those to change the e-mail address and to delete the account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from config.accounts import email_links
from config.accounts.deletion import LastAdministrator, delete_account, what_goes
from config.accounts.forms import ConfirmForm, EmailForm
from config.web.access import SignedInRequest
from config.web.forms import posted


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show what there is to the account, with links to change it."""
    return render(request, "accounts/account.html")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: SignedInRequest) -> HttpResponse:
    """Send a link to another address, or remove the one that there is."""
    form = EmailForm(
        posted(request), request=request, user=request.user, initial={"email": request.user.email}
    )
    if form.is_valid():
        email = form.cleaned_data["email"]
        if email:
            email_links.send_link(request, request.user, email)
            messages.info(
                request,
                f"An email is on its way to {email}. Open its link to confirm the address.",
            )
        else:
            email_links.set_email(request.user, "")
            messages.success(request, "Email address removed.")
        return redirect("account")
    return render(request, "accounts/email.html", {"form": form})


@login_not_required  # the mail may be read where nobody is logged in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@transaction.atomic
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Set the address whose link this is. Only a button does it: some programs open all links."""
    confirmed = email_links.read_token(token)
    if confirmed and request.method == "POST":
        email_links.set_email(*confirmed)
        messages.success(request, "Email address confirmed.")
        return redirect("account")
    user, email = confirmed or (None, "")
    return render(request, "accounts/email_confirm.html", {"account": user, "email": email})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest) -> HttpResponse:
    """Say what goes with the account, and delete it once the password confirms it."""
    form = ConfirmForm(posted(request), user=request.user)
    if form.is_valid():
        try:
            delete_account(request.user)
        except LastAdministrator:
            form.add_error(
                None,
                "Yours is the only account that administers this site. "
                "Make another one a superuser first.",
            )
        else:
            logout(request)
            messages.success(request, "Your account is deleted, with everything in it.")
            response = redirect("login")
            response["Clear-Site-Data"] = '"cache"'
            return response
    context = {"form": form, "what_goes": what_goes(request.user)}
    return render(request, "accounts/delete.html", context)
