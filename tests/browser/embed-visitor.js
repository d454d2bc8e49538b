// A visitor of another site's page with `<chatapp-room>`, for the files embed*.test.js.

import { afterEach, before } from "node:test";
import { startPages } from "./embed-page.js";
import { account, api, newPage, room } from "./support.js";

export const PORTS = (process.env.CHATAPP_TEST_PORTS ?? "8931 8932").split(" ").map(Number);
/** What browsers log of refused tokens, and of a server that is not there. */
export const FAILURES = /Failed to load resource|WebSocket connection|ERR_CONNECTION_REFUSED/;

/** The pages, an admin's token, the id of a room, and the ids of people by their names. */
export const site = { pages: null, admin: "", general: 0, people: {} };
/** The pages that a test has opened: they must not see what the next one does to the server. */
let opened = [];

before(async () => {
  site.admin = await account("admin", "admin");
  site.pages = await startPages(PORTS[0], site.admin);
  site.general = await room(site.admin, "Questions & answers");
  for (const [username, display_name] of [
    ["ann", "Ann Lee"],
    ["bo", "Bo"],
  ]) {
    const body = { username, display_name };
    site.people[username] = (await api("POST", "/admin/users", body, site.admin)).id;
  }
});

afterEach(async () => {
  await Promise.all(opened.map((page) => page.context().close()));
  opened = [];
});

/** Opens a page that is closed after the test. */
export async function opens(address, { server = site.pages.url, ...options } = {}) {
  const page = await newPage({ server, ...options });
  opened.push(page);
  await page.goto(address);
  return page;
}

/** A visitor's page with the element. */
export const visits = (name, { query = "", roomId = site.general, ...options } = {}) =>
  opens(`/?room=${roomId}&provider=${site.people[name]}${query}`, options);

/** The same with a token in the markup, which the page does not renew. */
export const visitsWithToken = (token, expects = FAILURES) =>
  opens(`/?room=${site.general}&token=${token}`, { expects });

export const field = (page) => page.getByRole("textbox");
export const isLive = (page) => page.locator('.state[data-state="live"]').waitFor();
export const sees = (page, text) =>
  page.locator(".rows:not(.unsent) .message").filter({ hasText: text }).last().waitFor();
export const problem = (page, text) => page.getByRole("alert").filter({ hasText: text }).waitFor();
export const texts = (page) => page.locator(".rows:not(.unsent) .prose").allInnerTexts();
/** The events that the element has dispatched. */
export const events = (page, name) =>
  page.evaluate((name) => window.events.filter((event) => event.name === name), name);

export async function says(page, text) {
  await field(page).fill(text);
  await field(page).press("Enter");
  await sees(page, text);
}
