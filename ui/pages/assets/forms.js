// A second click on a decision sends nothing, nor does one on an approval that took another's place just
// then: it was meant for that one.
const unread = 1000; // ms

// Filters apply when a status or a choice is picked by pointer, or a status by its key, and the focus comes
// back to it. Arrows in a choice only choose: each would load the page.
const picked = "resolute-picked";

export function forms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-decide]") || event.submitter?.formMethod === "dialog") return;
    const anew = Number(form.closest("[data-anew]")?.dataset.anew ?? 0);
    if (form.dataset.sent || Date.now() - anew < unread) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });

  const filter = document.querySelector("[data-filter]");
  if (!filter) return;
  const was = sessionStorage.getItem(picked);
  sessionStorage.removeItem(picked);
  if (was) [...filter.elements].find((e) => e.name + e.value === was || e.id === was)?.focus({ preventScroll: true });
  let keyed = false;
  filter.addEventListener("keydown", () => (keyed = true));
  filter.addEventListener("pointerdown", () => (keyed = false));
  filter.addEventListener("change", ({ target }) => {
    const box = target.matches("[type=checkbox]");
    if (!box && (!target.matches("select") || keyed)) return;
    sessionStorage.setItem(picked, box ? target.name + target.value : target.id);
    filter.requestSubmit();
  });
  filter.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) {
      if (value === "") event.formData.delete(name);
    }
  });
}
