// Opens dialogs in place where a link would load the page with the dialog open.
export function dialogs() {
  for (const button of document.querySelectorAll("[data-opens][hidden]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const dialog = document.getElementById(opener.dataset.opens);
    if (!dialog) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    dialog.showModal();
  });
  // A link that says role=button does what a button does.
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.("a[role=button]")) {
      event.preventDefault();
      event.target.click();
    }
  });
  // A dialog that the server opened becomes a modal one.
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.close();
    dialog.showModal();
  }
}
