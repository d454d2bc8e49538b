// The text of messages as elements: blocks and marks as on GitHub and Slack, also of hostile texts.

import { test } from "node:test";
import assert from "node:assert/strict";
import { newPage } from "./support.js";

/** A text, and the expected result: elements as tags, the rest as text. */
const BLOCKS = [
  // Headings.
  ["# A *b*\n## C ##\n###### d #e", "<h3 1>A <em>b</em></h3><h3 2>C</h3><h3 3>d #e</h3>"],
  ["#general\n#1 is fixed\n####### seven", "<p>#general\n#1 is fixed\n####### seven</p>"],
  // Rules.
  ["a\n\n---\n* * *\n___\nb", "<p>a</p><hr><hr><hr><p>b</p>"],
  ["a -- b\n--", "<p>a -- b\n--</p>"],
  // Fences.
  ["~~~\na\n```\n~~~\nb", "<pre><code>a\n```</code></pre><p>b</p>"],
  ["````md\n```js\nx\n```\n````", "<pre><code md>```js\nx\n```</code></pre>"],
  ["```js title=x\na\n``` not\n`````", "<pre><code js>a\n``` not</code></pre>"],
  ["```a``` b", "<p><code>a</code> b</p>"],
  ["```\n\tmake\n", "<pre><code>\tmake\n</code></pre>"],
  ["  ```\n    a\n  b\n  ```", "<pre><code>  a\nb</code></pre>"],
  // Lists.
  [
    "- a\n  - b\n    - c\n- d",
    "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>",
  ],
  ["1. a\n   - b\n2. c", "<ol 1><li>a<ul><li>b</li></ul></li><li>c</li></ol>"],
  ["1. a\n  - b\n  - c", "<ol 1><li>a<ul><li>b</li><li>c</li></ul></li></ol>"],
  ["- a\n\t- b\n\t\t1) c", "<ul><li>a<ul><li>b<ol 1><li>c</li></ol></li></ul></li></ul>"],
  ["- a\n\n- b\n- c", "<ul><li>a</li><li>b</li><li>c</li></ul>"],
  ["7. a\n8. b\n- c", "<ol 7><li>a</li><li>b</li></ol><ul><li>c</li></ul>"],
  ["- a\n\n  b\n\nc", "<ul><li><p>a</p><p>b</p></li></ul><p>c</p>"],
  ["- a\nb", "<ul><li>a</li></ul><p>b</p>"],
  [
    "- a\n  ```\n  x\n    y\n  ```\n- b",
    "<ul><li>a<pre><code>x\n  y</code></pre></li><li>b</li></ul>",
  ],
  ["-a\n1.5 b\n-", "<p>-a\n1.5 b\n-</p>"],
  // Tasks.
  [
    "- [ ] a\n- [x] *b*\n  - [X] c\n- [y] d",
    "<ul><li><label><input off><span>a</span></label></li><li><label><input on><span><em>b</em></span></label>" +
      "<ul><li><label><input on><span>c</span></label></li></ul></li><li>[y] d</li></ul>",
  ],
  // Quotes within lists, and lists within quotes.
  [
    "> a\n> > b\n> - c\n>   > d\n\ne",
    "<blockquote><p>a</p><blockquote><p>b</p></blockquote><ul><li>c<blockquote><p>d</p></blockquote></li></ul></blockquote><p>e</p>",
  ],
  ["- > a\n  > b\n- c", "<ul><li><blockquote><p>a\nb</p></blockquote></li><li>c</li></ul>"],
  ["> ```\n> x\n> ```\n> y", "<blockquote><pre><code>x</code></pre><p>y</p></blockquote>"],
  // Tables.
  [
    "a | *b*\n:-|-:\n1 | 2\n| 3 |\nx\n\nend",
    "<div><table><thead><tr><th left>a</th><th right><em>b</em></th></tr></thead><tbody>" +
      "<tr><td left>1</td><td right>2</td></tr><tr><td left>3</td><td></td></tr><tr><td left>x</td><td></td></tr>" +
      "</tbody></table></div><p>end</p>",
  ],
  [
    "text\n|a|\n|:-:|\n|`x \\| y`|z|\n> q",
    "<p>text</p><div><table><thead><tr><th center>a</th></tr></thead><tbody><tr><td center><code>x | y</code></td>" +
      "</tr></tbody></table></div><blockquote><p>q</p></blockquote>",
  ],
  ["a | b\n---\nc", "<p>a | b</p><hr><p>c</p>"],
  ["a | b | c\n-|-\nd", "<p>a | b | c\n-|-\nd</p>"],
];

const MARKS = [
  ["~a~ ~~b~~ 10~20 30~40 ~/a ~/b", "<s>a</s> <s>b</s> 10~20 30~40 ~/a ~/b"],
  ["||a *b*|| a||b||c || d ||", "<Spoiler>a <em>b</em></Spoiler> a||b||c || d ||"],
  ["答えは||秘密||です", "答えは<Spoiler>秘密</Spoiler>です"],
  ["**a ||b** c||", "<strong>a ||b</strong> c||"],
  ["`||a||` `@bo` `` `x` ``", "<code>||a||</code> <code>@bo</code> <code>`x`</code>"],
  ["***a** b* *c **d***", "<em><strong>a</strong> b</em> <em>c <strong>d</strong></em>"],
  ["**a* *b**", "<strong>a* *b</strong>"],
  ["\\||a|| \\~b~ \\/me", "||a|| ~b~ /me"],
  ["¯\\_(ツ)_/¯ _a_", "¯\\_(ツ)_/¯ <em>a</em>"],
  ["@room @here @Bo @ann a@here", "<ME>@room</ME> <ME>@here</ME> <ME>@Bo</ME> <@>@ann</@> a@here"],
  ["`@bo` and ```@room``` @roomy", "<code>@bo</code> and <code>@room</code> <@>@roomy</@>"],
  [":tada: :+1::fire: :100:", "🎉 👍🔥 💯"],
  ["10:100:30 std::fire::x `:tada:` :nope:", "10:100:30 std::fire::x <code>:tada:</code> :nope:"],
  ["https://e.com/:tada:/ **:tada:**", "<a>https://e.com/:tada:/</a> <strong>🎉</strong>"],
];

/** The nodes that a function of text/ makes of each text, written as text. */
async function rendered(texts, file, name) {
  const page = await newPage();
  await page.goto("/");
  const made = await page.evaluate(
    async ([texts, file, name]) => {
      const inner = (node) => [...node.childNodes].map(show).join("");
      const show = (node) => {
        if (node.nodeType === Node.TEXT_NODE) return node.data;
        if (node.matches(".spoiler"))
          return `<Spoiler>${inner(node.lastChild.firstChild)}</Spoiler>`;
        if (node.matches(".mention-me")) return `<ME>${inner(node)}</ME>`;
        if (node.matches(".mention")) return `<@>${inner(node)}</@>`;
        const element = node.localName;
        const { level, align, language } = node.dataset;
        const state = { ol: node.start, input: node.checked ? "on" : "off" }[element];
        const note = state ?? level ?? align ?? language;
        const tag = note === undefined ? element : `${element} ${note}`;
        if (["hr", "input"].includes(element)) return `<${tag}>`;
        return `<${tag}>${inner(node)}</${element}>`;
      };
      const module = await import(document.querySelector(`link[href$='text/${file}']`).href);
      return texts.map((text) => inner(module[name](text, "bo")));
    },
    [texts, file, name],
  );
  await page.context().close();
  return made;
}

async function areRendered(cases, file, name) {
  const made = await rendered(
    cases.map(([text]) => text),
    file,
    name,
  );
  const wrong = cases.map(([text, wanted], at) => ({ text, wanted, made: made[at] }));
  assert.deepEqual(
    wrong.filter((it) => it.made !== it.wanted),
    [],
  );
}

test("blocks become elements", () => areRendered(BLOCKS, "markdown.js", "markdown"));

test("marks within a line become elements", () => areRendered(MARKS, "inline.js", "inline"));

test("a hostile text takes little time, and its elements are not deep", async () => {
  const page = await newPage();
  await page.goto("/");
  const found = await page.evaluate(async () => {
    const { markdown } = await import(
      document.querySelector("link[href$='text/markdown.js']").href
    );
    const depthOf = (root) => {
      let most = 0;
      const walker = document.createTreeWalker(root);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        let depth = 0;
        for (let it = node; it !== root; it = it.parentNode) depth += 1;
        most = Math.max(most, depth);
        // Deep trees only: the cost of this loop grows with the depth.
        if (most > 100) break;
      }
      return most;
    };
    const parts = [
      "*a ",
      "**a ",
      "*_",
      "_*",
      "*_~~**||",
      "||a ",
      "||a|| ",
      "a|| ",
      "~a ",
      "`",
      "`a ``",
      "\\",
    ];
    parts.push(
      "[",
      "[a](",
      "[](",
      "](",
      "[a](https://e.com ",
      "[a](<",
      "[a](b",
      "![",
      "[`",
      "<",
      "<a",
      "a@b",
    );
    parts.push(
      "a@b.c ",
      "@a",
      ":a",
      ":a:",
      "www.",
      "www.a.b ",
      "https://",
      "https://%",
      "mailto:a@b.c ",
      "¯",
    );
    parts.push(
      "> ",
      ">",
      "- ",
      "- a\n",
      "1. ",
      "- [ ] ",
      "- > ",
      "  - a\n",
      "\n",
      "\n\n> a",
      "# ",
      "#",
      "---\n",
    );
    parts.push(
      "```",
      "```\n",
      "~~~\n",
      "~~~a\n````\n",
      "|",
      "|-",
      "a|b\n-|-\n",
      "|a|\n|-|\n",
      "|a",
      "-|",
      "- a\n\n",
    );
    parts.push(
      "\t",
      " ",
      "* ",
      "*a*",
      "**a**",
      "***a***",
      "a*b",
      "\u202e",
      "@room ",
      "&amp;",
      "/me ",
    );
    const texts = parts.map((part) => [part, part.repeat(40_000 / part.length)]);
    for (const deep of ["> ", "- ", "> - ", "1. > ", "*_", "**_", "||*", "~~*", "["]) {
      const back = [...deep].reverse().join("");
      texts.push([`${deep}…${back}`, `${deep.repeat(8000)}a${back.repeat(8000)}`]);
    }
    // Each line is indented further than the one before.
    const steps = Array.from({ length: 300 }, (_, at) => `${"  ".repeat(at)}- a`).join("\n");
    texts.push(["steps", steps]);
    texts.push([
      "wide table",
      `${"|a".repeat(100)}\n${"|-".repeat(100)}\n${"|a\n".repeat(10_000)}`,
    ]);
    texts.push([
      "too wide table",
      `${"|a".repeat(5000)}\n${"|-".repeat(5000)}\n${"|a\n".repeat(5000)}`,
    ]);
    texts.push(["dashes", `a|b\n-${" ".repeat(40_000)}x`, `a|b\n${"- ".repeat(20_000)}x`]);
    texts.push(["heading", `# a${" ".repeat(40_000)}b${" #".repeat(20_000)}c`]);
    texts.push(["code", `\`${" ".repeat(40_000)}a\``]);
    texts.push(["fence", `\`\`\`${" ".repeat(40_000)}a\n${"`".repeat(40_000)}`]);
    const empty = [];
    let elements = 0;
    let depth = 0;
    for (const [name, text] of texts) {
      const made = markdown(text, "bo");
      elements = Math.max(elements, made.querySelectorAll("*").length / text.length);
      depth = Math.max(depth, depthOf(made));
      // Only backslashes, marks and blanks may be missing.
      if (/[^\s\\]/.test(text) && !made.firstChild) empty.push(name);
    }
    return { empty, elements, depth };
  });
  assert.deepEqual(found.empty, []);
  assert.ok(found.depth < 60, `${found.depth} elements within each other`);
  assert.ok(found.elements < 3, `${found.elements} elements for each character`);
  await page.context().close();
});

test("the time grows with the length of the text only", async () => {
  const page = await newPage();
  await page.goto("/");
  // A text of the greatest length that a server can be set to take. It takes a second or two. If each character made
  // the others cost more, it would take hours: the limit only ends the test then.
  const slow = await page.evaluate(async () => {
    const { markdown } = await import(
      document.querySelector("link[href$='text/markdown.js']").href
    );
    const found = [];
    for (const part of [
      "*a ",
      "*_",
      "||a|| ",
      "[a](",
      "`a ``",
      "a@b",
      "<",
      "https://%",
      "> - ",
      "|a",
      "\\",
    ]) {
      const start = performance.now();
      markdown(part.repeat(1_000_000 / part.length), "bo");
      const took = performance.now() - start;
      if (took > 120_000) found.push([part, took]);
    }
    return found;
  });
  assert.deepEqual(slow, []);
  await page.context().close();
});
