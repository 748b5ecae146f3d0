// The import page: sends one file at a time, and shows how far each one is. Without this script the
// form sends all files at once, and the page that answers has the same list.
"use strict";

const form = document.querySelector("form[data-import]");
const [results, status, list, dates, stop] = ["import-results", "import-status", "uploads", "import-dates", "import-stop"]
  .map((id) => document.getElementById(id));
const EXTENSIONS = /\.(txt|md|json|vtt|srt|zip)$/i;
const limit = Number(form.dataset.limit);
const dropped = []; // files that wait for the button, like those that were chosen
let jobs = []; // {file, row, state}: waiting, sending, done, failed
let current = null; // the request that is under way
let stopped = false;

const chosen = () => [
  ...form.elements.file.files,
  // A folder has files of other programs, too.
  ...[...form.elements.folder.files].filter((file) => EXTENSIONS.test(file.name)),
  ...dropped,
];

const count = (state) => jobs.filter((job) => job.state === state).length;

const tell = () => {
  const failed = count("failed");
  const finished = count("done") + failed;
  status.textContent = `${finished} of ${jobs.length} files sent${failed ? `, ${failed} failed` : ""}.`;
  stop.hidden = !current;
  if (count("done")) dates.hidden = false;
};

const fail = (job, reason) => {
  job.state = "failed";
  job.row.className = "failed";
  job.row.querySelector("progress").hidden = true;
  job.row.querySelector(".state").textContent = reason;
  job.row.querySelector("button").hidden = false;
};

const addRow = (file) => {
  const row = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
  row.querySelector(".name").textContent = file.name;
  const job = { file, row, state: "waiting" };
  const retry = row.querySelector("button");
  retry.setAttribute("aria-label", `Retry ${file.name}`);
  retry.addEventListener("click", () => {
    job.state = "waiting";
    retry.hidden = true;
    row.className = "";
    row.querySelector(".state").textContent = "Waiting";
    stopped = false;
    sendNext();
  });
  list.append(row);
  jobs.push(job);
};

// The answer is the page that a browser without this script would show.
const finish = (job, request) => {
  if (request.status === 413) return fail(job, "This file is too large.");
  if (new URL(request.responseURL).pathname !== new URL(form.action).pathname) return fail(job, "You were logged out. Log in in another tab, then retry.");
  const page = request.status === 200 && new DOMParser().parseFromString(request.responseText, "text/html");
  const row = page && page.querySelector("#uploads > li");
  if (!row) return fail(job, (page && page.querySelector(".errorlist")?.textContent) || "The server could not take this file. Retry, or reload the page.");
  if (row.classList.contains("failed")) return fail(job, row.querySelector(".state").textContent);
  job.state = "done";
  job.row.replaceChildren(...document.importNode(row, true).childNodes);
};

const send = (job) => {
  const bar = job.row.querySelector("progress");
  const state = job.row.querySelector(".state");
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  data.append("batch", form.elements.batch.value);
  data.append("campaign", form.elements.campaign.value);
  data.append("file", job.file);
  const request = new XMLHttpRequest(); // fetch does not tell how much is sent
  request.upload.addEventListener("progress", (event) => {
    bar.value = event.lengthComputable ? event.loaded / event.total : 0;
    state.textContent = bar.value < 1 ? `${Math.round(100 * bar.value)} %` : "Reading";
  });
  request.addEventListener("loadend", () => {
    if (job.state === "sending") finish(job, request);
    current = null;
    sendNext();
  });
  request.addEventListener("error", () => fail(job, "The connection broke."));
  request.addEventListener("abort", () => fail(job, "Stopped."));
  request.open("POST", form.action);
  job.state = "sending";
  bar.hidden = false;
  current = request;
  request.send(data);
};

const sendNext = () => {
  if (current) return;
  for (const job of jobs.filter((job) => job.state === "waiting")) {
    if (stopped) fail(job, "Stopped.");
    else if (job.file.size > limit) fail(job, `This file is larger than ${limit / 1024 ** 2} MB.`);
    else { send(job); break; }
  }
  tell();
};

form.addEventListener("submit", (event) => {
  const files = chosen();
  if (!files.length) return; // the server says what is missing
  event.preventDefault();
  stopped = false;
  if (!current) { jobs = []; list.replaceChildren(); }
  files.forEach(addRow);
  dropped.length = 0;
  for (const name of ["file", "folder"]) form.elements[name].value = "";
  hint.textContent = INVITATION;
  results.hidden = false;
  results.focus();
  sendNext();
});

stop.addEventListener("click", () => {
  stopped = true;
  current?.abort();
});

window.addEventListener("beforeunload", (event) => {
  if (current) event.preventDefault();
});

// Files and folders that are dropped on the form.
const hint = form.querySelector("[data-drop-hint]");
const INVITATION = hint.textContent;
hint.hidden = false;

const filesIn = async (entry) => {
  if (entry.isFile) return [await new Promise((resolve, reject) => { entry.file(resolve, reject); })];
  const reader = entry.createReader();
  const found = [];
  for (;;) { // a reader gives a hundred entries at a time
    const entries = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!entries.length) return found;
    for (const inner of entries) found.push(...(await filesIn(inner)).filter((file) => EXTENSIONS.test(file.name)));
  }
};

form.addEventListener("dragover", (event) => {
  event.preventDefault();
  form.classList.add("over");
});
for (const leave of ["dragleave", "drop"]) form.addEventListener(leave, () => { form.classList.remove("over"); });
form.addEventListener("drop", async (event) => {
  event.preventDefault();
  const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
  const found = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  try {
    for (const each of found) dropped.push(...(each instanceof File ? [each] : await filesIn(each)));
  } catch {
    hint.textContent = "These files cannot be read. Choose them instead.";
    return;
  }
  hint.textContent = `${dropped.length} dropped file${dropped.length === 1 ? "" : "s"} will be imported.`;
});
