/* What htmx does not do: the eye of a password, waiting times that count down, buttons that say they wait.
   Nothing here is needed to get through a step. */
"use strict";

const reveal = (button) => {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
};

/* The time is printed by the server; here the seconds left are added, and all of it goes when it is over. */
const countDown = (waiting) => {
  const left = Math.ceil((Date.parse(waiting.dataset.until) - Date.now()) / 1000);
  if (left <= 0) {
    waiting.remove();
  } else if (left < 100) {
    const place = waiting.querySelector("[data-left]");
    place.textContent = ` (${place.dataset.left.replace("{seconds}", left)})`;
  }
};

/* Two minutes before the session ends by itself the button that prolongs it comes up. */
const warn = (note) => {
  const form = note.parentElement.querySelector("form");
  if (form.hidden && Date.parse(note.dataset.ends) - Date.now() < 120000) form.hidden = false;
};

const tick = () => {
  document.querySelectorAll("[data-until]").forEach(countDown);
  document.querySelectorAll("[data-ends]").forEach(warn);
};

const prepare = (root) => {
  root.querySelectorAll("[data-reveal]").forEach((button) => { button.hidden = false; });
  tick();
};

const buttonOf = (event) => {
  const { sourceElement, sourceEvent } = event.detail.ctx;
  return sourceEvent?.submitter ?? (sourceElement.matches("form") ? sourceElement.querySelector("button") : null);
};

document.addEventListener("click", (event) => {
  const voice = event.target.closest("[data-voice]");
  if (voice) {
    event.preventDefault();
    new Audio(voice.href).play();
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
document.addEventListener("htmx:before:request", (event) => buttonOf(event)?.setAttribute("aria-busy", "true"));
document.addEventListener("htmx:finally:request", (event) => buttonOf(event)?.removeAttribute("aria-busy"));
document.addEventListener("htmx:after:swap", () => prepare(document));
document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (!ctx || ctx.response) return;
  const step = document.querySelector("#step > *");
  step?.querySelector("[data-no-connection]")?.remove();
  const said = document.getElementById("no-connection").content.firstElementChild.cloneNode(true);
  said.dataset.noConnection = "";
  step?.prepend(said);
});
/* A page that Back brought out of the browser's memory may hold a button that still says it waits. */
window.addEventListener("pageshow", () => {
  document.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
});

prepare(document);
setInterval(tick, 1000);
