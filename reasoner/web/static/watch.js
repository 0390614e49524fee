// Under `guideline serve --watch`: waits for changes of the knowledge, says what they did, and brings the page up to date.

const served = Number(new URL(import.meta.url).searchParams.get("run"));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const visible = () => new Promise((done) => {
  if (!document.hidden) return done();
  document.addEventListener("visibilitychange", () => done(), { once: true });
});

function list(title, lines) {
  if (!lines.length) return [];
  const made = document.createElement("ul");
  made.append(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  return [Object.assign(document.createElement("p"), { textContent: title }), made];
}

// In the header: the main part of a page may be replaced. A style sheet of a page may know nothing of it.
function told(news, note) {
  let banner = document.getElementById("watch");
  if (!banner) {
    banner = Object.assign(document.createElement("div"), { id: "watch" });
    banner.setAttribute("role", "status");
    Object.assign(banner.style, { border: "2px solid", borderRadius: ".3rem", padding: ".3rem .8rem", margin: ".5rem 0", maxHeight: "60vh", overflow: "auto" });
    document.querySelector("header").append(banner);
  }
  const state = news.sound ? "sound" : news.decided ? "not sound" : "cannot be decided on, so the last good state goes on answering";
  const first = document.createElement("strong");
  first.textContent = `${news.at}: ${news.changed.join(", ") || "first look"}: ${state}. ${note}`;
  const hide = Object.assign(document.createElement("button"), { type: "button", textContent: "Hide" });
  hide.addEventListener("click", () => { sessionStorage.setItem("watch", news.run); banner.remove(); });
  const flips = news.decided && news.changed.length && !news.flips.length ? ["No verdict of any case flipped."] : news.flips;
  banner.replaceChildren(first, " ", hide, ...list("Flipped:", flips), ...list("Found:", news.problems));
}

// What was filled in goes along; a query in the editor stays as it is.
function renewed() {
  if (document.getElementById("query-page")) return false;
  const form = document.getElementById("case") ?? document.getElementById("patient");
  if (!form) {
    location.reload();
  } else {
    if (form.id === "patient") form.action = "/";
    form.submit();
  }
  return true;
}

let seen = null;
for (;;) {
  await visible();
  let news;
  try {
    const answer = await fetch(`/watch${seen === null ? "" : `?seen=${seen}`}`);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    news = await answer.json();
  } catch {
    await pause(1000);
    continue;
  }
  if (news.loading) {
    told(news, "Loading it …");
    await pause(300);
    continue;
  }
  if (news.served !== served && renewed()) break;
  const known = sessionStorage.getItem("watch") === String(news.run);
  if (news.run !== seen && !known && (news.changed.length || !news.sound)) {
    told(news, news.served === served ? "" : "The next query is answered from it.");
  }
  seen = news.run;
}
