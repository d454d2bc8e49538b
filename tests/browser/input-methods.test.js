// Keys that an input method handles (Japanese, Chinese, Korean …) do nothing in the page.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, composer, enters, history, room, says, sees, send } from "./support.js";

let ann, bo, general;

before(async () => {
  ann = await account("ann", "admin");
  bo = await account("bo");
  general = await room(ann, "general");
  await room(ann, "other");
  await send(ann, general, "hello");
});

/**
 * How browsers report a key that ends or controls a composition. Most report it during the composition, with a
 * special code; Safari reports it after the end.
 */
const WAYS = {
  "with isComposing": { isComposing: true, keyCode: 229 },
  "with isComposing and the key's own code": { isComposing: true },
  "with the code 229 after the end of the composition": { keyCode: 229, hasEnded: true },
  "in the turn in which the composition ended, in Safari": { hasEnded: true },
};
const CODES = { Enter: 13, ArrowUp: 38, ArrowDown: 40, Escape: 27, Tab: 9, k: 75 };

/** Presses a key in a field as an input method does. Returns whether its default action was prevented. */
const presses = (field, key, { hasEnded = false, ...way }) =>
  field.evaluate(
    (input, [key, code, hasEnded, way]) => {
      input.focus();
      if (hasEnded) input.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
      return !input.dispatchEvent(
        new KeyboardEvent("keydown", {
          key,
          keyCode: code,
          bubbles: true,
          cancelable: true,
          ...way,
        }),
      );
    },
    [key, CODES[key], hasEnded, way],
  );

for (const [name, way] of Object.entries(WAYS)) {
  test(`the page ignores a key of an input method, reported ${name}`, async () => {
    const page = await enters("bo", { at: `/#/rooms/${general}` });
    await sees(page, "hello");
    if (name.includes("Safari")) {
      await page.addInitScript(() => (window.GestureEvent = class extends Event {}));
      await page.reload();
      await sees(page, "hello");
    }
    const before = (await history(bo, general)).length;

    await composer(page).fill("にほ");
    await presses(composer(page), "Enter", way);
    assert.equal(await composer(page).inputValue(), "にほ", "the composer sends nothing");
    await composer(page).fill("");
    await presses(composer(page), "ArrowUp", way);
    assert.equal(await page.locator("form.editor").count(), 0, "and opens no editor");

    await composer(page).pressSequentially("@an");
    await page.getByRole("option", { name: "ann" }).waitFor();
    for (const key of ["Enter", "Tab", "Escape", "ArrowDown"])
      assert.equal(await presses(composer(page), key, way), key === "Escape", key);
    assert.equal(await composer(page).inputValue(), "@an");
    assert.ok(await page.getByRole("option", { name: "ann" }).isVisible());
    await composer(page).fill("");

    await says(page, `mine ${name}`);
    await composer(page).press("ArrowUp");
    const editor = page.getByLabel("Edit the message");
    await editor.fill("ちが");
    for (const key of ["Enter", "Escape"]) await presses(editor, key, way);
    assert.equal(await editor.inputValue(), "ちが", "the editor goes on");
    await editor.press("Escape");

    await page.keyboard.press("Control+k");
    const switcher = page.getByRole("combobox", { name: "Room" });
    await switcher.fill("o");
    const chosen = await switcher.getAttribute("aria-activedescendant");
    await presses(switcher, "ArrowDown", way);
    assert.equal(await switcher.getAttribute("aria-activedescendant"), chosen);
    await presses(switcher, "Enter", way);
    assert.ok(await switcher.isVisible(), "the switcher stays open");
    assert.ok(await presses(switcher, "Escape", way), "and the browser does not close it");
    await page.keyboard.press("Escape");

    // The page handles the next key.
    await says(page, `にほんご ${name}.`);
    const added = (await history(bo, general)).slice(before).map(({ content }) => content);
    assert.deepEqual(added, [`mine ${name}`, `にほんご ${name}.`]);
    await page.context().close();
  });
}

test("outside Safari the page handles Enter directly after the end of a composition", async () => {
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  await sees(page, "hello");
  await composer(page).fill("typed on Android");
  await presses(composer(page), "Enter", { hasEnded: true });
  await sees(page, "typed on Android");
  await page.context().close();
});
