// Keeps the chosen theme; the stylesheet shows it at once, the server writes it from the cookie.
export function theme() {
  const choice = document.querySelector("[data-theme-choice]");
  choice?.addEventListener("change", (event) => {
    const value = event.target.value;
    const age = value === "auto" ? 0 : 31536000;
    document.cookie = `theme=${value}; path=/; max-age=${age}; samesite=lax`;
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  });
}
