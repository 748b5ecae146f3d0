// Conveniences. Every page works without this script.
"use strict";

// Results while typing: fetch the form's page and replace the elements that data-live names.
for (const form of document.querySelectorAll("form[data-live]")) {
  const PAUSE = 250;
  const field = form.querySelector("[type=search]");
  const parts = form.dataset.live.split(" ").map((id) => document.getElementById(id));
  let timer;
  let pending;

  const partsOf = (page) => parts.map((part) => [...page.getElementById(part.id).childNodes]);

  const load = async (search, signal) => { // null if there is nothing to show
    const address = new URL(form.action);
    address.search = search;
    address.hash = "";
    try {
      const answer = await fetch(address, { signal });
      if (!answer.ok || answer.redirected) return null;
      return { address, content: partsOf(new DOMParser().parseFromString(await answer.text(), "text/html")) };
    } catch (error) {
      if (error.name !== "AbortError") console.warn("No results while typing:", error.name);
      return null;
    }
  };

  const show = (page) => { // only the content of the parts, so that screen readers announce a status
    if (!page) return;
    parts.forEach((part, index) => part.replaceChildren(...page.content[index]));
    history.replaceState(null, "", page.address);
  };

  // What an emptied field shows at once. If the page came with results, it is loaded ahead.
  const start = field.value ? load("") : Promise.resolve({ address: location.href, content: partsOf(document) });

  form.addEventListener("input", async () => {
    clearTimeout(timer);
    pending?.abort();
    const { signal } = pending = new AbortController();
    if (field.value.trim()) await new Promise((done) => { timer = setTimeout(done, PAUSE); });
    const search = field.value.trim() ? new URLSearchParams(new FormData(form)).toString() : "";
    const page = (search ? null : await start) ?? await load(search, signal);
    if (!signal.aborted) show(page);
  });
}

// The matches of a search in a transcript: the buttons, or n and p, go to the next and the previous.
const steps = document.getElementById("mark-steps");
if (steps) {
  let current;
  const step = (by) => {
    const marks = [...document.querySelectorAll("#turns mark")];
    if (!marks.length) return;
    current ??= document.querySelector("#turns :target mark");
    const from = marks.includes(current) ? marks.indexOf(current) : by > 0 ? -1 : 0;
    const to = (from + by + marks.length) % marks.length;
    current?.removeAttribute("aria-current");
    current = marks[to];
    current.setAttribute("aria-current", "true");
    current.scrollIntoView({ block: "center" });
    steps.querySelector("output").textContent = `${to + 1} of ${marks.length}`;
  };

  // A hit in a long turn is further down than the beginning of the turn, which the address names.
  window.addEventListener("load", () => {
    const first = document.querySelector("#turns :target mark");
    const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate"; // not Back
    if (isNew && first?.getBoundingClientRect().bottom > innerHeight) first.scrollIntoView({ block: "center" });
  });

  steps.hidden = false;
  for (const button of steps.querySelectorAll("button")) {
    button.addEventListener("click", () => step(Number(button.value)));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "n") step(1);
    if (event.key === "p") step(-1);
  });
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // there is no clipboard without HTTPS, or the browser forbids it
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

// A button that copies a text, or the value of a field.
for (const button of document.querySelectorAll("[data-copy], [data-copy-text]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copyText(button.dataset.copyText ?? document.getElementById(button.dataset.copy).value);
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
  let touched = form.dataset.guard === "unsaved" || form.querySelector(".errorlist") !== null;
  form.addEventListener("input", () => { touched = true; });
  form.addEventListener("submit", () => { touched = false; });
  window.addEventListener("beforeunload", (event) => {
    if (touched) event.preventDefault();
  });
}

// Escape, a click elsewhere or on a link of it closes a menu.
for (const menu of document.querySelectorAll("details.menu")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
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
