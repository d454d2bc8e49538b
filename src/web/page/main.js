// The entry point: shows the chat to a signed-in user, and the sign-in form to everybody else.

import { Chat } from "./core/chat.js";
import { fill } from "./core/dom.js";
import { stopKeysOfInputMethods } from "./core/input-method.js";
import { renewInTime } from "./core/login.js";
import { effect, inScope } from "./core/reactive.js";
import { route } from "./core/route.js";
import { restoreSession, session } from "./core/session.js";
import { signedOutView } from "./views/sign-in.js";
import { shellView } from "./views/shell.js";
import { applyTheme } from "./views/theme.js";
import { fitToKeyboard } from "./views/viewport.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
let end = () => {};
/** @type {number | null | undefined} whose page is shown; null: the sign-in form; undefined: nothing yet */
let shown;

stopKeysOfInputMethods();
applyTheme();
fitToKeyboard(app);
restoreSession();
renewInTime();

effect(() => {
  // A link for a new password works for a signed-in user too.
  const user = route.value.page === "reset" ? null : (session.value?.user ?? null);
  const id = user?.id ?? null;
  if (id === shown) return;
  shown = id;
  end();
  end = inScope(() => {
    if (!user) return fill(app, signedOutView());
    const chat = new Chat(user);
    fill(app, shellView(chat));
    chat.start();
  });
});
