// What may be quicker with a script: the palette, keys, the theme, copying. Every page works without it.
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

  // The theme. The server has it in a cookie, so that no page flashes; here it changes at once.
  const theme = $("form.theme");
  theme?.addEventListener("submit", (event) => {
    event.preventDefault();
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    $("button", theme).value = now;
    document.cookie = `karat_theme=${next}; path=/; max-age=31536000; samesite=lax`;
  });

  // The palette: everything, ranked by the server.
  const palette = $("#palette");
  if (palette) {
    const [input, list, says] = [$("input", palette), $("ul", palette), $("p", palette)];
    let [chosen, asked, timer] = [0, 0, 0];
    const choose = (at) => {
      const items = all("li", list);
      chosen = Math.max(0, Math.min(at, items.length - 1));
      items.forEach((item, index) => item.setAttribute("aria-selected", index === chosen));
      items[chosen]?.scrollIntoView({ block: "nearest" });
      if (items[chosen]) input.setAttribute("aria-activedescendant", items[chosen].id);
      else input.removeAttribute("aria-activedescendant");
    };
    const show = (results) => {
      list.replaceChildren(...results.map((result, index) => {
        const item = make("li", { id: `found-${index}` },
          make("span", { textContent: result.title }), make("small", { textContent: result.kind }));
        item.dataset.href = result.href;
        item.setAttribute("role", "option");
        return item;
      }));
      list.hidden = results.length === 0;
      input.setAttribute("aria-expanded", results.length > 0);
      says.textContent = results.length ? "" : input.value ? "Nothing is called that." : "Type a name, a standard or a word of a page.";
      choose(0);
    };
    const ask = async () => {
      const number = ++asked;
      if (!input.value.trim()) return show([]);
      try {
        const answer = await fetch(`/search.json?q=${encodeURIComponent(input.value)}`);
        const found = answer.ok ? await answer.json() : { results: [] };
        if (number === asked) show(found.results);
      } catch {
        if (number === asked) says.textContent = "The portal does not answer. Is it still running?";
      }
    };
    const open = () => { if (!palette.open) { palette.showModal(); input.select(); show([]); ask(); } };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 80); });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); choose(chosen + step); }
      if (event.key === "Enter") {
        event.preventDefault();
        const item = all("li", list)[chosen];
        location.href = item ? item.dataset.href : `/search?q=${encodeURIComponent(input.value)}`;
      }
    });
    list.addEventListener("click", (event) => { location.href = event.target.closest("li").dataset.href; });
    palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
      else if (event.key === "/" && plain(event)) { event.preventDefault(); open(); }
    });
  }

  // Keys.
  const plain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target) && !$("dialog[open]");
  const places = { h: "/", c: "/catalog", d: "/docs", s: "/standards", f: "/fleet", k: "/scorecards", n: "/create" };
  let went = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (!plain(event)) return;
    if (event.timeStamp - went < 1500 && places[event.key]) { location.href = places[event.key]; return; }
    went = event.key === "g" ? event.timeStamp : -Infinity;
    if (event.key === "?") { event.preventDefault(); $("#keys")?.showModal(); }
    const step = { j: 1, k: -1 }[event.key];
    if (step) {
      const rows = all("tbody tr, .rows > li").map((row) => $("a", row)).filter(Boolean);
      const at = rows.indexOf(rows.find((link) => link === document.activeElement || link.closest("tr, li").contains(document.activeElement)));
      const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
      if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
    }
  });

  // A choice of a filter counts at once; without a script there is the button.
  all("form.filters").forEach((form) => form.addEventListener("change", (event) => {
    if (event.target.matches("select")) form.requestSubmit();
  }));
  // What was not chosen needs no place in the URL.
  all("form.filters").forEach((form) => form.addEventListener("submit", () => {
    all("input, select", form).forEach((field) => { field.disabled = field.value === ""; });
  }));

  // Copying code.
  if (navigator.clipboard) all(".doc pre, figure.copy pre").forEach((block) => {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.innerText.replace(/\n$/, ""));
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    const box = make("div", { className: "copies" });
    block.before(box);
    box.append(block, button);
  });

  // What is under way: the server shows it again whenever something happens, and the whole page when it is over.
  const live = $("[data-live]");
  if (live) {
    let [asking, more] = [false, false];
    const renew = async () => {
      more = asking;
      if (asking) return;
      asking = true;
      const answer = await fetch(location.href).catch(() => null);
      const next = answer?.ok && $("#live", new DOMParser().parseFromString(await answer.text(), "text/html"));
      asking = false;
      if (next) live.replaceChildren(...next.childNodes);
      if (more) renew();
    };
    const stream = new EventSource(live.dataset.live);
    ["log", "cancelled"].forEach((what) => stream.addEventListener(what, renew));
    stream.addEventListener("completion", () => { stream.close(); location.reload(); });
  }

  // Only one hallmark is open, and Escape closes it.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.stamp[open]").forEach((stamp) => { stamp.open = false; $("summary", stamp).focus(); });
  });
})();
