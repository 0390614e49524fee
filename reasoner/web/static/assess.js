// Everything here works without this script too: it spares page loads, and takes files that are dropped.

const main = () => document.querySelector("main");

async function fetched(form, button) {
  const body = new FormData(form, button);
  document.body.classList.add("busy");
  try {
    const encoded = [...body.values()].some((value) => value instanceof File) ? body : new URLSearchParams(body);
    const answer = await fetch(button.formAction, { method: "POST", body: encoded });
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } finally {
    document.body.classList.remove("busy");
  }
}

function said(text) {
  let live = document.getElementById("live");
  if (!live) {
    live = Object.assign(document.createElement("p"), { id: "live", className: "skip" });
    live.setAttribute("role", "status");
    document.body.append(live);
  }
  live.textContent = text;
}

async function answered(form, button) {
  const from = button.closest("section")?.id;
  const page = await fetched(form, button);
  const open = new Map([...document.querySelectorAll("details[id]")].map((own) => [own.id, own.open]));
  main().replaceWith(page.querySelector("main"));
  for (const own of document.querySelectorAll("details[id]")) own.open = open.get(own.id) ?? own.open;
  const heading = (from && document.querySelector(`#${CSS.escape(from)} h3`)) || document.querySelector("main h1");
  heading.tabIndex = -1;
  heading.focus();
  said("The answer has been brought up to date.");
}

async function explained(form, button) {
  const page = await fetched(form, button);
  const why = page.getElementById("why") ?? page.querySelector("main");
  const dialog = document.createElement("dialog");
  const close = Object.assign(document.createElement("button"), { textContent: "Close", type: "button" });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { dialog.remove(); button.focus(); });
  const heading = why.querySelector("h2");
  if (heading) { heading.id = "why-heading"; dialog.setAttribute("aria-labelledby", "why-heading"); }
  // The text gets the focus, so that it is read from its beginning.
  why.tabIndex = -1;
  why.autofocus = true;
  dialog.append(close, why);
  main().append(dialog);
  dialog.showModal();
  dialog.scrollTop = 0;
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const path = button && new URL(button.formAction).pathname;
  const turn = event.target.id === "case" && { "/assess": answered, "/explain": explained }[path];
  if (!turn) return;
  event.preventDefault();
  // Where the page cannot be brought up to date in place, the browser loads it.
  turn(event.target, button).catch(() => HTMLFormElement.prototype.submit.call(event.target));
});

document.addEventListener("invalid", (event) => event.target.closest("details")?.setAttribute("open", ""), true);

const upload = document.getElementById("upload");
if (upload) {
  const over = (event) => { event.preventDefault(); upload.classList.add("over"); };
  upload.addEventListener("dragover", over);
  upload.addEventListener("dragleave", () => upload.classList.remove("over"));
  upload.addEventListener("drop", (event) => {
    event.preventDefault();
    upload.classList.remove("over");
    if (event.dataTransfer.files.length) {
      document.getElementById("file").files = event.dataTransfer.files;
      upload.requestSubmit();
    }
  });
}

(document.getElementById("summary") ?? document.querySelector("[data-focus] h2"))?.focus();
