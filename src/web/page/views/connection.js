// Says that the connection is lost, and when it is tried again.

import { View, fill, h, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { endReason, nextAttempt, retryNow, socketState } from "../core/socket.js";

/** A connection that comes back sooner is nobody's concern. */
const PATIENCE_MS = 1_500;

/** The part of this module's address that changes with the page. */
const HASH = import.meta.url.split("/assets/")[1]?.split("/")[0] ?? "";

class Connection extends View {
  render() {
    const isOld = signal(false);
    const text = h("span");
    const now = h("button", { type: "button", onclick: retryNow }, "Try now");
    const reload = h("button", { type: "button", onclick: () => location.reload() }, "Reload");
    const bar = h("div", { class: "connection", role: "status" });
    this.append(bar);
    let wasLive = false;
    let since = 0;
    let timer = 0;
    onEnd(() => clearTimeout(timer));
    const show = () => {
      clearTimeout(timer);
      const state = socketState.value;
      const next = nextAttempt.value;
      if (state === "live") {
        // Another server may have taken the place of the one that was lost.
        if (wasLive && since) isOtherPage().then((is) => { isOld.value = is; });
        wasLive = true;
        since = 0;
        bar.classList.toggle("shown", isOld.value);
        return isOld.value ? (fill(bar, text, reload), say("There is a newer version of this page.")) : fill(bar);
      }
      since ||= Date.now();
      const patience = since + PATIENCE_MS - Date.now();
      timer = setTimeout(show, patience > 0 ? patience : 1_000);
      if (patience > 0 && state !== "ended") return;
      bar.classList.add("shown");
      if (state === "ended") return clearTimeout(timer), fill(bar, text, reload), say(endReason.value);
      const seconds = Math.ceil((next - Date.now()) / 1000);
      const lost = wasLive ? "Connection lost." : "No connection yet.";
      if (state === "lost" && seconds > 1) {
        say(`${lost} Trying again in ${seconds} seconds. What you write is sent then.`);
        if (!now.isConnected) fill(bar, text, now);
      } else {
        say(`${lost} Connecting…`);
        if (!text.isConnected || now.isConnected) fill(bar, text);
      }
    };
    /** @param {string} words */
    const say = (words) => {
      if (text.textContent !== words) text.textContent = words;
    };
    effect(show);
  }
}

async function isOtherPage() {
  try {
    const answer = await fetch("/", { method: "HEAD", cache: "no-store" });
    return answer.ok && !answer.headers.get("ETag")?.includes(HASH);
  } catch {
    return false;
  }
}

export const connectionView = () => view("chat-connection", Connection);
