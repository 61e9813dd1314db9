// Keeps "28 min ago" true while a page stays open; the exact time stands in the title.
export function times() {
  setInterval(() => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("time[data-rel]")) {
      const text = relative(Date.parse(element.dateTime) - Date.now());
      if (element.textContent !== text) element.textContent = text;
    }
  }, 15000);
}

function relative(ms) {
  if (Math.abs(ms) < 2000) return "just now";
  return ms < 0 ? `${span(-ms)} ago` : `in ${span(ms)}`;
}

// span says it as viewtime.go does.
function span(ms) {
  const s = Math.floor(ms / 1000);
  const minutes = Math.floor((s % 3600) / 60);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${minutes} min`;
  if (s < 86400) return minutes === 0 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 3600)} h ${minutes} min`;
  if (s < 172800) return "1 day";
  return `${Math.floor(s / 86400)} days`;
}
