// The keyboard: single keys, never while typing, never in a dialog, and off where somebody wants so.
const store = "resolute-keys-off";
const places = { o: "/", a: "/approvals", c: "/cases", q: "/queues", m: "/outbox", k: "/knowledge", t: "/tools" };

export function keys() {
  const off = document.getElementById("keys-off");
  if (off) {
    off.checked = localStorage.getItem(store) === "yes";
    off.addEventListener("change", () => localStorage.setItem(store, off.checked ? "yes" : "no"));
  }
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (off?.checked || event.defaultPrevented || busy(event)) return;
    const key = event.key;
    if (Date.now() - going < 1500) {
      going = 0;
      if (Object.hasOwn(places, key)) {
        event.preventDefault();
        location.assign(places[key]);
      }
      return;
    }
    if (key === "g") {
      going = Date.now();
    } else if (act(key)) {
      event.preventDefault();
    }
  });
}

function act(key) {
  switch (key) {
    case "j":
      return move(1);
    case "k":
      return move(-1);
    case "/": {
      const field = document.querySelector("main input[type=search]") ?? document.getElementById("jump");
      field?.focus();
      field?.select();
      return Boolean(field);
    }
    case "x":
      return choose();
    case "?":
      document.getElementById("keys")?.showModal();
      return true;
  }
  const target = [...document.querySelectorAll("[data-key]")].find((e) => e.dataset.key === key);
  target?.click();
  return Boolean(target);
}

// move puts the focus on the next row of the list.
function move(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (rows.length === 0) return false;
  let at = rows.indexOf(document.activeElement);
  if (at < 0) at = rows.findIndex((r) => r.getAttribute("aria-current") === "true");
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

// choose puts the row that has the focus among the chosen ones, or takes it out.
function choose() {
  const box = document.activeElement?.closest("tr")?.querySelector("[name=pick]");
  if (!box) return false;
  box.click();
  return true;
}

function busy(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (document.querySelector("dialog[open]")) return true;
  return Boolean(event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
}
