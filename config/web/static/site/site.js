// Small comforts. Every page works without them.
"use strict";

// Results while typing: ask the form's own page and take over the part of it that changes.
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
      for (const id of form.dataset.live.split(" ")) { // they stay, so that a status is announced
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

// One click to copy a share link, where the browser allows it.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "Copied";
  });
}

// A second click sends nothing again, until the page is shown again or the sending was given up.
for (const form of document.querySelectorAll('form[method="post"]')) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    setTimeout(() => { sent = false; }, 5000);
  });
  window.addEventListener("pageshow", () => { sent = false; });
}

// Ask before a page with unsaved words is left.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let touched = form.querySelector(".errorlist") !== null;
  form.addEventListener("input", () => { touched = true; });
  form.addEventListener("submit", () => { touched = false; });
  window.addEventListener("beforeunload", (event) => {
    if (touched) event.preventDefault();
  });
}

// The account menu closes by Escape and by a click elsewhere.
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

// A page that Back brings out of the browser's memory is shown to nobody who has logged out since.
window.addEventListener("pageshow", async (event) => {
  if (!event.persisted || !document.querySelector("details.menu")) return;
  const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" });
  if (answer.type === "opaqueredirect") location.reload();
});
