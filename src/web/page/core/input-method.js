// Keys of input methods (Japanese, Chinese, Korean …). While a word is composed, Enter and the arrows choose
// among its spellings and are not meant for the page. These keys are stopped here, before any listener of
// the page is called, so that each listener need not ask.

/** Safari alone has it. Safari tells of the end of a composition before it tells of the key that ended it. */
const ENDS_BEFORE_KEY = "GestureEvent" in window;
/** The code that browsers give to a key that an input method has taken. */
const TAKEN = 229;

/** A composition has ended in this turn of the event loop. */
let hasJustEnded = false;

export function stopKeysOfInputMethods() {
  addEventListener(
    "compositionend",
    () => {
      // Elsewhere the next key may follow in the same turn, as Enter does on Android, and is the page's.
      if (!ENDS_BEFORE_KEY) return;
      hasJustEnded = true;
      setTimeout(() => (hasJustEnded = false));
    },
    { capture: true },
  );
  addEventListener(
    "keydown",
    (event) => {
      if (!isOfInputMethod(event)) return;
      event.stopImmediatePropagation();
      // The browser itself would close a dialog with it.
      if (event.key === "Escape") event.preventDefault();
    },
    { capture: true },
  );
}

/**
 * Whether a key is meant for the input method.
 * @param {KeyboardEvent} event
 */
export function isOfInputMethod(event) {
  return event.isComposing || event.keyCode === TAKEN || hasJustEnded;
}
