// The webhooks of a room, by which other programs send to it: making, copying and deleting them.

import { address } from "../../core/address.js";
import { call, words } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { nameOf, placeOf } from "../../core/people.js";
import { shortTime } from "../../text/format.js";
import { copyButton } from "../copy.js";
import { confirmDialog, openDialog, toast } from "../dialog.js";
import { form } from "../form.js";

/** @typedef {import("../../core/types.js").Hook} Hook */

/**
 * @param {import("../../core/chat.js").Chat} chat
 * @param {import("../../core/room.js").Room} room
 */
export function openHooks(chat, room) {
  const place = placeOf(room.info.peek(), chat.user.id);
  openDialog({
    title: `Webhooks of ${place}`,
    class: "invites",
    content: (close) => panel(`/rooms/${room.id}/hooks`, close),
  });
}

/**
 * @param {string} path of the API
 * @param {() => void} close
 */
function panel(path, close) {
  const alert = h("p", { class: "form-error", role: "alert" });
  const made = h("div", { class: "made-link", "aria-live": "polite" });
  const list = h("ul", { class: "plain-list", "aria-label": "Webhooks" });
  const title = h("h3", null, "Webhooks that work");
  const load = async () => {
    try {
      /** @type {Hook[]} */
      const hooks = await call("GET", path);
      title.hidden = hooks.length === 0;
      fill(
        list,
        hooks.map((hook) => entry(hook, path, close)),
      );
    } catch (error) {
      alert.textContent = words(error);
    }
  };
  title.hidden = true;
  load();
  return [
    h(
      "p",
      { class: "quiet small" },
      "Other programs send messages to this room with the URL of a webhook, as they do with one of Slack.",
    ),
    form({
      fields: [
        {
          name: "name",
          label: "Name",
          autocomplete: "off",
          hint: "Its messages are shown under this name.",
        },
      ],
      submit: "Create webhook",
      async onsubmit({ name }) {
        /** @type {Hook} */
        const hook = await call("POST", path, { name });
        show(made, address(hook.path ?? "").href);
        await load();
      },
    }),
    alert,
    made,
    title,
    list,
  ];
}

/**
 * Shows the URL of a new webhook.
 * @param {HTMLElement} place
 * @param {string} url
 */
function show(place, url) {
  const field = h("input", {
    type: "text",
    readonly: true,
    "aria-label": "URL of the webhook",
    dir: "ltr",
  });
  field.value = url;
  fill(
    place,
    field,
    copyButton("Copy URL", () => url),
    h(
      "p",
      { class: "quiet small" },
      "The URL is shown only now. Everybody who has it can send to the room.",
    ),
  );
  field.focus();
  field.select();
}

/**
 * @param {Hook} hook
 * @param {string} path
 * @param {() => void} close
 */
function entry({ id, name, created_by, created_at, last_used_at }, path, close) {
  const use = last_used_at ? `Last used ${shortTime(last_used_at)}` : "Not used yet";
  const ask = () => {
    close();
    confirmDialog({
      title: `Delete the webhook ${name}?`,
      text: "Nothing can be sent with its URL any more. Its messages stay in the room.",
      action: "Delete",
      async act() {
        await call("DELETE", `${path}/${id}`);
        toast("Webhook deleted");
      },
    });
  };
  return h(
    "li",
    null,
    h(
      "div",
      { class: "about" },
      h("p", null, h("bdi", null, name)),
      h(
        "p",
        { class: "quiet small" },
        `Made by ${nameOf(created_by)}, ${shortTime(created_at)}. ${use}`,
      ),
    ),
    h(
      "button",
      {
        class: "small danger-quiet",
        type: "button",
        "aria-label": `Delete the webhook ${name}`,
        onclick: ask,
      },
      "Delete",
    ),
  );
}
