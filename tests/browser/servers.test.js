// Two servers on one PostgreSQL, as admins see them. tests/page.rs calls them `one` and `two`; the page comes from `one`.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, enters, isAccessible, picture } from "./support.js";

const OTHER = process.env.CHATAPP_TEST_OTHER_URL;
const FAILED = "The database has failed since you opened this page";
/** A whole host name, and one that has no place to break. */
const LONG_NAMES = ["chat-1.eu-west.example.com", "x".repeat(60)];

before(() => account("ann", "admin"));

const table = (page) => page.getByRole("region", { name: "Servers" });
const row = (page, name) => table(page).locator("tr").filter({ hasText: name });

for (const [device, viewport] of [
  ["desktop", { width: 1280, height: 1000 }],
  ["phone", { width: 390, height: 844 }],
]) {
  test(`the servers are shown on a ${device}`, async () => {
    const page = await enters("ann", { at: "/#/admin/figures", viewport });
    const servers = table(page);
    await row(page, "two").waitFor();
    assert.equal(await row(page, "one").getByText("shown above").count(), 1);
    assert.equal(await row(page, "two").getByText("shown above").count(), 0);
    await page.getByText("The figures above are those of one").waitFor();
    await servers.getByText("jobs", { exact: true }).waitFor();
    // The table is refreshed, and keeps the focus.
    await servers.focus();
    const first = await row(page, "one").elementHandle();
    await page.waitForFunction((old) => !old.isConnected, first);
    assert.equal(await servers.evaluate((it) => it === document.activeElement), true);
    await servers.scrollIntoViewIfNeeded();
    await picture(page, `servers-${device}`);
    await isAccessible(page, "servers");
    const isWider = () => document.documentElement.scrollWidth > innerWidth;
    assert.equal(await page.evaluate(isWider), false, "the page scrolls sideways");
    await page.context().close();
  });
}

/**
 * A balancer that lets the servers answer `/admin/` in turn.
 * @param {(stats: any, isOther: boolean) => void} [change] of the answer to /admin/stats
 */
async function balanced(page, change = () => {}) {
  const balancer = { count: 0, onlyOther: false };
  await page.route("**/admin/stats", async (route) => {
    const isOther = balancer.onlyOther || balancer.count++ % 2 === 1;
    const answer = await route.fetch(isOther ? { url: `${OTHER}/admin/stats` } : {});
    const stats = await answer.json();
    change(stats, isOther);
    await route.fulfill({ response: answer, json: stats });
  });
  await page.route("**/admin/nodes", async (route) => {
    // Not the server of the figures.
    const isOther = balancer.count % 2 === 1;
    const answer = await route.fetch(isOther ? { url: `${OTHER}/admin/nodes` } : {});
    const nodes = await answer.json();
    const json = nodes.filter(({ name }) => !balancer.onlyOther || name === "two");
    await route.fulfill({ response: answer, json });
  });
  return balancer;
}

test("behind a balancer, figures are compared with those of the same server", async () => {
  const page = await enters("ann");
  let failures = 5;
  const balancer = await balanced(page, (stats, isOther) => {
    stats.memory_bytes = isOther ? 2e9 : 1e9;
    stats.storage_errors = isOther ? failures : 0;
  });
  await page.goto("/#/admin/figures");
  await page.getByText("two: The database failed 5 times since the server started").waitFor();
  const memory = page.getByRole("img", { name: /^Memory/ });
  const label = () => memory.getAttribute("aria-label");
  await memory.waitFor();
  assert.match(await label(), /from 1 GB to 1 GB$/);
  assert.equal(await page.getByText(FAILED).count(), 0, "a false alarm");
  assert.equal(await row(page, "one").getByText("shown above").count(), 1);
  assert.equal(await row(page, "two").getByText("shown above").count(), 0);
  // A failure is reported whichever server is shown.
  failures += 1;
  await page.getByText(`two: ${FAILED}`).waitFor();
  assert.equal(await page.getByText(`one: ${FAILED}`).count(), 0);
  // The shown server ends.
  balancer.onlyOther = true;
  await row(page, "two").getByText("shown above").waitFor();
  assert.match(await label(), /from 2 GB to 2 GB$/);
  await page.context().close();
});

test("at 1280 pixels the table fits, and words are whole", async () => {
  const page = await enters("ann", { viewport: { width: 1280, height: 1000 } });
  await page.route("**/admin/nodes", async (route) => {
    const answer = await route.fetch();
    const nodes = await answer.json();
    nodes.forEach((node, at) => {
      node.name = LONG_NAMES[at];
      node.address = "192.168.100.101:18000";
      node.connections = 12_345;
      node.lag_ms = 500;
      node.version = "10.11.12";
    });
    await route.fulfill({ response: answer, json: nodes });
  });
  await page.goto("/#/admin/figures");
  await row(page, LONG_NAMES[0]).waitFor();
  await table(page).scrollIntoViewIfNeeded();
  await picture(page, "servers-long-names");
  const isWider = (it) => it.scrollWidth > it.clientWidth;
  assert.equal(await table(page).evaluate(isWider), false, "the table scrolls sideways");
  for (const text of [LONG_NAMES[0], "192.168.100.101:18000"]) {
    const cell = row(page, LONG_NAMES[0]).getByText(text, { exact: true });
    const ends = await cell.evaluate((it) => {
      const range = document.createRange();
      const tops = [...it.textContent].map((_, at) => {
        range.setStart(it.firstChild, at);
        range.setEnd(it.firstChild, at + 1);
        return range.getBoundingClientRect().top;
      });
      return tops.flatMap((top, at) => (top < tops[at + 1] ? it.textContent[at] : []));
    });
    // A line may end after a hyphen.
    assert.deepEqual(
      ends.filter((it) => it !== "-"),
      [],
      text,
    );
  }
  await page.context().close();
});
