// What a pointer is told by the titles in a picture, keys and fingers are told too. A group of pictures is one stop of
// the Tab key: left and right go from part to part, up and down from picture to picture. To a screen reader a picture
// is an image with a name, so its titles are read by none; the note, which is said when it changes, is read once.
"use strict";
(() => {
  const AWAY = 8;
  const note = document.createElement("output");
  const keys = document.createElement("p");
  let told = null;

  function tell(shape) {
    told?.classList.remove("told");
    told = shape;
    note.textContent = shape ? shape.querySelector(":scope > title").textContent : "";
    if (!shape) return;
    shape.classList.add("told");
    shape.scrollIntoView({ block: "nearest", inline: "nearest" });
    place(shape.getBoundingClientRect());
  }

  function place({ left, right, top, bottom }) {
    const most = innerWidth - note.offsetWidth - AWAY;
    const below = bottom + AWAY;
    const fits = below + note.offsetHeight < innerHeight;
    note.style.left = `${Math.max(AWAY, Math.min((left + right - note.offsetWidth) / 2, most))}px`;
    note.style.top = `${fits ? below : Math.max(AWAY, top - note.offsetHeight - AWAY)}px`;
  }

  class Group {
    constructor(pictures) {
      this.pictures = pictures;
      this.parts = [];
      this.places = pictures.map(() => 0);
      pictures.forEach((picture, n) => this.listen(picture, n));
      this.enter(0);
    }

    listen(picture, n) {
      picture.setAttribute("aria-describedby", keys.id);
      picture.addEventListener("focus", () => this.focused(n));
      picture.addEventListener("blur", () => tell(null));
      picture.addEventListener("keydown", (event) => this.pressed(n, event));
      picture.addEventListener("click", (event) => this.go(n, this.partsOf(n).indexOf(event.target)));
    }

    // In the order in which they are drawn; streams, which are drawn over each other, from left to right.
    partsOf(n) {
      return (this.parts[n] ??= Group.parts(this.pictures[n]));
    }

    static parts(picture) {
      const boxed = [...picture.querySelectorAll(":scope > :has(> title)")].map((part) => [part, part.getBBox()]);
      if (picture.closest(".sankey")) boxed.sort(([, a], [, b]) => Math.round(a.x - b.x) || a.y - b.y);
      return boxed.map(([part]) => part);
    }

    // Makes a picture the one that the Tab key leads to.
    enter(n) {
      this.pictures.forEach((picture, other) => (picture.tabIndex = other === n ? 0 : -1));
    }

    focused(n) {
      this.enter(n);
      if (this.pictures[n].matches(":focus-visible")) this.go(n, this.places[n]);
    }

    go(n, place) {
      if (place < 0) return tell(null);
      const parts = this.partsOf(n);
      this.places[n] = Math.min(place, parts.length - 1);
      tell(parts[this.places[n]]);
    }

    pressed(n, event) {
      const place = this.places[n];
      const actions = {
        ArrowRight: () => this.go(n, place + 1),
        ArrowLeft: () => this.go(n, Math.max(place - 1, 0)),
        Home: () => this.go(n, 0),
        End: () => this.go(n, Infinity),
        ArrowDown: () => this.pictures[n + 1]?.focus(),
        ArrowUp: () => this.pictures[n - 1]?.focus(),
        Escape: () => tell(null),
      };
      if (!Object.hasOwn(actions, event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      actions[event.key]();
    }
  }

  note.className = "told-note";
  keys.id = "picture-keys";
  keys.hidden = true;
  keys.textContent = "Left and right arrows go from part to part, up and down from picture to picture.";
  document.body.append(keys, note);
  const groups = new Map();
  for (const picture of document.querySelectorAll("svg.drawing:has(> * > title)")) {
    const group = picture.closest("#vpcs") ?? picture.closest(".pictures, .scroll");
    groups.set(group, [...(groups.get(group) ?? []), picture]);
  }
  for (const [group, pictures] of groups) {
    if (group.matches(".scroll")) group.removeAttribute("tabindex"); // the picture in it is a stop, and scrolls it
    new Group(pictures);
  }
})();
