// The dialog of the own account: appearance, notifications, password, signing out.

import { address } from "../core/address.js";
import { call } from "../core/api.js";
import { h } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { signOut } from "../core/login.js";
import { avatar } from "./avatar.js";
import { openDialog, toast } from "./dialog.js";
import { choice } from "./choice.js";
import { form } from "./form.js";
import { openKeys } from "./keys.js";
import { notify, setNotify } from "./notices.js";
import { openProfile } from "./profile.js";
import { setTheme, theme } from "./theme.js";

/** @param {import("../core/chat.js").Chat} chat */
export function openAccount(chat) {
  const { username, email, role } = chat.user;
  const out = () => {
    dialog.close();
    chat.outbox.wipe();
    chat.listed.wipe();
    chat.drafts.wipe();
    signOut();
  };
  const profile = () => {
    dialog.close();
    openProfile(chat, chat.user);
  };
  const keys = () => {
    dialog.close();
    openKeys();
  };
  const dialog = openDialog({
    title: "Account",
    class: "account",
    content: (close) => [
      h(
        "div",
        { class: "who" },
        avatar(chat.me.peek() ?? chat.user),
        h(
          "div",
          null,
          h(
            "p",
            { class: "name" },
            nameOf(chat.me.peek() ?? chat.user),
            role === "admin" && h("span", { class: "tag" }, "admin"),
          ),
          h("p", { class: "quiet" }, `@${username} · ${email}`),
        ),
        h("button", { class: "small", type: "button", onclick: profile }, "Profile"),
      ),
      choice(
        "Appearance",
        theme(),
        { system: "System", light: "Light", dark: "Dark" },
        async (value) => (setTheme(value), ""),
      ),
      choice(
        "Desktop notifications",
        notify(),
        { off: "None", mentions: "Mentions", all: "Every message" },
        setNotify,
      ),
      h(
        "details",
        { class: "password" },
        h("summary", null, "Change password"),
        form({
          fields: [
            {
              name: "username",
              label: "",
              value: username,
              autocomplete: "username",
              hidden: true,
            },
            {
              name: "current_password",
              label: "Current password",
              type: "password",
              autocomplete: "current-password",
            },
            {
              name: "new_password",
              label: "New password",
              type: "password",
              autocomplete: "new-password",
              hint: "This signs you out everywhere else.",
            },
          ],
          submit: "Change password",
          async onsubmit(values) {
            const { current_password, new_password } = values;
            await call("POST", "/auth/password", { current_password, new_password });
            close();
            toast("Password changed");
          },
        }),
      ),
      h(
        "div",
        { class: "form-actions" },
        h(
          "a",
          { class: "quiet", href: address("/docs").href, target: "_blank", rel: "noopener" },
          "API documentation",
        ),
        h("button", { type: "button", onclick: keys }, "Keyboard shortcuts"),
        h("button", { type: "button", class: "danger-quiet", onclick: out }, "Sign out"),
      ),
    ],
  });
}
