// Live regions: the page's stream sends blocks by id, rendered as the page renders them. Nothing
// moves under the reader: a block that is in use waits until it is asked for. One to decide in says
// meanwhile that it is out of date, and is shown anew by itself once nobody uses it any more.
import { patch } from "./patch.js";

const held = new Map();

export function live() {
  const at = document.body.dataset.stream;
  if (!at) return;
  const say = document.getElementById("live");
  let ok = null;
  const tell = (now) => {
    if (ok === now || !say) return;
    ok = now;
    say.textContent = now ? "live" : "not live, connecting…";
    say.classList.toggle("off", !now);
  };
  const stream = new EventSource(at);
  stream.addEventListener("open", () => tell(true));
  stream.addEventListener("error", () => tell(false));
  stream.addEventListener("fragment", (event) => arrive(event.data));
  for (const left of ["pointerover", "focusin", "close"]) document.addEventListener(left, settle, true);
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function arrive(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const next = holder.content.firstElementChild;
  const current = next && document.getElementById(next.id);
  if (!current) return;
  if ("figures" in current.dataset && !selected(current) && patch(current, next)) {
    held.delete(next.id);
  } else if (inUse(current)) {
    held.set(next.id, next);
    outdate(current, next);
  } else {
    held.delete(next.id);
    put(current, next);
  }
  bar();
}

// settle shows blocks to decide in that nobody uses any more.
function settle() {
  for (const [id, next] of held) {
    const current = document.getElementById(id);
    if (!current || !("hold" in current.dataset) || inUse(current)) continue;
    held.delete(id);
    put(current, next);
    bar();
  }
}

// outdate marks a block to decide in, and the dialog that is open in it: what somebody writes there
// stays, and they see that the case has moved on.
function outdate(current, next) {
  if (!("hold" in current.dataset) || current.innerHTML === next.innerHTML || "outdated" in current.dataset) return;
  current.dataset.outdated = "";
  for (const place of [current, ...current.querySelectorAll("dialog[open] form")]) {
    const note = document.createElement("p");
    note.className = "outdated";
    note.setAttribute("role", "status");
    note.textContent = "Out of date: the case has moved on. What you decide counts only if it still fits.";
    place.prepend(note);
  }
}

// inUse reports whether somebody reads or writes in a block: then it isn't replaced unasked.
function inUse(block) {
  if (block.id === "fresh") return false;
  const active = document.activeElement; // for a moment it may be in a dialog that was just closed
  if (block.contains(active) && active.checkVisibility()) return true;
  if (block.querySelector("dialog[open], details[open]")) return true;
  if ("hold" in block.dataset && block.matches(":hover")) return true;
  return selected(block);
}

function selected(block) {
  const selection = getSelection();
  return !selection.isCollapsed && block.contains(selection.anchorNode);
}

function put(current, next) {
  if (current.innerHTML === next.innerHTML) return;
  const [was, is] = [current, next].map((block) => block.querySelector("[name=hash]")?.value);
  if (was && is && was !== is) next.dataset.anew = String(Date.now()); // forms.js
  for (const text of current.querySelectorAll("textarea[id]")) {
    const again = next.querySelector("#" + CSS.escape(text.id));
    if (again && !again.value) again.value = text.value;
  }
  current.replaceWith(next);
}

// bar says that blocks wait, and shows them when asked.
function bar() {
  let note = document.getElementById("held");
  if (held.size === 0) {
    note?.remove();
    return;
  }
  if (note) return;
  note = document.createElement("p");
  note.id = "held";
  note.className = "fresh";
  note.setAttribute("role", "status");
  const text = document.createElement("span");
  text.textContent = "This changed since you opened it";
  const show = document.createElement("button");
  show.type = "button";
  show.className = "plain";
  show.dataset.key = ".";
  show.append("Show ", Object.assign(document.createElement("kbd"), { textContent: "." }));
  show.addEventListener("click", () => {
    for (const [id, next] of held) {
      const current = document.getElementById(id);
      if (!current) continue;
      const open = [...current.querySelectorAll("li[id] > details[open]")].map((d) => d.parentElement.id);
      put(current, next);
      for (const row of open) document.getElementById(row)?.querySelector("details")?.setAttribute("open", "");
    }
    held.clear();
    note.remove();
    document.getElementById("main").focus({ preventScroll: true });
  });
  note.append(text, show);
  document.getElementById("main").prepend(note);
}
