// The table of the servers that run on one database. The figures of the page are those of one of
// them: not `is_this_node`, because behind a balancer another server may have answered with the list.

import { fill, h } from "../core/dom.js";
import { duration, exactTime, figure, shortTime } from "../text/format.js";

/** @typedef {import("../core/types.js").Node} Node */

const COLUMNS = ["Name", "Address", "Version", "Started", "Connections", "Delay", "Last heartbeat"];
/** A server with this delay does not hear the others: it looks at the database twice a second. */
const DEAF_MS = 500;

/** The table, hidden until `show` is called with servers. */
export function servers() {
  const body = h("tbody");
  const about = h("p", { class: "quiet small" });
  const element = h(
    "section",
    { class: "servers", hidden: true },
    h("h2", null, "Servers"),
    about,
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
  /**
   * @param {Node[]} nodes
   * @param {string} started when the server of the figures has started
   * @param {string | null} name of the server of the figures, if there are several
   */
  const show = (nodes, started, name) => {
    element.hidden = nodes.length === 0;
    about.textContent =
      `All servers on this database. The figures above are those of ${name ?? "this server"}, ` +
      "and of the database.";
    fill(
      body,
      nodes.map((node) => row(node, node.started_at === started)),
    );
  };
  return { element, show };
}

/**
 * @param {Node} node
 * @param {boolean} isShown
 */
function row(node, isShown) {
  const { name, address, version, started_at, connections, lag_ms, heartbeat_age_ms } = node;
  return h(
    "tr",
    null,
    h(
      "td",
      null,
      h("span", { class: "name" }, name),
      isShown && h("span", { class: "tag", title: "The figures above are of it" }, "shown above"),
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
