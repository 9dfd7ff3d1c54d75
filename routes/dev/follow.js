/* While developing the page follows the files: a template, a text, a style or a picture that was saved is seen at once.
   The step is morphed by htmx, so that what was typed, the focus and the scroll position stay. */
"use strict";

(() => {
  let { version } = document.currentScript.dataset;
  let morph;
  window.htmx?.registerExtension("follow", {
    init: (api) => { ({ morph } = api); },
    // What was opened stays open.
    htmx_before_morph_attr: (element, { attrName }) => !(attrName === "open" && element.matches("details")),
  });
  const scriptsOf = (page) => [...page.querySelectorAll("head script[src]")].map(({ src }) => src)
    .filter((src) => !src.endsWith("/live/follow.js")).join();
  const warn = () => document.querySelectorAll(".markup-slips li").forEach((slip) => console.warn(slip.textContent));

  /* A new style takes the place of the old one when it is there: no moment is without any. */
  const swapStyles = async (next) => {
    const now = [...document.querySelectorAll("head link[rel=stylesheet]")];
    const wanted = [...next.querySelectorAll("head link[rel=stylesheet]")];
    const fresh = wanted.filter(({ href }) => !now.some((link) => link.href === href));
    await Promise.all(fresh.map((link) => new Promise((resolve) => {
      link.onload = link.onerror = resolve;
      (now.at(-1) ?? document.head.lastElementChild).after(link);
    })));
    now.filter(({ href }) => !wanted.some((link) => link.href === href)).forEach((link) => link.remove());
  };

  /* A field as it is filled in; a value that the server has given and nobody has changed may be another one. */
  const fieldsKept = () => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")].map((field) => {
    const { value, checked, defaultValue } = field;
    return () => {
      const here = field.isConnected ? field : document.getElementById(field.id);
      if (!here) return;
      if (field.matches("[type=checkbox], [type=radio]")) here.checked = checked;
      else if (field.matches("select")) {
        if ([...here.options].some((option) => option.value === value)) here.value = value;
      } else if (value !== defaultValue || !here.value) here.value = value;
    };
  });
  const focusKept = () => {
    const focused = document.activeElement;
    const { selectionStart, selectionEnd } = focused;
    return () => {
      if (document.activeElement === focused || focused === document.body) return;
      const here = focused.isConnected ? focused : document.getElementById(focused.id);
      here?.focus({ preventScroll: true });
      if (selectionStart != null) here?.setSelectionRange?.(selectionStart, selectionEnd);
    };
  };

  const change = (next) => {
    const { scrollX, scrollY } = window;
    const again = [...fieldsKept(), focusKept()];
    // The script of the portal has taken it away.
    if (!document.getElementById("session-end")) next.getElementById("session-end")?.remove();
    for (const { name, value } of next.body.attributes) document.body.setAttribute(name, value);
    morph(document.body, next.body, true);
    document.documentElement.lang = next.documentElement.lang;
    document.title = next.title;
    const icon = next.querySelector("link[rel=icon]");
    if (icon) document.querySelector("link[rel=icon]")?.replaceWith(icon);
    // Counted anew from what the server says.
    document.querySelectorAll("[data-wait], [data-ends]").forEach((one) => { delete one.until; });
    if (typeof prepare === "function") prepare();
    again.forEach((put) => put());
    scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
  };

  /* A slip lies over the page until it is mended: the step beneath stays as it was. */
  const showSlip = (slip) => {
    document.getElementById("slip-over")?.remove();
    const over = Object.assign(document.createElement("dialog"), { id: "slip-over" });
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/dev/slip.css" });
    over.append(style, slip);
    document.body.append(over);
    over.showModal();
  };

  const followPage = async () => {
    const { href, pathname } = location;
    const answer = await fetch(href, { cache: "no-store" });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (location.href !== href) return followPage();
    const slip = next.getElementById("slip");
    // Not reload(): a form that was sent would be sent again.
    if (!morph || (!slip && answer.status < 500 && scriptsOf(next) !== scriptsOf(document))) return location.replace(href);
    if (slip) return showSlip(slip);
    // A phone is not told what is wrong; it goes on showing what it has.
    if (answer.status >= 500) return;
    await swapStyles(next);
    const over = document.getElementById("slip-over");
    over?.close();
    over?.remove();
    // Where the step is gone, such as one that was done in another tab, only its styles follow.
    if (new URL(answer.url).pathname === pathname) change(next);
    warn();
  };

  const followFrame = (frame) => {
    const inner = frame.contentWindow;
    if (!inner || inner.location.href === "about:blank") return;
    const tried = frame.name && document.querySelector(`form[target="${frame.name}"] textarea`);
    const { bottom, top } = frame.getBoundingClientRect();
    if (tried && tried.value !== tried.defaultValue) return tried.form.requestSubmit();
    // What is not in sight is drawn when it comes there.
    if (frame.loading === "lazy" && (bottom < 0 || top > innerHeight)) frame.src = frame.src;
    else if (inner.follow) return inner.follow();
    else inner.location.replace(inner.location.href);
  };

  const follow = async () => {
    await followPage();
    await Promise.all([...document.querySelectorAll("iframe")].map(followFrame));
    document.dispatchEvent(new Event("followed"));
  };

  warn();
  document.addEventListener("htmx:after:swap", warn);
  // A page of the gallery tells its frames.
  if (window.parent !== window) {
    window.follow = follow;
    return;
  }
  let running = Promise.resolve();
  const hear = ({ data }) => {
    window.following = true;
    if (data === version) return;
    version = data;
    running = running.then(follow).catch((error) => console.debug(error));
  };
  // One question for all tabs, and none of the page's own: a browser has few connections to a server. Not before the page
  // is at rest: what measures a page, or waits until it asks for nothing more, sees it as customers do.
  const listen = () => {
    const worker = window.SharedWorker ? new SharedWorker("/live/changes.js").port : new Worker("/live/changes.js");
    worker.onmessage = hear;
  };
  window.addEventListener("load", () => setTimeout(listen, 1000));
})();
