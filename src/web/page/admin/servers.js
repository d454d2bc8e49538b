// The table of the servers that run on one database. The figures of the page are those of one of them.

import { fill, h } from "../core/dom.js";
import { duration, exactTime, figure, shortTime } from "../text/format.js";

/** @typedef {import("../core/types.js").Node} Node */

const COLUMNS = ["Name", "Address", "Version", "Started", "Connections", "Delay", "Last heartbeat"];
/** A server with this delay does not hear the others: it looks at the database twice a second. */
const DEAF_MS = 500;

/** The table, hidden until `show` is called with servers. */
export function servers() {
  const body = h("tbody");
  const element = h(
    "section",
    { class: "servers", hidden: true },
    h("h2", null, "Servers"),
    h(
      "p",
      { class: "quiet small" },
      "All servers on this database. The figures above are those of this server, and of the database.",
    ),
    h(
      "div",
      { class: "table", tabindex: "0", role: "region", "aria-label": "Servers" },
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
  );
  /** @param {Node[]} nodes */
  const show = (nodes) => {
    element.hidden = nodes.length === 0;
    fill(body, nodes.map(row));
  };
  return { element, show };
}

/** @param {Node} node */
function row(node) {
  const { name, address, version, started_at, connections, lag_ms, heartbeat_age_ms } = node;
  return h(
    "tr",
    null,
    h(
      "td",
      null,
      h("span", { class: "name" }, name),
      node.is_this_node && h("span", { class: "tag" }, "this server"),
      node.has_jobs && h("span", { class: "tag", title: "Runs the jobs for all servers" }, "jobs"),
    ),
    h("td", { class: "wide", data: { label: COLUMNS[1] } }, address),
    h("td", { data: { label: COLUMNS[2] } }, version),
    h(
      "td",
      { data: { label: COLUMNS[3] } },
      h("time", { datetime: started_at, title: exactTime(started_at) }, shortTime(started_at)),
    ),
    h("td", { class: "number", data: { label: COLUMNS[4] } }, figure(connections)),
    h(
      "td",
      { class: "number", data: { label: COLUMNS[5] } },
      lag_ms === 0 ? "under 1 ms" : `${figure(lag_ms)} ms`,
      lag_ms >= DEAF_MS && h("span", { class: "tag" }, "slow"),
    ),
    h(
      "td",
      { class: "number", data: { label: COLUMNS[6] } },
      `${duration(Math.round(heartbeat_age_ms / 1000))} ago`,
    ),
  );
}
