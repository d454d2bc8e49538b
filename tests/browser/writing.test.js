// What the composer makes of a text: short names become emoji, and commands are carried out.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import {
  account,
  composer,
  enters,
  history,
  isAccessible,
  newPage,
  picture,
  room,
  says,
  sees,
  signsIn,
  until,
} from "./support.js";

let ann, bo;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
});

test("all short names of emoji are known with the first colon, and are sent as emoji", async () => {
  const page = await newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const id = await room(ann, "emoji");
  await signsIn(page, "ann", `/#/rooms/${id}`);
  await composer(page).waitFor();
  const isLoaded = () => asked.some((url) => url.endsWith("emoji-table.js"));
  await says(page, "nothing");
  assert.equal(isLoaded(), false);
  // By a part of the name, and by a keyword.
  await composer(page).pressSequentially(":heart_hands");
  await page.getByRole("option", { name: ":heart_hands:" }).waitFor();
  await composer(page).press("Tab");
  assert.equal(await composer(page).inputValue(), "🫶 ");
  await composer(page).fill("");
  await composer(page).pressSequentially(":excit");
  await page.getByRole("option", { name: ":star_struck:" }).waitFor();
  await composer(page).press("Escape");
  await composer(page).fill(":flag-de: (:man-shrugging:) `:tada: x` https://e.com/:tada:/ :nope:");
  await composer(page).press("Enter");
  await sees(page, "🤷");
  await composer(page).fill("```\n :tada: \n```\n> :tada:");
  await composer(page).press("Enter");
  await until("both are stored", async () => (await history(ann, id)).length === 3);
  assert.deepEqual(
    (await history(ann, id)).slice(1).map(({ content }) => content),
    ["🇩🇪 (🤷‍♂️) `:tada: x` https://e.com/:tada:/ :nope:", "```\n :tada: \n```\n> 🎉"],
  );
  await page.context().close();
});

test("the table of emoji agrees with the usual short names, and can be searched", async () => {
  const page = await newPage();
  await page.goto("/");
  const found = await page.evaluate(async () => {
    const emoji = await import(document.querySelector("link[href$='text/emoji.js']").href);
    const usual = ["tada", "+1", "heart", "slight_smile", "white_check_mark", "date", "100"];
    const before = usual.map(emoji.emojiOf);
    const all = await emoji.loadEmoji();
    return {
      before,
      after: usual.map(emoji.emojiOf),
      count: all.length,
      thumb: all.find(({ symbol }) => symbol === "👍"),
      groups: [...new Set(all.map(({ group }) => group))],
      names: emoji.shortNames("❤"),
      slack: emoji.emojiOf("flag-us"),
      large: ["🇩🇪 1️⃣", "👩‍💻👍🏽", "5", "a 🎉"].map(emoji.isOnlyEmoji),
    };
  });
  assert.deepEqual(found.before, found.after);
  assert.ok(found.count > 1_800, `${found.count} emoji`);
  assert.deepEqual(found.thumb.names, ["+1", "thumbsup"]);
  assert.equal(found.thumb.group, "people-body");
  assert.ok(found.thumb.hasTones && found.thumb.keywords.length > 0);
  assert.equal(found.groups.length, 9);
  assert.deepEqual(found.names, ["heart"]);
  assert.equal(found.slack, "🇺🇸");
  assert.deepEqual(found.large, [true, true, false, false]);
  await page.context().close();
});

test("commands are suggested after a slash, and change what is sent", async () => {
  const id = await room(ann, "commands");
  const page = await enters("bo", { at: `/#/rooms/${id}` });
  await page.getByText("Write the first message").waitFor();
  await composer(page).pressSequentially("/");
  assert.equal(await page.getByRole("option").count(), 4);
  await picture(page, "commands");
  await isAccessible(page, "suggested commands");
  await composer(page).pressSequentially("ta");
  await page.getByRole("option", { name: "/tableflip" }).waitFor();
  await composer(page).press("Enter");
  assert.equal(await composer(page).inputValue(), "/tableflip ");
  await composer(page).pressSequentially("why");
  await composer(page).press("Enter");
  await sees(page, "why (╯°□°)╯︵ ┻━┻");
  // After a whole command Enter sends.
  await composer(page).pressSequentially("/shrug");
  await composer(page).press("Enter");
  await sees(page, "¯\\_(ツ)_/¯");
  for (const text of ["/unflip", "/me waves", "/nope x", " /me sleeps", "a /shrug", "/me"]) {
    await composer(page).fill(text);
    await composer(page).press("Enter");
    await until(`${text} is sent`, async () => (await composer(page).inputValue()) === "");
  }
  await until("all are stored", async () => (await history(bo, id)).length === 8);
  assert.deepEqual(
    (await history(bo, id)).slice(1).map(({ content }) => content),
    ["¯\\_(ツ)_/¯", "┬─┬ノ( º _ ºノ)", "/me waves", "/nope x", "\\/me sleeps", "a /shrug", "/me"],
  );
  const row = (text) => page.locator("li.message").filter({ hasText: text });
  assert.match(await row("waves").locator(".prose").innerText(), /^bo waves$/);
  assert.equal(await row("sleeps").locator(".prose").innerText(), "/me sleeps");
  await row("waves").getByRole("button", { name: "bo" }).click();
  await page.getByRole("dialog", { name: "Profile" }).waitFor();
  await page.context().close();
});
