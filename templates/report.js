// Search, filters, orders, copying and links of the report. Text of the account is only ever compared or set as text;
// markup comes out of the templates, which escaped it, and passes through one Trusted Types policy.
"use strict";
(() => {
  const AT_A_TIME = 50;
  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("auditor", { createHTML: (markup) => markup })
    : { createHTML: (markup) => markup };

  async function unpacked(chunk) {
    const bytes = Uint8Array.from(atob(chunk.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  function elementOf(markup) {
    const holder = document.createElement("template");
    holder.innerHTML = policy.createHTML(markup);
    return holder.content.firstElementChild;
  }

  class Catalog {
    constructor(root) {
      const index = JSON.parse(root.querySelector(".index").textContent);
      this.root = root;
      this.list = root.querySelector(".entries");
      this.form = root.querySelector(".controls");
      this.more = root.querySelector(".more");
      this.chunks = [...root.querySelectorAll(".chunk")];
      this.texts = new Map();
      this.inChunk = index.inChunk;
      this.inPage = index.inPage;
      this.nodes = [...this.list.children];
      this.rows = index.rows.map(([anchor, places, amounts, text], n) => {
        const values = places.map((place, column) => index.values[column][place]);
        return { anchor, values, amounts, n, text: `${text} ${anchor} ${values.join(" ")}`.toLowerCase() };
      });
      this.shown = AT_A_TIME;
      this.turn = 0;
      root.querySelector(".packed")?.remove();
      if (this.form) this.listen();
      this.ready = this.show();
    }

    listen() {
      this.form.hidden = false;
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.form.addEventListener("input", () => this.restart());
      this.more.addEventListener("click", () => this.showMore());
      for (const button of this.root.querySelectorAll(".clear")) button.addEventListener("click", () => this.clear());
    }

    clear() {
      this.form.reset();
      this.form.querySelector("input").focus();
      return this.restart();
    }

    restart() {
      this.linked = null;
      this.shown = AT_A_TIME;
      return (this.ready = this.show());
    }

    async showMore() {
      const first = this.shown;
      this.shown += AT_A_TIME;
      await (this.ready = this.show());
      this.list.children[first]?.querySelector("summary").focus();
    }

    matching() {
      if (!this.form) return [...this.rows];
      const words = this.form.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = [...this.form.querySelectorAll("[data-value]")]
        .filter((select) => select.value !== "")
        .map((select) => [Number(select.dataset.value), select.value]);
      return this.ordered(
        this.rows.filter(
          (row) =>
            chosen.every(([n, value]) => row.values[n] === value) && words.every((word) => row.text.includes(word)),
        ),
      );
    }

    ordered(rows) {
      const [by, text] = this.form.querySelector(".order").value.split(":");
      const n = Number(text);
      const compare =
        by === "value"
          ? (a, b) => (a.values[n] < b.values[n] ? -1 : a.values[n] > b.values[n] ? 1 : a.n - b.n)
          : (a, b) => b.amounts[n] - a.amounts[n] || a.n - b.n;
      return rows.sort(compare);
    }

    async node(row) {
      if (this.nodes[row.n]) return this.nodes[row.n];
      const place = row.n - this.inPage;
      const chunk = Math.floor(place / this.inChunk);
      if (!this.texts.has(chunk)) this.texts.set(chunk, unpacked(this.chunks[chunk]));
      const markup = (await this.texts.get(chunk))[place % this.inChunk];
      return (this.nodes[row.n] ??= elementOf(markup));
    }

    async show() {
      const turn = ++this.turn;
      const rows = this.matching();
      // What a link leads to comes first where it is far down: nothing before it need be unpacked.
      if (this.linked && rows.indexOf(this.linked) >= this.shown) {
        rows.splice(0, 0, ...rows.splice(rows.indexOf(this.linked), 1));
      }
      const nodes = await Promise.all(rows.slice(0, this.shown).map((row) => this.node(row)));
      if (turn !== this.turn) return; // a later choice is being shown
      this.list.replaceChildren(...nodes);
      this.more.hidden = rows.length <= this.shown;
      this.more.textContent = `Show ${Math.min(AT_A_TIME, rows.length - this.shown)} more of ${rows.length}`;
      this.root.querySelector(".none").hidden = rows.length > 0;
      if (this.form) this.form.querySelector(".count").textContent = `${rows.length} of ${this.rows.length}`;
    }

    // Opens an entry, with whatever hides it taken away; false where this list does not hold it.
    async open(anchor) {
      const row = this.rows.find((one) => one.anchor === anchor);
      if (!row) return false;
      if (!this.matching().includes(row)) this.form.reset();
      this.linked = row;
      await (this.ready = this.show());
      const entry = await this.node(row);
      entry.querySelector("details").open = true;
      entry.scrollIntoView();
      entry.querySelector("summary").focus({ preventScroll: true });
      return true;
    }
  }

  async function follow(catalogs) {
    const anchor = decodeURIComponent(location.hash.slice(1));
    if (anchor) for (const catalog of catalogs) if (await catalog.open(anchor)) return;
  }

  async function copy(button, text) {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const pre = button.parentElement.querySelector("pre");
      if (pre) getSelection().selectAllChildren(pre);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => (button.textContent = button.dataset.label), 2000);
  }

  function copyButton(label, text) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = button.dataset.label = label;
    button.addEventListener("click", () => copy(button, text()));
    return button;
  }

  function equip(details) {
    const pre = details.querySelector(":scope > pre");
    if (pre && !details.querySelector(":scope > .copy")) pre.before(copyButton("Copy", () => pre.textContent));
    const link = details.querySelector(":scope > .body > .permalink > a");
    if (link && !link.nextElementSibling) link.after(copyButton("Copy link", () => link.href));
  }

  function themed(button) {
    const root = document.documentElement;
    const isDark = () =>
      root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const label = () => (button.textContent = isDark() ? "Light colours" : "Dark colours");
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      label();
    });
    label();
  }

  document.addEventListener("toggle", (event) => event.target.open && equip(event.target), true);
  themed(document.querySelector(".theme"));
  const catalogs = [...document.querySelectorAll(".catalog")].map((root) => new Catalog(root));
  addEventListener("hashchange", () => follow(catalogs));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.hash === location.hash) follow(catalogs); // the address does not change, so nothing else tells
  });
  // Once loaded, the browser goes to the address's own target and takes the focus away: so only after that.
  addEventListener("load", () => setTimeout(() => follow(catalogs)));
})();
