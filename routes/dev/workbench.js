/* The gallery without its buttons: switches and typed values are seen at once, and axe says what is wrong. All of it is
   there without JavaScript, but for axe. */
"use strict";

(() => {
  const bench = document.querySelector(".workbench");
  const switches = bench.querySelector(".switches");
  document.documentElement.classList.add("scripted");

  /* The address holds only what is not as usual. */
  const show = () => {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(switches)) {
      const select = switches.querySelector(`select[name="${name}"]`);
      const usual = select ? select.options[0].value : "";
      if (value !== usual) chosen.append(name, value);
    }
    location.assign(`${switches.action}?${chosen}`);
  };
  switches.addEventListener("change", (event) => { if (!event.target.matches("[type=search]")) show(); });

  const search = switches.querySelector("[type=search]");
  const find = () => {
    const wanted = search.value.trim().toLowerCase();
    let count = 0;
    for (const group of bench.querySelectorAll(".states")) {
      let any = false;
      for (const state of group.querySelectorAll("li")) {
        state.hidden = !`${group.dataset.name} ${state.dataset.name}`.toLowerCase().includes(wanted);
        any ||= !state.hidden;
        count += !state.hidden;
      }
      group.hidden = !any;
    }
    document.getElementById("shown").textContent = count;
  };
  search?.addEventListener("input", find);
  if (search) document.addEventListener("followed", find);
  search?.addEventListener("change", () => {
    const address = new URL(location.href);
    if (search.value.trim()) address.searchParams.set("text-of", search.value.trim());
    else address.searchParams.delete("text-of");
    history.replaceState(null, "", address);
  });

  const values = bench.querySelector(".values");
  let waiting;
  values?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      try {
        JSON.parse(values.elements.values.value);
        values.requestSubmit();
      } catch {
        // Not yet: it is shown when it can be read.
      }
    }, 300);
  });

  const told = document.getElementById("axe");
  const frame = bench.querySelector("iframe[name=state]");
  const judge = async () => {
    const { contentDocument: seen, contentWindow } = frame;
    if (!seen?.body || seen.location.href === "about:blank") return;
    if (!contentWindow.axe) {
      const script = seen.createElement("script");
      script.src = "/dev/gallery/axe.js";
      await new Promise((resolve, reject) => { script.onload = resolve; script.onerror = reject; seen.head.append(script); });
    }
    const { violations } = await contentWindow.axe.run({ resultTypes: ["violations"] });
    told.replaceChildren(...violations.flatMap((found) => found.nodes.map((node) => {
      const line = document.createElement("p");
      line.className = "bad";
      line.textContent = `${found.id}: ${node.target.join(" ")} ${node.failureSummary.replaceAll("\n", " ")}`;
      return line;
    })));
    if (!violations.length) told.textContent = "Замечаний нет";
  };
  if (told && !frame.src.includes("script=off")) {
    const say = () => judge().catch(() => { told.textContent = "axe не загрузился"; });
    frame.addEventListener("load", say);
    document.addEventListener("followed", say);
    if (frame.contentDocument?.readyState === "complete") say();
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    bench.querySelector(`a[rel=${to}]`)?.click();
  });
})();
