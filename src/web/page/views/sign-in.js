// Who is not signed in: signing in, signing up, the first account of a new server, and a new
// password by a link from an admin.

import { call, words } from "../core/api.js";
import { View, fill, h, view } from "../core/dom.js";
import { effect, signal } from "../core/reactive.js";
import { go, goInstead, roomHref, route } from "../core/route.js";
import { farewell, signIn } from "../core/session.js";
import { form } from "./form.js";

/** @typedef {{ needs_admin: boolean, allowed_here: boolean }} Setup */

const NEW_PASSWORD = "At least 8 characters. A few words in a row are easy to keep in mind.";

/** @type {import("./form.js").Field[]} */
const ACCOUNT = [
  {
    name: "username",
    label: "Username",
    autocomplete: "username",
    hint: "Letters, digits, “_”, “.” and “-”. Everybody sees it.",
  },
  { name: "email", label: "Email", type: "email", autocomplete: "email" },
  {
    name: "password",
    label: "Password",
    type: "password",
    autocomplete: "new-password",
    hint: NEW_PASSWORD,
  },
];

class SignedOut extends View {
  render() {
    /** @type {import("../core/reactive.js").Signal<Setup | null>} */
    const setup = signal(/** @type {Setup | null} */ (null));
    const problem = signal("");
    const mode = signal(/** @type {"in" | "up"} */ ("in"));
    const card = h("main", { class: "card", id: "main" });
    this.append(
      h("div", { class: "welcome" }, h("header", { class: "brand" }, mark(), "chatapp"), card),
    );
    const ask = async () => {
      problem.value = "";
      try {
        setup.value = await call("GET", "/auth/setup");
      } catch (error) {
        problem.value = words(error);
      }
    };
    ask();
    effect(() => {
      const at = route.value;
      if (at.page === "reset") return fill(card, resetPassword(at.token));
      if (problem.value) return fill(card, unreachable(problem.value, ask));
      if (!setup.value)
        return fill(card, h("p", { class: "quiet", role: "status" }, "One moment…"));
      const { needs_admin, allowed_here } = setup.value;
      if (needs_admin && allowed_here) return fill(card, firstRun());
      const note = needs_admin && mode.value === "in" ? adminMissing() : null;
      fill(card, mode.value === "in" ? signInForm(mode, note) : signUpForm(mode));
      /** @type {HTMLElement | null} */
      const first = card.querySelector("input");
      first?.focus();
    });
  }
}

export const signedOutView = () => view("chat-signed-out", SignedOut);

function mark() {
  return h("img", {
    src: new URL("../icon.svg", import.meta.url).pathname,
    alt: "",
    width: 36,
    height: 36,
  });
}

/**
 * @param {string} text
 * @param {() => void} again
 */
function unreachable(text, again) {
  return [
    h("h1", null, "Nobody is answering"),
    h("p", { role: "alert" }, text),
    h("button", { class: "primary", type: "button", onclick: again }, "Try again"),
  ];
}

function adminMissing() {
  return h(
    "section",
    { class: "note" },
    h("h2", null, "This server has no admin yet"),
    h(
      "p",
      null,
      "The first admin is made on the machine that the server runs on: in a browser " +
        "there, or with this command.",
    ),
    h("pre", { tabindex: "0" }, "chatapp create-admin --username ann --email ann@example.com"),
  );
}

function firstRun() {
  return [
    h("h1", null, "Welcome to your chat"),
    h(
      "p",
      { class: "lead" },
      "This server is new. Make the first account, which is its admin's, and " +
        "the first room. Everybody else signs up at the same address.",
    ),
    form({
      fields: [
        ...ACCOUNT,
        {
          name: "name",
          label: "First room",
          value: "general",
          hint: "Where everybody meets. More rooms can be made at any time.",
        },
      ],
      submit: "Start the chat",
      busy: "Setting things up…",
      async onsubmit({ username = "", email, password = "", name }) {
        await call("POST", "/auth/signup", { username, email, password, role: "admin" });
        await signIn(username, password, async (token) => {
          // The account stands: a refused room is made later, in the chat.
          const room = await call("POST", "/rooms/", { name }, token).catch(() => null);
          go(room ? roomHref(room.id) : "#/admin/rooms");
        });
      },
    }),
  ];
}

/**
 * @param {import("../core/reactive.js").Signal<"in" | "up">} mode
 * @param {Node | null} note
 */
function signInForm(mode, note) {
  return [
    h("h1", null, "Sign in"),
    farewell.value && h("p", { class: "note", role: "status" }, farewell.value),
    form({
      fields: [
        { name: "username", label: "Username", autocomplete: "username" },
        { name: "password", label: "Password", type: "password", autocomplete: "current-password" },
      ],
      submit: "Sign in",
      busy: "Signing in…",
      onsubmit: ({ username = "", password = "" }) => signIn(username, password),
    }),
    h(
      "p",
      { class: "switch" },
      "New here? ",
      h(
        "button",
        {
          class: "link",
          type: "button",
          onclick: () => {
            mode.value = "up";
          },
        },
        "Make an account",
      ),
    ),
    h(
      "p",
      { class: "quiet small" },
      "Forgotten your password? An admin can give you a link that sets a new one.",
    ),
    note,
  ];
}

/** @param {import("../core/reactive.js").Signal<"in" | "up">} mode */
function signUpForm(mode) {
  return [
    h("h1", null, "Make an account"),
    form({
      fields: ACCOUNT,
      submit: "Sign up",
      busy: "Signing up…",
      async onsubmit({ username = "", email, password = "" }) {
        await call("POST", "/auth/signup", { username, email, password });
        await signIn(username, password);
      },
    }),
    h(
      "p",
      { class: "switch" },
      "You have one already? ",
      h(
        "button",
        {
          class: "link",
          type: "button",
          onclick: () => {
            mode.value = "in";
          },
        },
        "Sign in",
      ),
    ),
  ];
}

/** @param {string} token */
function resetPassword(token) {
  return [
    h("h1", null, "A new password"),
    h("p", null, "An admin gave you this link. It works once."),
    form({
      fields: [
        {
          name: "new_password",
          label: "New password",
          type: "password",
          autocomplete: "new-password",
          hint: NEW_PASSWORD,
        },
      ],
      submit: "Set the password",
      async onsubmit({ new_password }) {
        await call("POST", "/auth/password-reset", { token, new_password });
        farewell.value = "Your new password is set. Sign in with it.";
        goInstead("");
      },
    }),
    h(
      "p",
      { class: "switch" },
      h(
        "button",
        { class: "link", type: "button", onclick: () => goInstead("") },
        "Back to signing in",
      ),
    ),
  ];
}
