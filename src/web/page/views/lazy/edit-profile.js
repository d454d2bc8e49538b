// The form of the own profile.

import { call } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { openDialog, toast } from "../dialog.js";
import { form } from "../form.js";
import { choice } from "../choice.js";

/** @typedef {import("../../core/types.js").UserCard} UserCard */

const HOUR_MS = 60 * 60 * 1000;

/** @type {Record<string, string>} */
const ENDS = { keep: "Never", hour: "1 hour", day: "Today", week: "1 week" };

/**
 * @param {import("../../core/chat.js").Chat} chat
 * @param {UserCard} card
 */
export function openEditProfile(chat, card) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = h("datalist", { id: "timezones" });
  for (const zone of Intl.supportedValuesOf?.("timeZone") ?? []) zones.append(new Option(zone));
  const { status } = card;
  const end = choice("The status ends after", "keep", ENDS);
  openDialog({
    title: "Edit profile",
    class: "narrow",
    content: (close) =>
      form({
        fields: [
          {
            name: "display_name",
            label: "Name",
            value: card.display_name ?? "",
            optional: true,
            autocomplete: "name",
            hint: `Shown in place of ${card.username}.`,
          },
          {
            name: "title",
            label: "Title",
            value: card.title ?? "",
            optional: true,
            autocomplete: "organization-title",
            hint: "What you do, such as your job.",
          },
          {
            name: "timezone",
            label: "Time zone",
            value: card.timezone ?? here ?? "",
            optional: true,
            autocomplete: "off",
            list: "timezones",
            hint: "Others see your local time.",
          },
          {
            name: "emoji",
            label: "Status emoji",
            value: status?.emoji ?? "",
            optional: true,
            autocomplete: "off",
          },
          {
            name: "text",
            label: "Status",
            value: status?.text ?? "",
            optional: true,
            autocomplete: "off",
            hint: "What you are doing, such as “On holiday”.",
          },
        ],
        body: [end, zones],
        submit: "Save",
        async onsubmit({ display_name, title, timezone, emoji, text }) {
          const isStatus = emoji?.trim() || text?.trim();
          const until = endOf(end.chosen());
          chat.me.value = await call("PATCH", "/users/me", {
            display_name: display_name?.trim() || null,
            title: title?.trim() || null,
            timezone: timezone?.trim() || null,
            status: isStatus
              ? {
                  ...(text?.trim() && { text: text.trim() }),
                  ...(emoji?.trim() && { emoji: emoji.trim() }),
                  ...(until && { until }),
                }
              : null,
          });
          close();
          toast("Profile saved");
        },
      }),
  });
}

/** @param {string} choice */
function endOf(choice) {
  const now = new Date();
  if (choice === "hour") return new Date(now.getTime() + HOUR_MS).toISOString();
  if (choice === "week") return new Date(now.getTime() + 7 * 24 * HOUR_MS).toISOString();
  if (choice !== "day") return null;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).toISOString();
}
