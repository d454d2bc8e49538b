// The tokens of `<chatapp-room>`, what it says if something is wrong, and the example examples/shop.

import { after, test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { tokenFor } from "./embed-page.js";
import {
  events,
  FAILURES,
  field,
  isLive,
  opens,
  PORTS,
  problem,
  says,
  sees,
  site,
  visits,
  visitsWithToken,
} from "./embed-visitor.js";
import { api, history, isAccessible, picture, SERVER, until } from "./support.js";

const { CHATAPP_TEST_PRODUCT_SECRET: SECRET, CHATAPP_TEST_PATIENT: PATIENT } = process.env;

test("the page is asked for a new token before one expires, and when one was revoked", async () => {
  site.pages.seconds = 60;
  site.pages.count = 0;
  const ann = await visits("ann", {
    expects: /Failed to load resource|WebSocket|tokenProvider failed/,
  });
  await isLive(ann);
  site.pages.seconds = 600;
  await until("the token was renewed", () => site.pages.count >= 2);
  await says(ann, "with the second token");
  const before = site.pages.count;
  await api("DELETE", `/admin/users/${site.people.ann}/sessions`, undefined, site.admin);
  await until("there is another token", () => site.pages.count > before);
  await says(ann, "with the third token");
  // What is written while there is no session is sent with the next one.
  site.pages.isDown = true;
  await api("DELETE", `/admin/users/${site.people.ann}/sessions`, undefined, site.admin);
  await problem(ann, "could not be signed in");
  await field(ann).fill("written without a token");
  await field(ann).press("Enter");
  await ann.locator(".unsent .message").filter({ hasText: "without a token" }).waitFor();
  site.pages.isDown = false;
  await sees(ann, "written without a token");
  assert.equal(await ann.getByRole("alert").count(), 0);
  const codes = (await events(ann, "error")).map(({ code }) => code);
  assert.deepEqual([...new Set(codes)], ["token_unavailable"]);
});

test("a token of the page that is revoked or wrong shows a sentence", async () => {
  const ann = await visitsWithToken(await tokenFor(site.people.ann, 600, site.admin));
  await isLive(ann);
  await api("DELETE", `/admin/users/${site.people.ann}/sessions`, undefined, site.admin);
  await problem(ann, "Your access to this chat has ended");
  assert.deepEqual(
    (await events(ann, "error")).map(({ code }) => code),
    ["token_ended"],
  );
  await picture(ann, "embed-ended");
  await isAccessible(ann, "an ended session");
  // The page gives it another one.
  const token = await tokenFor(site.people.ann, 600, site.admin);
  await ann.locator("chatapp-room").evaluate((element, token) => (element.token = token), token);
  await says(ann, "with a token of the property");

  await problem(await visitsWithToken("none"), "does not accept your access");
});

test(
  "a token that ends and that the page does not renew shows a sentence",
  { skip: !PATIENT },
  async () => {
    const ann = await visitsWithToken(await tokenFor(site.people.ann, 60, site.admin));
    await isLive(ann);
    let calls = 0;
    ann.on("request", (request) => (calls += request.url().includes("/auth/refresh") ? 1 : 0));
    ann.setDefaultTimeout(100_000);
    await problem(ann, "Your access to this chat has ended");
    assert.ok(calls < 10, `${calls} vain renewals`);
  },
);

test("a token that the product has signed is taken too", { skip: !SECRET }, async () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss: "https://shop.example", aud: "chat", sub: "7", name: "Gül €", exp };
  const unsigned = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  const signature = createHmac("sha256", SECRET).update(unsigned).digest("base64url");
  const page = await visitsWithToken(`${unsigned}.${signature}`, /^$/);
  await says(page, "from the product");
  const last = (await history(site.admin, site.general)).at(-1);
  assert.deepEqual([last.content, last.display_name], ["from the product", "Gül €"]);
});

test("what the page or the operator must mend is said", async () => {
  const expects = /.*/;
  await problem(await visits("ann", { roomId: 999, expects }), "does not exist");
  await problem(await visits("ann", { roomId: "x", expects }), 'room="1"');
  site.pages.isDown = true;
  await problem(await visits("ann", { expects }), "could not be signed in");
  site.pages.isDown = false;
  const nobody = await opens(`/?room=${site.general}`);
  await problem(nobody, "the page has given it no token");

  // localhost is another origin than 127.0.0.1, and the settings do not name it.
  const foreign = await opens(
    `${site.pages.url.replace("127.0.0.1", "localhost")}/?room=${site.general}&token=x`,
    { expects },
  );
  await problem(foreign, "must name this origin in http.allowed_origins");

  const { policy } = site.pages;
  site.pages.policy = policy.replace(/connect-src[^;]*/, "connect-src 'self'");
  await problem(await visits("ann", { expects }), "connect-src must name");
  site.pages.policy = policy;
});

test("the example shop lets its own visitors chat", async () => {
  const bot = {
    username: "shop",
    role: "admin",
    token: { name: "shop", scopes: ["rooms", "admin"] },
  };
  const { token } = (await api("POST", "/bots", bot, site.admin)).token;
  const folder = mkdtempSync(`${tmpdir()}/shop-`);
  const shop = spawn("node", [new URL("../../examples/shop/server.js", import.meta.url).pathname], {
    cwd: folder,
    env: {
      ...process.env,
      CHAT_URL: SERVER,
      CHAT_ADMIN_TOKEN: token,
      SHOP_PORT: String(PORTS[1]),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => {
    shop.kill();
    rmSync(folder, { recursive: true });
  });
  await new Promise((resolve) => shop.stdout.once("data", resolve));
  const visitors = [];
  for (const name of ["Cleo <b>", "Dan"]) {
    const page = await opens("/", { server: `http://127.0.0.1:${PORTS[1]}` });
    await page.getByLabel("Your name").fill(name);
    await page.getByRole("button", { name: "Sign in" }).click();
    await isLive(page);
    visitors.push(page);
  }
  const [cleo, dan] = visitors;
  await says(cleo, "Is the tea organic?");
  await sees(dan, "Is the tea organic?");
  assert.equal(await dan.locator(".author").last().innerText(), "Cleo <b>");
  await says(dan, "Yes, it says so on the bag.");
  await sees(cleo, "Yes, it says so");
  await cleo.reload();
  await sees(cleo, "Yes, it says so");
  await isAccessible(cleo, "the shop");
  await picture(cleo, "embed-shop");
  await cleo.setViewportSize({ width: 375, height: 667 });
  await picture(cleo, "embed-shop-phone");
});
