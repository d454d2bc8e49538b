// Two servers on one PostgreSQL, as admins see them. tests/page.rs calls them `one` and `two`; this page is of `one`.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, enters, isAccessible, picture } from "./support.js";

before(() => account("ann", "admin"));

for (const [device, viewport] of [
  ["desktop", { width: 1280, height: 1000 }],
  ["phone", { width: 390, height: 844 }],
]) {
  test(`the servers are shown on a ${device}`, async () => {
    const page = await enters("ann", { at: "/#/admin/figures", viewport });
    const table = page.getByRole("region", { name: "Servers" });
    const row = (name) => table.locator("tr").filter({ hasText: name });
    await row("two").waitFor();
    assert.equal(await row("one").getByText("this server").count(), 1);
    assert.equal(await row("two").getByText("this server").count(), 0);
    await table.getByText("jobs", { exact: true }).waitFor();
    // The table is refreshed, and keeps the focus.
    await table.focus();
    const first = await row("one").elementHandle();
    await page.waitForFunction((old) => !old.isConnected, first);
    assert.equal(await table.evaluate((it) => it === document.activeElement), true);
    await table.scrollIntoViewIfNeeded();
    await picture(page, `servers-${device}`);
    await isAccessible(page, "servers");
    const isWider = () => document.documentElement.scrollWidth > innerWidth;
    assert.equal(await page.evaluate(isWider), false, "the page scrolls sideways");
    await page.context().close();
  });
}
