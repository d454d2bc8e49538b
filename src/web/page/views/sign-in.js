// The page without a session: signing in, signing up, creating the first account of a new server, and setting
// a new password with a link from an admin.

import { call, words } from "../core/api.js";
import { serverName } from "../core/brand.js";
import { View, fill, h, view } from "../core/dom.js";
import { effect, signal } from "../core/reactive.js";
import { go, goInstead, roomHref, route } from "../core/route.js";
import { signIn } from "../core/login.js";
import { farewell } from "../core/session.js";
import { askSetup, setup } from "../core/setup.js";
import { form } from "./form.js";
import { inviteText, previewInvite } from "./invite.js";

const NEW_PASSWORD = "At least 8 characters. A few words in a row are easy to remember.";

/** @type {import("./form.js").Field[]} */
const ACCOUNT = [
  {
    name: "username",
    label: "Username",
    autocomplete: "username",
    hint: "Letters from a to z, digits, “_”, “.” and “-”. Everyone can see it.",
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
    const problem = signal("");
    const mode = signal(/** @type {"in" | "up"} */ ("in"));
    const card = h("main", { class: "card", id: "main" });
    this.append(
      h("div", { class: "welcome" }, h("header", { class: "brand" }, mark(), serverName), card),
    );
    const ask = async () => {
      problem.value = "";
      try {
        await askSetup();
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
      if (at.page === "invite") return fill(card, invited(at.token, mode));
      const { needs_admin, allowed_here, signup } = setup.value;
      if (needs_admin && allowed_here) return fill(card, firstRun());
      const note = needs_admin && mode.value === "in" ? adminMissing() : null;
      fill(card, mode.value === "in" ? signInForm(mode, signup, note) : signUpForm(mode));
      /** @type {HTMLElement | null} */
      const first = card.querySelector("input");
      first?.focus();
    });
  }
}

export const signedOutView = () => view("chat-signed-out", SignedOut);

function mark() {
  return h("img", {
    src: /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]")).href,
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
    h("h1", null, "The server does not answer"),
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
      "Create the first admin on the machine that runs the server: in a browser there, or with " +
        "this command.",
    ),
    h("pre", { tabindex: "0" }, "chatapp create-admin --username ann --email ann@example.com"),
  );
}

function firstRun() {
  return [
    h("h1", null, `Welcome to ${serverName}`),
    h("p", { class: "lead" }, "This server is new. Create the admin's account and the first room."),
    form({
      fields: [
        ...ACCOUNT,
        {
          name: "name",
          label: "First room",
          value: "general",
        },
      ],
      submit: "Start the chat",
      busy: "Setting things up…",
      async onsubmit({ username = "", email, password = "", name }) {
        await call("POST", "/auth/signup", { username, email, password, role: "admin" });
        await signIn(username, password, async (token) => {
          // The account exists. If the room is refused, it can be created later, in the chat.
          const room = await call("POST", "/rooms/", { name }, { token }).catch(() => null);
          go(room ? roomHref(room.id) : "#/admin/rooms");
        });
      },
    }),
  ];
}

/**
 * @param {import("../core/reactive.js").Signal<"in" | "up">} mode
 * @param {import("../core/types.js").SignupMode} signup who may sign up
 * @param {Node | null} note
 */
function signInForm(mode, signup, note) {
  return [
    h("h1", null, "Sign in"),
    farewell.value && h("p", { class: "note", role: "status" }, farewell.value),
    form({
      fields: [
        { name: "username", label: "Username or email", autocomplete: "username" },
        { name: "password", label: "Password", type: "password", autocomplete: "current-password" },
      ],
      submit: "Sign in",
      busy: "Signing in…",
      onsubmit: ({ username = "", password = "" }) => signIn(username, password),
    }),
    signup === "open"
      ? h(
          "p",
          { class: "switch" },
          "New here? ",
          h(
            "button",
            {
              class: "link",
              type: "button",
              onclick: () => {
                mode.value = route.value.page === "invite" ? "in" : "up";
              },
            },
            "Create an account",
          ),
        )
      : h(
          "p",
          { class: "switch" },
          signup === "invite"
            ? "New here? Ask somebody on this server for an invite link."
            : "New here? An admin of this server can create your account.",
        ),
    h(
      "p",
      { class: "quiet small" },
      "Forgot your password? An admin can send you a link to set a new one.",
    ),
    note,
  ];
}

/**
 * An invite for a reader who is not signed in: a new account enters with it; an account that exists accepts it
 * after signing in.
 * @param {string} token
 * @param {import("../core/reactive.js").Signal<"in" | "up">} mode
 */
function invited(token, mode) {
  const body = h("div", { class: "invited" }, h("p", { role: "status" }, "Looking at the invite…"));
  const isNew = mode.value === "in";
  const load = async () => {
    try {
      const preview = await previewInvite(token);
      const rest = isNew ? signUpForm(mode, token) : signInForm(mode, "open", null);
      fill(body, h("div", { class: "invite-text" }, inviteText(preview)), rest);
      body.querySelector("input")?.focus();
    } catch (error) {
      fill(
        body,
        h("h1", null, "This invite does not work"),
        h("p", { role: "alert" }, words(error)),
        h("button", { type: "button", onclick: () => goInstead("#/") }, "Go to sign-in"),
      );
    }
  };
  load();
  return body;
}

/**
 * @param {import("../core/reactive.js").Signal<"in" | "up">} mode
 * @param {string} [invite] the token of an invite, with which the account is created
 */
function signUpForm(mode, invite) {
  return [
    h(invite ? "h2" : "h1", null, "Create an account"),
    form({
      fields: ACCOUNT,
      submit: "Sign up",
      busy: "Signing up…",
      async onsubmit({ username = "", email, password = "" }) {
        await call("POST", "/auth/signup", {
          username,
          email,
          password,
          ...(invite && { invite }),
        });
        await signIn(username, password, async () => {
          if (invite) goInstead("#/");
        });
      },
    }),
    h(
      "p",
      { class: "switch" },
      "Already have an account? ",
      h(
        "button",
        {
          class: "link",
          type: "button",
          onclick: () => {
            // With an invite, the form of a new account is the first one.
            mode.value = invite ? "up" : "in";
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
    h("h1", null, "Set a new password"),
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
      submit: "Set password",
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
        "Back to sign-in",
      ),
    ),
  ];
}
