// The beginning: shows the chat to who is signed in, and a door to who is not.

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
/** @type {number | null | undefined} whose page is shown; undefined: nobody's yet */
let shown;

stopKeysOfInputMethods();
applyTheme();
fitToKeyboard(app);
restoreSession();
renewInTime();

effect(() => {
  // Signed in or not: who follows a link to a new password wants that.
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
