// Messages stay text, whatever they look like, and marks become elements.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { account, api, enters, newPage, picture, room, sees, send, SERVER } from "./support.js";

let ann, general;

before(async () => {
  ann = await account("ann", "admin");
  await account("bo");
  general = await room(ann, "general");
});

const ATTACKS = [
  "<script>window.pwned = 1</script>",
  "<img src=x onerror='window.pwned = 1'>",
  "<svg onload=window.pwned=1>",
  "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
  "[click](javascript:window.pwned=1)",
  "[click](JaVaScRiPt:window.pwned=1)",
  "[click](java\tscript:window.pwned=1)",
  "[click]( javascript:window.pwned=1)",
  "[click](data:text/html,<script>window.pwned=1</script>)",
  "[click](vbscript:window.pwned=1)",
  '[click](//example.com/"onmouseover="window.pwned=1)',
  'https://example.com/"onmouseover="window.pwned=1',
  "https://example.com/'><img src=x onerror=window.pwned=1>",
  '```html" onload="window.pwned=1\n</code></pre><script>window.pwned=1</script>\n```',
  "`<b onclick=window.pwned=1>`",
  "> <style>body{display:none}</style>",
  "- <a href=javascript:window.pwned=1>x</a>",
  "**<em onclick=window.pwned=1>**",
  "@bo<script>window.pwned=1</script> :tada:<img src=x onerror=window.pwned=1>",
  "mailto:a@example.com?subject=<script>window.pwned=1</script>",
  "| <img src=x onerror=window.pwned=1> |\n|-|\n| [x](javascript:window.pwned=1) |",
  "||<img src=x onerror=window.pwned=1>||",
  "# <script>window.pwned=1</script>",
  "- [x] <iframe src=javascript:parent.pwned=1></iframe>",
  "```js\n'</code><script>window.pwned=1</script>'\n```",
  "/me <img src=x onerror=window.pwned=1>",
  "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1}",
];

test("no message runs, loads or changes anything", async () => {
  for (const attack of ATTACKS) await send(ann, general, attack);
  const page = await enters("bo", { at: `/#/rooms/${general}` });
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await sees(page, "constructor.constructor");
  for (const link of await page.locator(".prose a").all()) {
    assert.match(await link.getAttribute("href"), /^(https?:|mailto:)/);
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
    await link.hover();
  }
  const found = await page.evaluate(() => ({
    pwned: window.pwned,
    elements: [...document.querySelectorAll(".prose *")].map((it) => it.localName),
    handlers: [...document.querySelectorAll("*")].filter(
      (it) =>
        [...it.attributes].some(({ name }) => name.startsWith("on") || name === "style") &&
        it.closest(".prose"),
    ).length,
  }));
  assert.equal(found.pwned, undefined);
  assert.equal(found.handlers, 0);
  const allowed = [
    "p",
    "a",
    "code",
    "pre",
    "strong",
    "em",
    "s",
    "ul",
    "ol",
    "li",
    "blockquote",
    "span",
    "h3",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "label",
    "input",
    // The block of code and its button for copying.
    "div",
    "button",
    "svg",
    "path",
  ];
  assert.deepEqual(
    [...new Set(found.elements)].filter((name) => !allowed.includes(name)),
    [],
  );
  assert.ok(await page.getByText("<script>window.pwned = 1</script>", { exact: true }).isVisible());
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(SERVER)),
    [],
  );
  await picture(page, "attacks");
  await page.context().close();
});

test("names of rooms and topics stay text too", async () => {
  const id = await room(
    ann,
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
  );
  const page = await enters("bo", { at: `/#/rooms/${id}` });
  await page.getByRole("heading", { level: 1, name: "<img src=x" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: "<img src=x" }).waitFor();
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  await page.context().close();
  await api("DELETE", `/rooms/${id}`, undefined, ann);
});

test("the page's policy refuses scripts and HTML made from text", async () => {
  const page = await newPage({ expects: /TrustedHTML|CSP|Content Security Policy|Trusted/ });
  await page.goto("/");
  await page.getByRole("heading").first().waitFor();
  const refused = await page.evaluate(() => {
    const tried = [
      () => {
        document.createElement("div").innerHTML = "<b>x</b>";
      },
      () => document.write("x"),
      () => {
        const script = document.createElement("script");
        script.text = "window.pwned = 1";
        document.body.append(script);
      },
    ];
    return tried.map((attempt) => {
      try {
        attempt();
        return window.pwned ? "done" : "refused";
      } catch (error) {
        return error.name;
      }
    });
  });
  assert.deepEqual(refused, ["TypeError", "TypeError", "TypeError"]);
  await page.context().close();
});

/** Texts with marks, and the expected result: elements as tags, the rest as text. */
const MARKS = [
  ["plain", "<p>plain</p>"],
  [
    "**bold** __bold__ *it* _it_ ~~gone~~",
    "<p><strong>bold</strong> <strong>bold</strong> <em>it</em> <em>it</em> <s>gone</s></p>",
  ],
  ["***both***", "<p><strong><em>both</em></strong></p>"],
  ["**bold *and it* too**", "<p><strong>bold <em>and it</em> too</strong></p>"],
  ["snake_case_name 2*3*4 a ** b", "<p>snake_case_name 2<em>3</em>4 a ** b</p>"],
  ["*open **and `code *x*`", "<p>*open **and <code>code *x*</code></p>"],
  ["\\*not\\* \\`this\\`", "<p>*not* `this`</p>"],
  ["a\nb\n\nc", "<p>a\nb</p><p>c</p>"],
  [
    "```rust\nfn *a*() {}\n\n<b>\n```\nafter",
    "<pre><code>fn *a*() {}\n\n<b></code></pre><p>after</p>",
  ],
  ["``a`b``", "<p><code>a`b</code></p>"],
  ["> quoted\n> *twice*\nnot", "<blockquote><p>quoted\n<em>twice</em></p></blockquote><p>not</p>"],
  [
    "- one\n- **two**\n\n1. a\n2. b",
    "<ul><li>one</li><li><strong>two</strong></li></ul><ol><li>a</li><li>b</li></ol>",
  ],
  ["[a *b*](https://example.com/x)", "<p><a https://example.com/x>a <em>b</em></a></p>"],
  [
    "see https://example.com/a_b_(c). (https://example.com)",
    "<p>see <a https://example.com/a_b_(c)>https://example.com/a_b_(c)</a>. (<a https://example.com/>https://example.com</a>)</p>",
  ],
  [
    "mailto:ann@example.com, ftp://x",
    "<p><a mailto:ann@example.com>ann@example.com</a>, ftp://x</p>",
  ],
  ["[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"],
  [
    "hi @bo. and a@bo.org @Bo!",
    "<p>hi <span>@bo</span>. and <a mailto:a@bo.org>a@bo.org</a> <span>@Bo</span>!</p>",
  ],
  [":tada: :nope: 10:30:45", "<p>🎉 :nope: 10:30:45</p>"],
  [`a${"*".repeat(4000)}`, `<p>a${"*".repeat(4000)}</p>`],
];

test("marks become elements", async () => {
  const page = await newPage();
  await page.goto("/");
  const made = await page.evaluate(async (marks) => {
    const { markdown } = await import(
      document.querySelector("link[href$='text/markdown.js']").href
    );
    const show = (node) =>
      node.nodeType === Node.TEXT_NODE
        ? node.data
        : `<${node.localName}${node.href ? ` ${node.href}` : ""}>${[...node.childNodes].map(show).join("")}</${node.localName}>`;
    return marks.map(([text]) => [...markdown(text, "bo").childNodes].map(show).join(""));
  }, MARKS);
  MARKS.forEach(([text, wanted], at) => assert.equal(made[at], wanted, text));
  // No message takes long to parse.
  const slowest = await page.evaluate(async () => {
    const { markdown } = await import(
      document.querySelector("link[href$='text/markdown.js']").href
    );
    const hard = [
      "*a ",
      "**a ",
      "_a ",
      "[",
      "[a](",
      "`a ``",
      "> ",
      "- ",
      "~~",
      "@a",
      ":a",
      "https://a",
      "> > ",
      "*_*_",
      "[](",
      "(((",
    ];
    let slowest = ["", 0];
    for (const part of hard) {
      const start = performance.now();
      markdown(part.repeat(4000 / part.length), "bo");
      const took = performance.now() - start;
      if (took > slowest[1]) slowest = [part, took];
    }
    return slowest;
  });
  assert.ok(slowest[1] < 1_000, `${slowest}`);
  await page.context().close();
});
