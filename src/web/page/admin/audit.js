// The audit log: the actions of admins, newest first.

import { call, words } from "../core/api.js";
import { View, h, view } from "../core/dom.js";
import { exactTime, shortTime } from "../text/format.js";

/** @typedef {{ id: number, timestamp: string, actor: string | null, via: string, action: string,
 *   target: string | null, detail: unknown }} Entry */

const COLUMNS = ["Time", "By", "Action", "Target", "Details"];

class Audit extends View {
  render() {
    const body = h("tbody");
    const status = h("p", { class: "quiet", role: "status" });
    const more = h("button", { type: "button", hidden: true }, "Show older entries");
    this.append(
      h(
        "div",
        { class: "table", tabindex: "0", role: "region", "aria-label": "Audit log" },
        h(
          "table",
          null,
          h(
            "thead",
            null,
            h(
              "tr",
              null,
              COLUMNS.map((name) => h("th", { scope: "col" }, name)),
            ),
          ),
          body,
        ),
      ),
      status,
      more,
    );
    /** @param {number | null} before */
    const load = async (before) => {
      try {
        /** @type {{ entries: Entry[], next_before: number | null }} */
        const page = await call(
          "GET",
          `/admin/audit?limit=50${before === null ? "" : `&before=${before}`}`,
        );
        body.append(...page.entries.map(row));
        status.textContent = body.children.length === 0 ? "No entries yet." : "";
        more.hidden = page.next_before === null;
        more.onclick = () => load(page.next_before);
      } catch (error) {
        status.textContent = words(error);
      }
    };
    load(null);
  }
}

/** @param {Entry} entry */
function row({ timestamp, actor, via, action, target, detail }) {
  return h(
    "tr",
    null,
    h(
      "td",
      { data: { label: COLUMNS[0] } },
      h("time", { datetime: timestamp, title: exactTime(timestamp) }, shortTime(timestamp)),
    ),
    h("td", { data: { label: COLUMNS[1] } }, actor ?? "", h("span", { class: "tag" }, via)),
    h("td", { data: { label: COLUMNS[2] } }, action.replaceAll(/[._]/g, " ")),
    h("td", { data: { label: COLUMNS[3] } }, target ?? ""),
    h("td", { class: "wide", data: { label: COLUMNS[4] } }, details(detail)),
  );
}

/** @param {unknown} detail */
function details(detail) {
  if (typeof detail !== "object" || !detail) return String(detail ?? "");
  return Object.entries(detail)
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`)
    .join(", ");
}

export const auditPart = () => view("chat-admin-audit", Audit);
