// Says how many rows are chosen, and how much that is where all are about the same amount.
export function batch() {
  for (const form of document.querySelectorAll("[data-batch], [data-chosen]")) {
    const sum = form.querySelector("[data-sum]");
    const bar = form.querySelector("[data-bar]");
    if (!sum) continue;
    const rest = sum.textContent;
    const tell = () => {
      const n = form.querySelectorAll("[name=pick]:checked").length;
      if (bar) bar.hidden = n === 0;
      const { each, currency } = form.dataset;
      const decimals = (each?.split(".")[1] ?? "").length;
      const total = each ? `, ${(Number(each) * n).toFixed(decimals)} ${currency} in all` : "";
      sum.textContent = n === 0 ? rest : `${n} chosen${total}. Each is decided for itself.`;
    };
    form.addEventListener("change", tell);
    addEventListener("pageshow", tell);
  }
}
