/* What htmx does not do: the eye of a password, waiting times that count down, what is said aloud, errors that go with
   their cause, notes that stay in sight. Nothing here is needed to get through a step. */
"use strict";

const step = document.getElementById("step");
const notes = document.getElementById("notes");
const said = document.getElementById("said");
const byId = (id) => document.getElementById(id);

/* By the one live region, a line for each element it is said of, so that none is lost and the same can be said again. A
   second later: first a screen reader speaks of where the focus has gone, and would drop what is said meanwhile. */
const hush = (of) => { said.querySelector(`[data-of="${of}"]`)?.remove(); };
const say = (text, of) => {
  hush(of);
  if (!text) return;
  const line = document.createElement("p");
  line.dataset.of = of;
  said.append(line);
  setTimeout(() => { line.textContent = text; }, 1000);
  setTimeout(() => line.remove(), 4000);
};

const reveal = (button) => {
  const input = byId(button.getAttribute("aria-controls"));
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
};

/* Seconds until a time. The server tells how many there were: the clock of a device may be wrong. */
const secondsUntil = (element, seconds) => {
  element.until ??= Date.now() + seconds * 1000;
  return Math.ceil((element.until - Date.now()) / 1000);
};

/* --- Errors go with their cause: beside the field, in the summary, in the title. --- */

const follow = (field) => {
  const error = byId(`${field.id}-error`)?.querySelector(".error")?.textContent;
  const list = document.querySelector(".summary ul");
  let link = list?.querySelector(`[href="#${field.id}"]`);
  if (!error) link?.closest("li").remove();
  else if (list && !link?.textContent.toLowerCase().includes(error.toLowerCase())) {
    if (!link) {
      link = document.createElement("a");
      link.href = `#${field.id}`;
      list.appendChild(document.createElement("li")).append(link);
    }
    link.textContent = `${field.labels[0].textContent.replace(" *", "")}: ${error[0].toLowerCase()}${error.slice(1)}`;
  }
  if (list && !list.firstElementChild) list.parentElement.remove();
  if (!step.querySelector("[aria-invalid], .summary")) document.title = document.title.replace(`${said.dataset.wrong} `, "");
};

const mend = (field) => {
  const error = byId(`${field.id}-error`);
  if (!error) return;
  error.remove();
  hush(field.id);
  field.removeAttribute("aria-invalid");
  const others = field.getAttribute("aria-describedby").split(" ").filter((id) => id !== error.id);
  if (others.length) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
  follow(field);
};

document.addEventListener("input", ({ target }) => {
  const { empty, digits } = byId(`${target.id}-error`)?.dataset ?? {};
  const filled = target.type === "checkbox" ? target.checked : target.value.trim();
  if (digits ? target.value.replace(/\D/g, "").length === Number(digits) : empty !== undefined && filled) mend(target);
});

/* --- Notes over the lower edge of the screen: the focused field comes out from under them. --- */

const makeRoom = () => {
  const height = notes.offsetHeight;
  document.documentElement.style.scrollPaddingBlockEnd = height ? `${height + parseFloat(getComputedStyle(notes).bottom) + 8}px` : "";
  if (height && step.contains(document.activeElement)) document.activeElement.scrollIntoView({ block: "nearest" });
};

const untell = () => {
  notes.querySelector(":scope > .summary")?.remove();
  makeRoom();
};

const tell = (id) => {
  untell();
  notes.prepend(byId(id).content.cloneNode(true));
  makeRoom();
};

/* --- Time --- */

const countDown = (button) => {
  const left = secondsUntil(button, button.dataset.wait);
  const told = byId(`${button.name}-wait`);
  if (left <= 0) {
    button.removeAttribute("data-wait");
    button.removeAttribute("aria-disabled");
    told?.remove();
    mend(button);
    return;
  }
  button.setAttribute("aria-disabled", "true");
  const place = told?.querySelector("[data-seconds]");
  if (!place || left > 5940) return;
  const { seconds, minutes } = place.dataset;
  place.textContent = ` (${left < 100 ? seconds.replace("{seconds}", left) : minutes.replace("{minutes}", Math.ceil(left / 60))})`;
};

/* Nobody else at this screen is to read what the customer saw. What they typed goes along, passwords do not. */
const endSession = (note) => {
  const form = step.querySelector("#typed");
  const typed = form ? [...new FormData(form)].filter(([name]) => form.elements[name].type !== "password") : [];
  step.replaceChildren(note.nextElementSibling.content.cloneNode(true));
  byId("masthead-links").replaceChildren();
  note.remove();
  untell();
  const heading = step.querySelector("h1");
  document.title = heading.textContent;
  heading.focus();
  const link = step.querySelector("a");
  // Two slashes would begin the name of another host.
  const here = link.href = location.pathname.replace(/^\/+/, "/") + location.search;
  link.addEventListener("click", (event) => {
    if (!typed.length) return;
    event.preventDefault();
    const kept = document.createElement("form");
    kept.method = "post";
    kept.action = "/session/ended";
    for (const [name, value] of [...typed, ["next", here], ["whose", note.dataset.whose]]) {
      kept.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(kept);
    kept.submit();
  });
};

/* Two minutes before the session ends by itself the note comes up. */
const watch = (note) => {
  const left = secondsUntil(note, note.dataset.ends);
  if (left <= 0) endSession(note);
  else if (note.hidden === left < 120) {
    note.hidden = !note.hidden;
    makeRoom();
  }
};

const tick = () => {
  document.querySelectorAll("[data-wait]").forEach(countDown);
  document.querySelectorAll("[data-ends]").forEach(watch);
};

/* Work in one tab keeps the session of all tabs, but not what another customer has left in one. */
const tabs = new BroadcastChannel("session");
tabs.onmessage = ({ data: { ends, whose } }) => {
  const note = notes.querySelector("[data-ends]");
  if (note?.dataset.whose === whose) note.until = Date.now() + ends * 1000;
  tick();
};

/* --- Requests --- */

let owner;
const prepare = () => {
  document.querySelectorAll("[data-reveal]").forEach((button) => { button.hidden = false; });
  const note = notes.querySelector("[data-ends]");
  /* Signed out here: the other tabs must not show the data any longer. A page about a fault does not know of a session. */
  if (owner && !note && !byId("fault")) tabs.postMessage({ ends: 0, whose: owner });
  owner = document.querySelector('form[action="/sign-out"]') && note?.dataset.whose;
  if (note && !note.until) tabs.postMessage({ ...note.dataset });
  tick();
};

const sayAll = (place) => {
  const told = [place, ...place.querySelectorAll("*")].filter((one) => one.matches("[role=status], [data-say]"));
  say(told.map((one) => one.dataset.say ?? one.textContent.trim()).join(" "), place.id);
};

const waiting = new Map();
const waits = ({ sourceElement: source, sourceEvent }) => {
  const button = sourceEvent?.submitter;
  if (button && !button.matches(".default")) return button;
  return source.matches("form") ? source.querySelector("button") : source.matches("a, button") ? source : null;
};
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  waiting.set(ctx, waits(ctx));
  waiting.get(ctx)?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  waiting.get(ctx)?.removeAttribute("aria-busy");
  waiting.delete(ctx);
});

let focused;
document.addEventListener("focusin", ({ target }) => { if (step.contains(target)) focused = target; });

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const field = ctx.sourceElement.matches("input") && byId(ctx.sourceElement.id);
  // A check in the background takes no note away that the customer has not read.
  if (!field) {
    untell();
    said.replaceChildren();
  }
  prepare();
  if (field && ctx.target.id !== "conditions") {
    follow(field);
    say(byId(`${field.id}-error`)?.textContent.trim(), field.id);
  } else sayAll(byId(ctx.target.id) ?? step);
  if (field && byId("conditions")?.querySelectorAll("li:not(.met)").length === 0) mend(field);
  if (document.activeElement === document.body) (focused?.isConnected ? focused : step.querySelector("h1")).focus({ preventScroll: true });
});

/* A check in the background says nothing. A server that is silent (htmx gives up after 30 s) is no lost connection. */
document.addEventListener("htmx:error", ({ detail: { ctx, error } }) => {
  if (ctx && ctx.text === undefined && waits(ctx)) tell(error === "timeout" ? "no-answer" : "no-connection");
});
window.addEventListener("online", untell);

let voice;
const speak = (link) => {
  byId("voice-error")?.remove();
  if (voice?.src !== link.href) {
    voice?.pause();
    voice = new Audio(link.href);
  }
  voice.currentTime = 0;
  voice.play().catch((error) => {
    if (error.name === "AbortError") return;
    voice = null;
    const failed = Object.assign(document.createElement("p"), { id: "voice-error", className: "error", textContent: link.dataset.voice });
    byId("captcha")?.append(failed);
    say(failed.textContent, failed.id);
  });
};

/* Before anything else hears of it: a button that waits does nothing but say for how long. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[aria-disabled]");
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  say(byId(`${button.name}-wait`)?.textContent, button.id);
}, true);
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-voice]");
  if (link) {
    event.preventDefault();
    speak(link);
  }
  const button = event.target.closest("[data-reveal]");
  if (button) reveal(button);
});
/* A menu closes as menus do: by a click elsewhere, and by Escape, which leads back to its button. */
document.addEventListener("click", (event) => {
  document.querySelectorAll(".menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
/* A page that Back brought out of the browser's memory may hold a button that still says it waits. */
window.addEventListener("pageshow", () => {
  document.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  tick();
});

byId("session-end")?.remove();
prepare();
sayAll(step);
setInterval(tick, 1000);
