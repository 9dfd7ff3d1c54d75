/* Asks the portal, for all open pages, whether a file of the designers has changed. */
"use strict";

const pages = [];
let version;

self.onconnect = ({ ports: [page] }) => {
  pages.push(page);
  if (version !== undefined) page.postMessage(version);
};
// Where there are no shared workers (Chrome on Android), this one is the page's own.
if (typeof SharedWorkerGlobalScope === "undefined") pages.push(self);

(async () => {
  for (;;) {
    try {
      const answer = await fetch(`/live/changes?than=${version ?? ""}`, { cache: "no-store" });
      const told = await answer.text();
      if (!answer.ok) throw new Error(told);
      if (told !== version) pages.forEach((page) => page.postMessage(told));
      version = told;
    } catch {
      // The portal is starting again.
      await new Promise((resolve) => { setTimeout(resolve, 300); });
    }
  }
})();
