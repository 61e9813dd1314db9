// A second click on a decision sends nothing; filters apply when a status is picked.
export function forms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-decide]") || event.submitter?.formMethod === "dialog") return;
    if (form.dataset.sent) {
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
