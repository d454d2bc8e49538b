// Keys of input methods (Japanese, Chinese, Korean …). While a word is composed, Enter and the arrows choose
// among its spellings and are not meant for the page. These keys are stopped here, before any listener of
// the page is called, so that listeners need no check of their own.

/** Only Safari has this. Safari fires `compositionend` before the keydown of the key that ended it. */
const ENDS_BEFORE_KEY = "GestureEvent" in window;
/** The code that browsers give to a key that an input method handles. */
const TAKEN = 229;

/** A composition has ended in this turn of the event loop. */
let hasJustEnded = false;

export function stopKeysOfInputMethods() {
  addEventListener(
    "compositionend",
    () => {
      // In other browsers the next key may follow in the same turn, as Enter does on Android. The page handles it.
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
      // Otherwise the browser would close a dialog on Escape.
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
