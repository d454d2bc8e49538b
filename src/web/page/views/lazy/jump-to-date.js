// The dialog that leads to the first message of a day.

import { ApiError } from "../../core/api.js";
import { go, roomHref } from "../../core/route.js";
import { dayKey, dayName } from "../../text/format.js";
import { openDialog, toast } from "../dialog.js";
import { form } from "../form.js";
import { firstSince } from "./first-of-day.js";

/** @param {import("../../core/room.js").Room} room */
export function openJumpToDate(room) {
  const today = dateOf(new Date());
  openDialog({
    title: "Jump to a date",
    class: "narrow",
    content: (close) => {
      const element = form({
        fields: [{ name: "day", label: "Day", type: "date", value: today }],
        submit: "Jump",
        onsubmit: async ({ day = "" }) => {
          await jump(room, day);
          close();
        },
      });
      const input = element.querySelector("input");
      input?.setAttribute("min", dateOf(new Date(room.info.peek().created_at)));
      input?.setAttribute("max", today);
      return element;
    },
  });
}

/**
 * @param {import("../../core/room.js").Room} room
 * @param {string} day
 */
async function jump(room, day) {
  // A date and a time without a time zone are those of the reader.
  const start = new Date(`${day}T00:00`);
  if (Number.isNaN(start.getTime())) throw refusal("Choose a day.");
  const head = Math.max(room.lastSeq, room.info.peek().head_seq);
  const message = await firstSince(room.id, head, start.getTime());
  if (!message) throw refusal("Nothing was written on that day or after it.");
  if (dayKey(message.timestamp) !== start.toDateString())
    toast(`Nothing was written on that day. The next message: ${dayName(message.timestamp)}`);
  go(roomHref(room.id, message.seq));
}

/** @param {string} text */
const refusal = (text) => new ApiError(0, "no_message", text, [{ field: "day", message: text }]);

/** The local day as a date field has it. @param {Date} time */
const dateOf = (time) =>
  [
    String(time.getFullYear()).padStart(4, "0"),
    String(time.getMonth() + 1).padStart(2, "0"),
    String(time.getDate()).padStart(2, "0"),
  ].join("-");
