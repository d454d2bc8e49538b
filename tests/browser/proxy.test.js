// The page behind nginx: below a path, and behind proxies that do not pass on the necessary headers.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { account, enters, history, newPage, room, says, SERVER, until } from "./support.js";

/** The messages of a browser about refused connections and files. */
const REFUSED = /WebSocket connection|ERR_|Failed to load resource|MIME type/;

const UPGRADE =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
const HOST = "proxy_set_header Host $http_host;";

/** The configuration of each site of the proxy. */
const SITES = {
  whole: `location / { proxy_pass ${SERVER}; ${UPGRADE} ${HOST} }`,
  withoutHost: `location / { proxy_pass ${SERVER}; ${UPGRADE} }`,
  withoutUpgrade: `location / { proxy_pass ${SERVER}; ${HOST} }`,
  belowPath: `location /team/chat/ { proxy_pass ${SERVER}/; ${UPGRADE} ${HOST} }`,
  pathWithoutSlash: `location = /chat { proxy_pass ${SERVER}/; ${UPGRADE} ${HOST} }`,
};

let token, general, nginx, folder;
/** @type {Record<keyof typeof SITES, string>} */
const urls = {};

before(async () => {
  token = await account("ann", "admin");
  await account("bo");
  general = await room(token, "general");
  folder = mkdtempSync(join(tmpdir(), "chatapp-nginx-"));
  const servers = [];
  for (const [name, location] of Object.entries(SITES)) {
    const port = await freePort();
    urls[name] = `http://127.0.0.1:${port}`;
    servers.push(`server { listen 127.0.0.1:${port}; ${location} }`);
  }
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const config = `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
    events {}
    http { access_log off; ${paths.join(" ")} ${servers.join("\n")} }`;
  writeFileSync(join(folder, "nginx.conf"), config);
  const program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].find(existsSync);
  assert.ok(program, "there is no nginx: scripts/test installs it");
  nginx = spawn(program, ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "inherit" });
  await until("nginx answers", () => fetch(urls.whole).catch(() => null));
});

after(() => {
  nginx?.kill();
  if (folder) rmSync(folder, { recursive: true });
});

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const banner = (page) => page.locator(".connection.shown");

test("the page works behind a proxy that passes on the necessary headers", async () => {
  const page = await enters("bo", { server: urls.whole, at: `/#/rooms/${general}` });
  await says(page, "through a proxy");
});

test("the page says that a proxy does not pass on the Host, and how to fix it", async () => {
  const page = await enters("bo", { server: urls.withoutHost, expects: REFUSED });
  const words = banner(page).filter({ hasText: "proxy_set_header Host" });
  await words.waitFor();
  const text = await words.innerText();
  assert.ok(text.includes(urls.withoutHost) && text.includes(new URL(SERVER).host), text);
});

test("the page says that a proxy does not pass on the upgrade", async () => {
  const page = await enters("bo", { server: urls.withoutUpgrade, expects: REFUSED });
  await banner(page).filter({ hasText: "Upgrade and Connection" }).waitFor();
});

test("the page works below a path", async () => {
  const at = `/team/chat/#/rooms/${general}`;
  const page = await enters(" bo ", { server: urls.belowPath, at });
  await says(page, "below a path");
  await page.reload();
  await page.locator("li.message").filter({ hasText: "below a path" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/team/chat/");
  const contents = (await history(token, general)).map(({ content }) => content);
  assert.equal(contents.at(-1), "below a path");
});

test("a page whose files do not arrive says so", async () => {
  const page = await newPage({ server: urls.pathWithoutSlash, expects: REFUSED });
  await page.goto("/chat");
  await page.getByText("The files of this page have not arrived").waitFor();
  const working = await newPage();
  await working.goto("/");
  await working.getByRole("button", { name: "Sign in" }).waitFor();
  assert.equal(await working.getByText("have not arrived").count(), 0);
});
