// Code in colours, by the language that is named after the fence.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, newPage, room, send, signsIn } from "./support.js";

let ann;

before(async () => {
  ann = await account("ann", "admin");
  await account("bo");
});

const RUST =
  '```rust\n// A comment\nfn main() -> Result<(), Error> {\n    let name = "world"; /* all */\n    println!("hello {name}", 0x2a);\n    Ok(())\n}\n```';

test("code gets its colours later, which moves nothing", async () => {
  const page = await newPage();
  let release;
  const isAsked = new Promise((resolve) =>
    page.route("**/lazy/highlight.js", async (route) => {
      resolve(undefined);
      await new Promise((ready) => (release = ready));
      await route.continue();
    }),
  );
  const id = await room(ann, "code");
  await send(ann, id, RUST);
  await send(ann, id, "```brainfuck\n+++\n```");
  await signsIn(page, "bo", `/#/rooms/${id}`);
  await isAsked;
  const code = page.getByRole("region", { name: "Code, rust" });
  const before = await code.boundingBox();
  const text = await code.textContent();
  assert.equal(await code.locator("span").count(), 0);
  release();
  await code.locator(".code-comment").first().waitFor();
  assert.deepEqual(await code.boundingBox(), before);
  assert.equal(await code.textContent(), text);
  const colored = (kind) => code.locator(`.code-${kind}`).allTextContents();
  assert.deepEqual(await colored("comment"), ["// A comment", "/* all */"]);
  assert.deepEqual(await colored("string"), ['"world"', '"hello {name}"']);
  assert.deepEqual(await colored("keyword"), ["fn", "let"]);
  assert.deepEqual(await colored("number"), ["0x2a"]);
  // A language that the page does not know stays plain, and its name is shown.
  const other = page.getByRole("region", { name: "Code, brainfuck" });
  assert.equal(await other.locator("span").count(), 0);
  const label = await page
    .locator(".code-block")
    .last()
    .evaluate((it) => getComputedStyle(it, "::before").content);
  assert.equal(label, '"brainfuck"');
  await page.context().close();
});

/** A text in a language, and its coloured parts. */
const COLORED = [
  [
    "js",
    "const a = `x\n${b}`; // c\nawait 1e3",
    "keyword const|string `x\n${b}`|comment // c|keyword await|number 1e3",
  ],
  ["ts", "interface A { b: string }", "keyword interface|keyword string"],
  [
    "python",
    "@x\ndef f(): # c\n  '''a\nb'''\n  return None",
    "keyword def|comment # c|string '''a\nb'''|keyword return|value None",
  ],
  [
    "go",
    'func f() { return `a\nb` + "c" }',
    'keyword func|keyword return|string `a\nb`|string "c"',
  ],
  [
    "c++",
    "#include <x>\nint a = 0x1F; /* b\n*/",
    "keyword #include|keyword int|number 0x1F|comment /* b\n*/",
  ],
  [
    "java",
    "public class A { char c = 'x'; }",
    "keyword public|keyword class|keyword char|string 'x'",
  ],
  ["cs", "using X; var a = null;", "keyword using|keyword var|value null"],
  ["json", '{"a": "b", "c": 1.5}', 'name "a"|string "b"|name "c"|number 1.5'],
  ["yaml", "a-b: 'c' # d\ne: true", "name a-b|string 'c'|comment # d|name e|value true"],
  ["toml", 'a = "b"\n# c', 'name a|string "b"|comment # c'],
  ["sql", "SELECT a FROM b -- c", "keyword SELECT|keyword FROM|comment -- c"],
  [
    "bash",
    'if true; then echo "a\nb" # c\nfi',
    'keyword if|value true|keyword then|keyword echo|string "a\nb"|comment # c|keyword fi',
  ],
  ["xml", '<!-- c --><a b="c">if</a>', 'comment <!-- c -->|keyword a|name b|string "c"|keyword a'],
  [
    "css",
    "/* c */ a { color: red; width: 10px }",
    "comment /* c */|name color|name width|number 10px",
  ],
  ["diff", "@@ 1\n-a\n+b\n c", "comment @@ 1\n|removed -a\n|added +b\n"],
  ["js", 'it\'s \\" "open\nconst', "keyword const"],
  ["constructor", "const", ""],
];

/** Repeated to 49,000 characters, these would take minutes if the rest were read again after each opening sign. */
const HOSTILE = [
  '"',
  "'",
  '\\"',
  "/*",
  "<!--",
  "'''",
  "`",
  "a",
  "1",
  "# ",
  "<",
  "a: ",
  "\n+",
  "1.",
  "0x",
  " ",
];

test("the common languages have colours, and hostile code is coloured before the test's deadline", async () => {
  const page = await newPage();
  await page.goto("/");
  const made = await page.evaluate(
    async ({ cases, hostile }) => {
      const inline = document.querySelector("link[href$='text/inline.js']").href;
      const { highlight } = await import(new URL("lazy/highlight.js", inline).href);
      const colour = (language, text) => {
        const code = document.createElement("code");
        code.textContent = text;
        highlight(code, language);
        if (code.textContent !== text) throw new Error(`${language}: the text has changed`);
        return [...code.children]
          .map((it) => `${it.className.slice(5)} ${it.textContent}`)
          .join("|");
      };
      for (const language of new Set(cases.map(([language]) => language))) {
        for (const part of hostile) colour(language, part.repeat(49_000 / part.length));
      }
      return cases.map(([language, text]) => colour(language, text));
    },
    { cases: COLORED, hostile: HOSTILE },
  );
  COLORED.forEach(([language, text, wanted], at) =>
    assert.equal(made[at], wanted, `${language}: ${text}`),
  );
  await page.context().close();
});
