// The dialog in which an admin changes one account.

import { address } from "../core/address.js";
import { call, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { counted, shortTime } from "../text/format.js";
import { confirmDialog, openDialog, toast } from "../views/dialog.js";

/** @typedef {import("../core/types.js").Account} Account */

/**
 * @param {Account} user
 * @param {() => void} changed
 */
export function openUser(user, changed) {
  const path = `/admin/users/${user.id}`;
  const alert = h("p", { class: "form-error", role: "alert" });
  const sessions = h("div", { class: "sessions" }, "…");
  const reset = h("div", { class: "reset-link" });
  const isAdmin = user.role === "admin";

  /**
   * @param {string} done
   * @param {() => Promise<unknown>} act
   */
  const run = (done, act) => async () => {
    alert.textContent = "";
    try {
      await act();
      changed();
      toast(done);
      dialog.close();
    } catch (error) {
      alert.textContent = words(error);
    }
  };
  const makeReset = async () => {
    alert.textContent = "";
    try {
      const { token, expires_at } = await call("POST", `${path}/password-reset`);
      const link = address(`/#reset=${token}`).href;
      const field = h("input", {
        type: "text",
        readonly: true,
        "aria-label": "Password reset link",
        dir: "ltr",
      });
      field.value = link;
      fill(
        reset,
        h(
          "p",
          { class: "small" },
          `Send this link to ${user.username} over a channel you trust. ` +
            `It works once, until ${shortTime(expires_at)}.`,
        ),
        field,
      );
      field.focus();
      field.select();
    } catch (error) {
      alert.textContent = words(error);
    }
  };
  const remove = () => {
    dialog.close();
    confirmDialog({
      title: `Delete ${user.username}?`,
      text:
        "Its name, email and password are erased permanently, and it is signed out everywhere. " +
        "Its messages stay, under another name.",
      action: "Delete account",
      async act() {
        await call("DELETE", path);
        changed();
      },
    });
  };
  const dialog = openDialog({
    title: user.username,
    class: "narrow",
    content: () => [
      h(
        "p",
        { class: "quiet wraps" },
        `${user.email} · ${isAdmin ? "admin" : "user"} · joined ${shortTime(user.created_at)}`,
      ),
      alert,
      h(
        "div",
        { class: "stacked-actions" },
        h(
          "button",
          {
            type: "button",
            onclick: run(isAdmin ? "No longer an admin" : "Now an admin", () =>
              call("PATCH", path, { role: isAdmin ? "user" : "admin" }),
            ),
          },
          isAdmin ? "Remove admin role" : "Make admin",
        ),
        h(
          "button",
          {
            type: "button",
            onclick: run(user.is_active ? "Deactivated" : "Reactivated", () =>
              call("PATCH", path, { is_active: !user.is_active }),
            ),
          },
          user.is_active ? "Deactivate account" : "Reactivate account",
        ),
        h("button", { type: "button", onclick: makeReset }, "Create a password reset link"),
        reset,
      ),
      h("h3", null, "Sessions"),
      sessions,
      h("hr"),
      h(
        "div",
        { class: "stacked-actions" },
        h("button", { class: "danger-quiet", type: "button", onclick: remove }, "Delete account"),
      ),
    ],
  });

  const showSessions = async () => {
    try {
      /** @type {{ id: string, created_at: string, expires_at: string }[]} */
      const list = await call("GET", `${path}/sessions`);
      fill(
        sessions,
        list.length === 0
          ? h("p", { class: "quiet" }, "Not signed in anywhere.")
          : [
              h(
                "ul",
                null,
                list.map(({ created_at, expires_at }) =>
                  h(
                    "li",
                    null,
                    `Signed in ${shortTime(created_at)}, expires ${shortTime(expires_at)}`,
                  ),
                ),
              ),
              h(
                "button",
                {
                  class: "small",
                  type: "button",
                  onclick: run(`Signed out of ${counted(list.length, "session")}`, () =>
                    call("DELETE", `${path}/sessions`),
                  ),
                },
                "Sign out everywhere",
              ),
            ],
      );
    } catch (error) {
      fill(sessions, words(error));
    }
  };
  showSessions();
}
