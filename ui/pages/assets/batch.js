// Says how many of several equal approvals are chosen, and how much that is.
export function batch() {
  for (const form of document.querySelectorAll("[data-batch]")) {
    const sum = form.querySelector("[data-sum]");
    const rest = sum.textContent;
    form.addEventListener("change", () => {
      const n = form.querySelectorAll("[name=pick]:checked").length;
      if (n === 0) {
        sum.textContent = rest;
        return;
      }
      const { each, currency } = form.dataset;
      const decimals = (each?.split(".")[1] ?? "").length;
      const total = each ? `, ${(Number(each) * n).toFixed(decimals)} ${currency} in all` : "";
      sum.textContent = `${n} chosen${total}. Each is bound to its own hash and decided for itself.`;
    });
  }
}
