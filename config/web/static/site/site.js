// Conveniences. Every page works without this script.
"use strict";

// Results while typing: fetch the form's page and replace the elements that data-live names.
for (const form of document.querySelectorAll("form[data-live]")) {
  const PAUSE = 250;
  let timer;
  let pending;

  const refresh = async () => {
    pending?.abort();
    pending = new AbortController();
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form)).toString();
    address.hash = "";
    try {
      const answer = await fetch(address, { signal: pending.signal });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of form.dataset.live.split(" ")) { // only their content, so that screen readers announce a status
        document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
      }
      history.replaceState(null, "", address);
    } catch (error) {
      if (error.name !== "AbortError") console.warn("No results while typing:", error.name);
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE);
  });
}

// A button that copies a share link, if the browser allows it.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "Copied";
  });
}

// A second click does not send a form twice. After five seconds it does, as the first request may
// have been aborted, and also if the page is shown again.
for (const form of document.querySelectorAll('form[method="post"]')) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    setTimeout(() => { sent = false; }, 5000);
  });
  window.addEventListener("pageshow", () => { sent = false; });
}

// Say at once that a chosen file is too large, not after it was sent.
for (const input of document.querySelectorAll("input[data-max-bytes]")) {
  const limit = Number(input.dataset.maxBytes);
  input.addEventListener("change", () => {
    const tooLarge = [...input.files].some((file) => file.size > limit);
    input.setCustomValidity(tooLarge ? `Choose a file of up to ${Math.floor(limit / 1024 ** 2)} MB.` : "");
    input.reportValidity();
  });
}

// Ask before the user leaves a page with unsaved text.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let touched = form.querySelector(".errorlist") !== null;
  form.addEventListener("input", () => { touched = true; });
  form.addEventListener("submit", () => { touched = false; });
  window.addEventListener("beforeunload", (event) => {
    if (touched) event.preventDefault();
  });
}

// Escape or a click elsewhere closes the account menu.
for (const menu of document.querySelectorAll("details.menu")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// Back may restore a page from the browser's memory. Reload it if the user has logged out since.
window.addEventListener("pageshow", async (event) => {
  if (!event.persisted || !document.querySelector("details.menu")) return;
  const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" });
  if (answer.type === "opaqueredirect") location.reload();
});
