// The outgoing webhooks of a bot: the URLs that are told what happens in its rooms.

import { call, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { counted, exactTime } from "../text/format.js";
import { choice } from "../views/choice.js";
import { copyButton } from "../views/copy.js";
import { confirmDialog, openDialog, toast } from "../views/dialog.js";
import { form } from "../views/form.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").OutgoingHook} OutgoingHook */
/** @typedef {import("../core/types.js").Delivery} Delivery */

/** What can be chosen to be sent. @type {Record<string, string[] | null>} */
const KINDS = { messages: ["message", "reply"], all: null };

/** @param {Account} bot */
export function openOutgoingHooks(bot) {
  openDialog({
    title: `Webhooks of ${bot.username}`,
    class: "invites",
    content: (close) => {
      const alert = h("p", { class: "form-error", role: "alert" });
      const list = h("ul", { class: "plain-list", "aria-label": "Webhooks" });
      const kinds = choice("Sent are", "messages", {
        messages: "Messages and replies",
        all: "Everything that happens",
      });
      const load = async () => {
        try {
          /** @type {OutgoingHook[]} */
          const hooks = await call("GET", `/outgoing-hooks?user_id=${bot.id}`);
          fill(
            list,
            hooks.map((hook) => entry(hook, load)),
          );
        } catch (error) {
          alert.textContent = words(error);
        }
      };
      load();
      return [
        h(
          "p",
          { class: "quiet small" },
          "Each is a URL that is told what happens in the rooms that the bot may read.",
        ),
        list,
        alert,
        h("h3", null, "New webhook"),
        form({
          fields: [{ name: "url", label: "URL", type: "url", autocomplete: "off" }],
          body: [kinds],
          submit: "Make webhook",
          async onsubmit({ url }) {
            const request = { user_id: bot.id, url, kinds: KINDS[kinds.chosen()] };
            const made = await call("POST", "/outgoing-hooks", request);
            close();
            showSecret(made.secret);
          },
        }),
      ];
    },
  });
}

/**
 * @param {OutgoingHook} hook
 * @param {() => void} reload
 */
function entry(hook, reload) {
  const path = `/outgoing-hooks/${hook.id}`;
  const isPaused = Boolean(hook.paused_at);
  /**
   * @param {string} label
   * @param {() => void} act
   */
  const action = (label, act, name = "small") =>
    h(
      "button",
      { class: name, type: "button", "aria-label": `${label}: ${hook.url}`, onclick: act },
      label,
    );
  return h(
    "li",
    null,
    h(
      "div",
      { class: "about" },
      h("p", { dir: "ltr" }, hook.url),
      h("p", { class: "quiet small" }, stateOf(hook)),
    ),
    action("Deliveries", () => openDeliveries(hook)),
    action(isPaused ? "Resume" : "Pause", async () => {
      try {
        await call("PATCH", path, { is_paused: !isPaused });
      } catch (error) {
        toast(words(error));
      }
      reload();
    }),
    action(
      "Delete",
      () =>
        confirmDialog({
          title: "Delete this webhook?",
          text: "Nothing is sent to its URL any more.",
          action: "Delete",
          async act() {
            await call("DELETE", path);
            reload();
            toast("Webhook deleted");
          },
        }),
      "small danger-quiet",
    ),
  );
}

/** @param {OutgoingHook} hook */
function stateOf(hook) {
  const sent = [
    hook.kinds ? hook.kinds.join(", ").replaceAll("_", " ") : "all events",
    hook.room_ids && `only in ${counted(hook.room_ids.length, "room")}`,
  ];
  if (hook.is_gone) sent.push("paused: its URL answered that it is gone");
  else if (hook.paused_at) sent.push("paused");
  else if (hook.parked_rooms) sent.push(`given up in ${counted(hook.parked_rooms, "room")}`);
  else if (hook.failing_rooms) sent.push(`failing in ${counted(hook.failing_rooms, "room")}`);
  return sent.filter(Boolean).join(" · ");
}

/** @param {OutgoingHook} hook */
function openDeliveries(hook) {
  const path = `/outgoing-hooks/${hook.id}`;
  openDialog({
    title: "Deliveries",
    class: "invites",
    content: () => {
      const status = h("p", { class: "quiet", role: "status" });
      const list = h("ul", { class: "plain-list", "aria-label": "Deliveries" });
      const load = async () => {
        try {
          /** @type {Delivery[]} */
          const deliveries = await call("GET", `${path}/deliveries?limit=50`);
          status.textContent = deliveries.length === 0 ? "Nothing was sent yet." : "";
          fill(
            list,
            deliveries.map((delivery) => deliveryEntry(delivery, replay)),
          );
        } catch (error) {
          status.textContent = words(error);
        }
      };
      /** @param {object} from */
      const replay = async (from) => {
        try {
          await call("POST", `${path}/replay`, from);
          toast("It is sent in a moment");
        } catch (error) {
          toast(words(error));
        }
      };
      load();
      return [
        h(
          "div",
          { class: "part-top" },
          h("button", { class: "small", type: "button", onclick: load }, "Load again"),
          h(
            "button",
            { class: "small", type: "button", onclick: () => replay({}) },
            "Try again what failed",
          ),
        ),
        status,
        list,
      ];
    },
  });
}

/**
 * @param {Delivery} delivery
 * @param {(from: object) => void} replay
 */
const deliveryEntry = (delivery, replay) =>
  h(
    "li",
    null,
    h(
      "div",
      { class: "about" },
      h(
        "p",
        null,
        delivery.kind.replaceAll("_", " "),
        h("span", { class: "quiet" }, ` ${delivery.seq} in room ${delivery.room_id}`),
        delivery.failure && h("span", { class: "tag" }, "failed"),
      ),
      h(
        "p",
        { class: "quiet small" },
        [
          exactTime(delivery.attempted_at),
          delivery.failure ?? `answered with ${delivery.status}`,
          `${delivery.duration_ms} ms`,
        ].join(" · "),
      ),
    ),
    h(
      "button",
      {
        class: "small",
        type: "button",
        "aria-label": `Send again from here: event ${delivery.seq} of room ${delivery.room_id}`,
        onclick: () => replay({ room_id: delivery.room_id, after_seq: delivery.seq - 1 }),
      },
      "Send again from here",
    ),
  );

/** @param {string} secret */
function showSecret(secret) {
  openDialog({
    title: "The secret of the webhook",
    class: "narrow",
    content: () => {
      const field = h("input", { type: "text", readonly: true, "aria-label": "Secret" });
      field.value = secret;
      return [
        h(
          "p",
          null,
          "It verifies that a request comes from this server. It is shown only now: copy it before you close this.",
        ),
        field,
        copyButton("Copy secret", () => secret),
      ];
    },
  });
}
