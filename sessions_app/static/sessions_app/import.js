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
const OPENING = { abort() {} }; // stands for the request while its file is read
let current = null; // the request that is under way
let stopped = false;

// What was downloaded as an archive is unpacked here, and each of its exports sent by itself: so no
// archive is too large, and each session has its own result. The numbers are those of the ZIP format.
const EXPORT = /^\uFEFF?\s*\{\s*"format"\s*:\s*"tabletop-(session|campaign)"/;

const unpack = (packed, method) => (method ? packed.stream().pipeThrough(new DecompressionStream("deflate-raw")) : packed.stream());

const kindOf = async (packed, method) => {
  const reader = unpack(packed.slice(0, 4096), method).getReader();
  const { value } = await reader.read();
  reader.cancel().catch(() => {}); // it was cut off
  return EXPORT.exec(new TextDecoder().decode(value).slice(0, 200))?.[1];
};

const exportsIn = async (archive) => {
  const view = async (start, end) => new DataView(await archive.slice(start, end).arrayBuffer());
  const tail = await view(-66_000);
  let end = tail.byteLength - 22;
  while (tail.getUint32(end, true) !== 0x06054b50) end -= 1; // throws at the beginning
  const [size, offset] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const list = await view(offset, offset + size);
  const found = [];
  for (let at = 0; at < size;) {
    const [method, packedSize, unpackedSize, place] = [list.getUint16(at + 10, true), list.getUint32(at + 20, true), list.getUint32(at + 24, true), list.getUint32(at + 42, true)];
    const [nameLength, extra] = [list.getUint16(at + 28, true), list.getUint16(at + 30, true) + list.getUint16(at + 32, true)];
    const name = new TextDecoder().decode(new Uint8Array(list.buffer, at + 46, nameLength)).split("/").pop();
    at += 46 + nameLength + extra;
    if (!/\.json$/i.test(name)) continue;
    const head = await view(place, place + 30);
    const start = place + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const packed = archive.slice(start, start + packedSize);
    const kind = await kindOf(packed, method);
    if (kind) found.push({ name, kind, size: unpackedSize, open: async () => new File([await new Response(unpack(packed, method)).blob()], name) });
  }
  return found.sort((one, other) => one.kind.localeCompare(other.kind)); // campaigns first
};

const sources = async (file) => {
  const whole = [{ name: file.name, size: file.size, open: async () => file }];
  if (!/\.zip$/i.test(file.name)) return whole;
  try {
    const found = await exportsIn(file);
    return found.length ? found : whole;
  } catch {
    return whole; // the server says what is wrong with it
  }
};

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

const addRow = (source) => {
  const row = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
  row.querySelector(".name").textContent = source.name;
  const job = { source, row, state: "waiting" };
  const retry = row.querySelector("button");
  retry.setAttribute("aria-label", `Retry ${source.name}`);
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

const send = async (job) => {
  job.state = "sending";
  let file;
  try {
    file = await job.source.open();
  } catch {
    fail(job, "This file cannot be read.");
  }
  if (file && !stopped) return upload(job, file);
  if (file) fail(job, "Stopped.");
  current = null;
  sendNext();
};

const upload = (job, file) => {
  const bar = job.row.querySelector("progress");
  const state = job.row.querySelector(".state");
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  data.append("batch", form.elements.batch.value);
  data.append("campaign", form.elements.campaign.value);
  data.append("file", file);
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
  request.addEventListener("error", () => fail(job, "The connection was lost."));
  request.addEventListener("abort", () => fail(job, "Stopped."));
  request.open("POST", form.action);
  bar.hidden = false;
  current = request;
  request.send(data);
};

const sendNext = () => {
  if (current) return;
  for (const job of jobs.filter((job) => job.state === "waiting")) {
    if (stopped) fail(job, "Stopped.");
    else if (job.source.size > limit) fail(job, `This file is larger than ${limit / 1024 ** 2} MB.`);
    else { current = OPENING; send(job); break; }
  }
  tell();
};

form.addEventListener("submit", async (event) => {
  const files = chosen();
  if (!files.length) return; // the server says what is missing
  event.preventDefault();
  stopped = false;
  if (!current) { jobs = []; list.replaceChildren(); }
  dropped.length = 0;
  for (const name of ["file", "folder"]) form.elements[name].value = "";
  hint.textContent = INVITATION;
  results.hidden = false;
  results.focus();
  for (const file of files) (await sources(file)).forEach(addRow);
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
