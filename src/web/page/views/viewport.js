// Makes room for an on-screen keyboard in browsers that lay it over the page (Safari) instead of making
// the page smaller, which the others do as `interactive-widget` in index.html asks.

/** @param {HTMLElement} app */
export function fitToKeyboard(app) {
  const seen = window.visualViewport;
  if (!seen) return;
  seen.addEventListener("resize", () => {
    // A page that is zoomed in is seen in part as well; that is not the keyboard.
    const isCovered = seen.scale < 1.01 && seen.height < document.documentElement.clientHeight - 1;
    app.style.blockSize = isCovered ? `${seen.height}px` : "";
    // Safari has moved the page up to show the field, which is in sight now without that.
    if (isCovered) scrollTo(0, 0);
  });
}
