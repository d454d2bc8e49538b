// The line about a lost connection: when the page tries again, or why it does not.

import { address } from "../core/address.js";
import { View, fill, h, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { counted } from "../text/format.js";
import { endReason, nextAttempt, obstacle, retryNow, socketState } from "../core/socket.js";

/** The first connection may take a moment. */
const PATIENCE_MS = 1_500;
/** A connection that returns within this time is not mentioned. */
const LOST_PATIENCE_MS = 600;
const TICK_MS = 1_000;

/** The hash of the page's files, from this module's address. */
const HASH = import.meta.url.split("/assets/")[1]?.split("/")[0] ?? "";

class Connection extends View {
  render() {
    const bar = h("div", { class: "connection", role: "status" });
    const text = h("span");
    const now = h("button", { type: "button", onclick: retryNow }, "Try now");
    const reload = h("button", { type: "button", onclick: () => location.reload() }, "Reload");
    const isOld = signal(false);
    this.append(bar);
    let wasLive = false;
    /** The time at which the connection was lost; 0 while there is one. */
    let since = 0;
    let timer = 0;
    onEnd(() => clearTimeout(timer));

    /**
     * Changes only what is different: a screen reader would repeat the text, and the button would lose the focus.
     * @param {string} words
     * @param {HTMLElement} [button]
     */
    const show = (words, button) => {
      bar.classList.toggle("shown", words !== "");
      if (text.textContent !== words) text.textContent = words;
      const wanted = words ? [text, button].filter((it) => it !== undefined) : [];
      const isSame = wanted.every((it, at) => bar.children[at] === it);
      if (!isSame || bar.children.length !== wanted.length) fill(bar, wanted);
    };
    const look = () => {
      clearTimeout(timer);
      const state = socketState.value;
      const next = nextAttempt.value;
      if (state === "live") {
        // The server may have been updated while the connection was lost.
        if (wasLive && since) isOtherPage().then((is) => (isOld.value = is));
        wasLive = true;
        since = 0;
        return show(isOld.value ? "There is a newer version of this page." : "", reload);
      }
      since ||= Date.now();
      if (state === "ended") return show(endReason.value, reload);
      const isOffline = !navigator.onLine;
      const allowed = isOffline ? 0 : wasLive ? LOST_PATIENCE_MS : PATIENCE_MS;
      const patience = since + allowed - Date.now();
      timer = setTimeout(look, patience > 0 ? patience : TICK_MS);
      if (patience > 0) return;
      const lost = isOffline
        ? "This device is offline."
        : wasLive
          ? "Connection lost."
          : obstacle.value || "No connection yet.";
      const seconds = Math.ceil((next - Date.now()) / 1000);
      if (state === "connecting" || seconds <= 1) return show(`${lost} Connecting…`);
      show(
        `${lost} Trying again in ${counted(seconds, "second")}. What you write is sent then.`,
        now,
      );
    };
    effect(look);
  }
}

async function isOtherPage() {
  try {
    const answer = await fetch(address("/"), { method: "HEAD", cache: "no-store" });
    return answer.ok && !answer.headers.get("ETag")?.includes(HASH);
  } catch {
    return false;
  }
}

export const connectionView = () => view("chat-connection", Connection);
