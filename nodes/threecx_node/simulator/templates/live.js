// Follows the simulator: asks for this page again, and changes only the regions that are other now, so that
// what a person scrolled, opened or typed stays as it is. The server answers 304 while nothing happens.
(() => {
  "use strict";
  const PAUSE = 1000;
  const SHOW_GONE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 900;
  const button = document.getElementById("live");
  const said = document.getElementById("said");
  let tag = document.body.dataset.tag;
  let following = true;

  const regions = (page) => new Map(
    [...page.querySelectorAll("[data-live]")].map((region) => [region.dataset.live, region]));
  const rows = (region) => new Map(
    [...region.querySelectorAll("tr[data-row]")].map((row) => [row.dataset.row, row]));
  const wait = (time) => new Promise((done) => setTimeout(done, time));

  function say(text, state) {
    if (said.textContent !== text) said.textContent = text;
    button.dataset.state = state;
  }

  // What a reader did to the old region is done to the new one.
  function replace(old, fresh) {
    const scrolled = [...old.querySelectorAll(".scroll, pre")].map((box) => [box.scrollLeft, box.scrollTop]);
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const before = rows(old);
    old.replaceChildren(...fresh.childNodes);
    [...old.querySelectorAll(".scroll, pre")].forEach((box, index) => {
      [box.scrollLeft, box.scrollTop] = scrolled[index] ?? [0, 0];
    });
    for (const [key, row] of rows(old)) if (!before.has(key)) row.classList.add("new");
    if (focused) old.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  async function show(fresh) {
    const now = regions(document);
    const next = regions(fresh);
    if ([...now.keys()].join() !== [...next.keys()].join()) {
      document.querySelector("main").replaceChildren(...fresh.querySelector("main").childNodes);
      return;
    }
    const changed = [...now].filter(([name, region]) => {
      for (const opened of region.querySelectorAll("details[id]")) {
        next.get(name).querySelector(`#${CSS.escape(opened.id)}`)?.toggleAttribute("open", opened.open);
      }
      const plain = region.cloneNode(true);
      for (const row of plain.querySelectorAll("tr.new")) {
        row.classList.remove("new");
        if (!row.className) row.removeAttribute("class");
      }
      return plain.innerHTML !== next.get(name).innerHTML;
    });
    let gone = false;
    for (const [name, region] of changed) {
      const kept = rows(next.get(name));
      // Requests move on by themselves; that an entity is gone is what somebody is here to see.
      for (const [key, row] of rows(region)) {
        if (kept.has(key) || key.startsWith("request-")) continue;
        row.classList.add("gone");
        gone = true;
      }
    }
    if (gone && SHOW_GONE) await wait(SHOW_GONE);
    for (const [name, region] of changed) replace(region, next.get(name));
  }

  async function refresh() {
    const headers = { Accept: "text/html", "If-None-Match": tag };
    let answer;
    try {
      answer = await fetch(location.href, { headers, cache: "no-store" });
    } catch {
      say("The simulator does not answer.", "lost");
      return;
    }
    say("", "live");
    if (answer.status === 304) return;
    const text = await answer.text();
    // Without its head: a style with the new page's nonce would offend against the policy of this one.
    const fresh = new DOMParser().parseFromString(text.slice(text.indexOf("<body")), "text/html");
    // A refusal is no page of ours.
    if (!fresh.body.dataset.tag) return;
    tag = fresh.body.dataset.tag;
    await show(fresh);
  }

  async function follow() {
    for (;;) {
      await wait(PAUSE);
      if (following && !document.hidden) await refresh();
    }
  }

  button.hidden = false;
  button.dataset.state = "live";
  button.addEventListener("click", () => {
    following = !following;
    button.setAttribute("aria-pressed", String(following));
    button.querySelector("span").textContent = following ? "Live" : "Paused";
  });
  follow();
})();
