// Makes room for an on-screen keyboard in Safari, which lays it over the page. Other browsers make the page
// smaller, as `interactive-widget` in index.html asks.

/** @param {HTMLElement} app */
export function fitToKeyboard(app) {
  const seen = window.visualViewport;
  if (!seen) return;
  seen.addEventListener("resize", () => {
    // A page that is zoomed in is partly out of sight too, but not because of a keyboard.
    const isCovered = seen.scale < 1.01 && seen.height < document.documentElement.clientHeight - 1;
    app.style.blockSize = isCovered ? `${seen.height}px` : "";
    // Safari has moved the page up to show the field. That is no longer necessary.
    if (isCovered) scrollTo(0, 0);
  });
}
