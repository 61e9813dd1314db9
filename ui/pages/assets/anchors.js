// Leads on to where a row of a long case stands that a link names, and that the page doesn't have.
export function anchors() {
  const follow = () => {
    const row = decodeURIComponent(location.hash.slice(1));
    const at = new URL(location.href);
    if (!/^(entry|call)-/.test(row) || document.getElementById(row) || !document.getElementById("case-timeline") || at.searchParams.get("at") === row) return;
    at.search = "";
    at.searchParams.set("at", row);
    location.replace(at);
  };
  addEventListener("hashchange", follow);
  follow();
}
