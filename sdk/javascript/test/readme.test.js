// The programs in README.md run as they are printed there.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { PASSWORD, Server, atEnd, event, folder, live, packages, run, until } from "./support.js";

const SDK = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(join(SDK, "README.md"), "utf8");
const MOST_LINES = 30;

/** The program below a heading. */
function program(heading, language) {
  const part = README.split(`\n## ${heading}\n`)[1] ?? "";
  const [, text] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(part) ?? [];
  assert.ok(text, `README.md has no program below "${heading}"`);
  assert.ok(text.trim().split("\n").length <= MOST_LINES, `"${heading}" has too many lines`);
  return text;
}

/** A server of the page: another origin than that of the chat. */
const site = folder();
const files = createServer((request, response) => {
  const file = normalize(join(site, decodeURI(request.url ?? "")));
  if (!file.startsWith(site) || !existsSync(file)) return response.writeHead(404).end();
  const type = file.endsWith(".js") ? "text/javascript" : "text/html";
  response.writeHead(200, { "Content-Type": type }).end(readFileSync(file));
});

/** @type {Server} */
let server;
let ann, bo, roomId, client, room;

before(async () => {
  await new Promise((resolve) => files.listen(0, "127.0.0.1", () => resolve(undefined)));
  const origin = `http://127.0.0.1:${files.address().port}`;
  server = await Server.start({ CHATAPP_HTTP__ALLOWED_ORIGINS: origin });
  ann = await server.account("ann");
  bo = await server.account("bo");
  roomId = await server.room(ann, "general");
  client = await server.client(ann);
  room = client.follow(roomId);
  await live(room);
});
atEnd(() => files.close());

test("the bot answers, also what was asked while it was killed, and each question once", async () => {
  const place = folder();
  mkdirSync(join(place, "node_modules"));
  symlinkSync(SDK, join(place, "node_modules", "chatapp-client"));
  symlinkSync(join(packages.resolve("ws"), ".."), join(place, "node_modules", "ws"));
  writeFileSync(join(place, "bot.mjs"), program("A bot in 30 lines", "js"));
  const environment = { CHAT_URL: server.url, CHAT_TOKEN: bo.token, CHAT_ROOM: String(roomId) };
  const start = () => run("bot.mjs", [], { cwd: place, env: { ...process.env, ...environment } });

  const answers = [];
  room.on("message", ({ content, username }) => username === "bo" && answers.push(content));
  let bot = start();
  await event(room, "user_joined", ({ username }) => username === "bo");
  await room.send("!echo one");
  await until("the first answer", () => answers.length === 1);
  for (let n = 2; n <= 6; n += 1) {
    await room.send(`!echo ${n}`);
    bot.child.kill("SIGKILL");
    await bot.ended;
    bot = start();
    await until(`answer ${n}`, () => answers.length >= n);
  }
  bot.child.kill("SIGKILL");
  await bot.ended;
  await room.send("the end");
  const contents = await server.contents(ann, roomId);
  assert.deepEqual(
    contents.filter((content) => !content.startsWith("!")),
    ["one", "2", "3", "4", "5", "6", "the end"],
  );
});

test("the page shows messages and sends them, from another origin, also after a reload", async () => {
  symlinkSync(SDK, join(site, "chatapp-client"));
  const text = program("A page in 30 lines", "html")
    .replace("https://chat.example.com", server.url)
    .replace("const ROOM = 1;", `const ROOM = ${roomId};`);
  writeFileSync(join(site, "index.html"), text);
  const { chromium } = packages("playwright-core");
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  atEnd(() => browser.close());
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("dialog", (dialog) =>
    dialog.accept(dialog.message().includes("Password") ? PASSWORD : "bo"),
  );
  await page.goto(`http://127.0.0.1:${files.address().port}/index.html`);
  await room.send("hello, page");
  await page.getByText("ann: hello, page").waitFor();
  await page.getByRole("textbox").fill("hello, ann");
  await page.getByRole("textbox").press("Enter");
  await page.getByText("bo: hello, ann").waitFor();
  await page.reload();
  await page.getByText("bo: hello, ann").waitFor();
  await server.crash();
  await room.send("after a crash");
  await page.getByText("ann: after a crash").waitFor();
  assert.equal(await page.getByText("bo: hello, ann").count(), 1);
  assert.deepEqual(faults, []);
});

/** The path of the installed browser. */
function chromiumPath() {
  const folders = (process.env.PATH ?? "").split(":");
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.flatMap((name) => folders.map((one) => join(one, name))).find(existsSync);
  assert.ok(found, "there is no Chromium: scripts/test installs it");
  return found;
}
