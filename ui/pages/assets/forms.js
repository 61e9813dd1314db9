// A second click on a decision sends nothing, nor does one on an approval that took another's place just
// then: it was meant for that one. Filters apply when a status is picked.
const unread = 1000; // ms

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
  filter.addEventListener("change", (event) => {
    if (event.target.matches("[type=checkbox], select")) filter.requestSubmit();
  });
  filter.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) {
      if (value === "") event.formData.delete(name);
    }
  });
}
