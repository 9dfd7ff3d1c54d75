/* A state of the gallery is seen at one moment: the clock stands, and what the browser shows by itself is there. */
"use strict";

((frozen) => {
  const at = Number(frozen.at);
  Date.now = () => at;
  // The portal's script counts once, and not again.
  window.setInterval = () => 0;
  const pressed = () => {
    const button = document.querySelector("#step form button:not([type=button], [data-reveal])");
    return { sourceElement: button.form, sourceEvent: { submitter: button } };
  };
  const moments = {
    "no-connection": () => ["htmx:error", pressed()],
    busy: () => ["htmx:before:request", pressed()],
  };
  const show = () => {
    const moment = moments[frozen.moment];
    if (!moment) return;
    const [name, ctx] = moment();
    ctx.sourceElement.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { ctx } }));
  };
  // After the script of the portal has ended what Back may have brought; and again when a file was changed.
  window.addEventListener("pageshow", () => setTimeout(show));
  document.addEventListener("followed", show);
})(document.currentScript.dataset);
