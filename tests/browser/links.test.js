// Where an address begins and ends in a message: the cases of GFM and CommonMark that concern the page,
// and those of other languages.

import { test } from "node:test";
import assert from "node:assert/strict";
import { newPage } from "./support.js";

/** A text, and the expected result: `<address>words</a>`, with a title after a bar. */
const CASES = [
  // GFM 6.9, extended www autolinks.
  ["www.commonmark.org", "<http://www.commonmark.org/>www.commonmark.org</a>"],
  [
    "Visit www.commonmark.org/help for more information.",
    "Visit <http://www.commonmark.org/help>www.commonmark.org/help</a> for more information.",
  ],
  ["Visit www.commonmark.org.", "Visit <http://www.commonmark.org/>www.commonmark.org</a>."],
  [
    "Visit www.commonmark.org/a.b.",
    "Visit <http://www.commonmark.org/a.b>www.commonmark.org/a.b</a>.",
  ],
  [
    "www.google.com/search?q=Markup+(business)",
    "<http://www.google.com/search?q=Markup+(business)>www.google.com/search?q=Markup+(business)</a>",
  ],
  [
    "www.google.com/search?q=Markup+(business)))",
    "<http://www.google.com/search?q=Markup+(business)>www.google.com/search?q=Markup+(business)</a>))",
  ],
  [
    "(www.google.com/search?q=Markup+(business))",
    "(<http://www.google.com/search?q=Markup+(business)>www.google.com/search?q=Markup+(business)</a>)",
  ],
  [
    "(www.google.com/search?q=Markup+(business)",
    "(<http://www.google.com/search?q=Markup+(business)>www.google.com/search?q=Markup+(business)</a>",
  ],
  [
    "www.google.com/search?q=(business))+ok",
    "<http://www.google.com/search?q=(business))+ok>www.google.com/search?q=(business))+ok</a>",
  ],
  [
    "www.google.com/search?q=commonmark&hl=en",
    "<http://www.google.com/search?q=commonmark&hl=en>www.google.com/search?q=commonmark&hl=en</a>",
  ],
  [
    "www.google.com/search?q=commonmark&hl;",
    "<http://www.google.com/search?q=commonmark>www.google.com/search?q=commonmark</a>&hl;",
  ],
  ["www.commonmark.org/he<lp", "<http://www.commonmark.org/he>www.commonmark.org/he</a><lp"],
  ["www..org awww.a.org www.", "www..org awww.a.org www."],
  ["www.a._b www.a_b.c", "www.a._b www.a_b.c"],
  // GFM 6.9, extended URL autolinks.
  ["http://commonmark.org", "<http://commonmark.org/>http://commonmark.org</a>"],
  [
    "(Visit https://encrypted.google.com/search?q=Markup+(business))",
    "(Visit <https://encrypted.google.com/search?q=Markup+(business)>https://encrypted.google.com/search?q=Markup+(business)</a>)",
  ],
  [
    "Https://e.com/b HTTP://E.COM",
    "<https://e.com/b>Https://e.com/b</a> <http://e.com/>HTTP://E.COM</a>",
  ],
  ["xhttps://e.com ahttp://b.c", "xhttps://e.com ahttp://b.c"],
  ["https://e.com/a_b*c*d~e", "<https://e.com/a_b*c*d~e>https://e.com/a_b*c*d~e</a>"],
  ["**https://e.com/a**!", "<https://e.com/a>https://e.com/a</a>!"],
  ["https://e.com/a?!.,:;'", "<https://e.com/a>https://e.com/a</a>?!.,:;'"],
  [
    "http://localhost:8000/#/rooms/1",
    "<http://localhost:8000/#/rooms/1>http://localhost:8000/#/rooms/1</a>",
  ],
  ["https:// http://. ftp://e.com", "https:// http://. ftp://e.com"],
  ["[https://e.com/a]", "[<https://e.com/a>https://e.com/a</a>]"],
  ['"https://e.com/a"', '"<https://e.com/a>https://e.com/a</a>"'],
  // GFM 6.9, extended email autolinks.
  ["foo@bar.baz", "<mailto:foo@bar.baz>foo@bar.baz</a>"],
  [
    "hello@mail+xyz.example isn't valid, but hello+xyz@mail.example is.",
    "hello@mail+xyz.example isn't valid, but <mailto:hello+xyz@mail.example>hello+xyz@mail.example</a> is.",
  ],
  ["a.b-c_d@a.b", "<mailto:a.b-c_d@a.b>a.b-c_d@a.b</a>"],
  ["a.b-c_d@a.b.", "<mailto:a.b-c_d@a.b>a.b-c_d@a.b</a>."],
  ["a.b-c_d@a.b-", "a.b-c_d@a.b-"],
  ["a.b-c_d@a.b_", "a.b-c_d@a.b_"],
  ["mailto:foo@bar.baz", "<mailto:foo@bar.baz>foo@bar.baz</a>"],
  ["mailto:a.b-c_d@a.b/", "<mailto:a.b-c_d@a.b>a.b-c_d@a.b</a>/"],
  ["mailto:a.b-c_d@a.b-", "mailto:a.b-c_d@a.b-"],
  ["mailto:a@b.c?subject=x.", "<mailto:a@b.c?subject=x>a@b.c?subject=x</a>."],
  ["ssh://git@e.com/x", "ssh://git@e.com/x"],
  // CommonMark 6.4, autolinks.
  [
    "<https://foo.bar.baz/test?q=hello&id=22&boolean>",
    "<https://foo.bar.baz/test?q=hello&id=22&boolean>https://foo.bar.baz/test?q=hello&id=22&boolean</a>",
  ],
  ["<MAILTO:FOO@BAR.BAZ>", "<mailto:FOO@BAR.BAZ>MAILTO:FOO@BAR.BAZ</a>"],
  ["<foo@bar.example.com>", "<mailto:foo@bar.example.com>foo@bar.example.com</a>"],
  ["<https://e.com/a.>", "<https://e.com/a.>https://e.com/a.</a>"],
  ["<https://foo.bar/baz bim>", "<<https://foo.bar/baz>https://foo.bar/baz</a> bim>"],
  [
    "<javascript:alert(1)> <made-up-scheme://foo> <e.com> <>",
    "<javascript:alert(1)> <made-up-scheme://foo> <e.com> <>",
  ],
  ["\\<https://e.com>", "<<https://e.com/>https://e.com</a>>"],
  // CommonMark 6.3, links.
  ["[R](https://e.com/R_(x))", "<https://e.com/R_(x)>R</a>"],
  ["[R](https://e.com/R_(x)) and (more)", "<https://e.com/R_(x)>R</a> and (more)"],
  ["[a](https://e.com/(foo(and(bar))))", "<https://e.com/(foo(and(bar)))>a</a>"],
  ["[a](https://e.com/foo\\(and\\(bar\\))", "<https://e.com/foo(and(bar)>a</a>"],
  ["[a](https://e.com/(b", "[a](<https://e.com/(b>https://e.com/(b</a>"],
  ['[a](https://e.com "title")', "<https://e.com/|title>a</a>"],
  ["[a](https://e.com 'title')", "<https://e.com/|title>a</a>"],
  ["[a](https://e.com (title))", "<https://e.com/|title>a</a>"],
  ['[a](https://e.com "ti\\"tle &amp; &#35;")', '<https://e.com/|ti"tle & #>a</a>'],
  ['[a](  https://e.com\n  "title"  )', "<https://e.com/|title>a</a>"],
  ['[a](https://e.com/b"title")', "<https://e.com/b%22title%22>a</a>"],
  ["[a](<https://e.com/b c>)", "<https://e.com/b%20c>a</a>"],
  ["[a](<https://e.com/b)c>)", "<https://e.com/b)c>a</a>"],
  ["[a](https://e.com/?a=1&amp;b=2)", "<https://e.com/?a=1&b=2>a</a>"],
  ["[a](https://e.com/b c)", "[a](<https://e.com/b>https://e.com/b</a> c)"],
  ["[a]() [](https://e.com/) [a] (b)", "[a]() [](<https://e.com/>https://e.com/</a>) [a] (b)"],
  ["[a](/b) [a](//e.com) [a](b) [a](#c)", "[a](/b) [a](//e.com) [a](b) [a](#c)"],
  ["[a [b] c](https://e.com)", "<https://e.com/>a [b] c</a>"],
  ["[a \\] b](https://e.com)", "<https://e.com/>a ] b</a>"],
  ["[`]`](https://e.com)", "<https://e.com/>]</a>"],
  [
    "[a [b](https://e.com) c](https://f.com)",
    "[a <https://e.com/>b</a> c](<https://f.com/>https://f.com</a>)",
  ],
  ["[https://f.com](https://e.com)", "<https://e.com/>https://f.com</a>"],
  ["[a](mailto:ann@e.com)", "<mailto:ann@e.com>a</a>"],
  [
    "[a](java&#115;cript:alert(1)) [b](&#106;avascript:x)",
    "[a](java&#115;cript:alert(1)) [b](&#106;avascript:x)",
  ],
  [
    "[a](<java\tscript:x>) [b](data:x) [c](<\u0001javascript:x>)",
    "[a](<java\tscript:x>) [b](data:x) [c](<\u0001javascript:x>)",
  ],
  // Other languages.
  ["https://e.com/a。次", "<https://e.com/a>https://e.com/a</a>。次"],
  ["見てhttps://e.com/", "見て<https://e.com/>https://e.com/</a>"],
  [
    "（https://e.com/a）、「https://e.com/b」",
    "（<https://e.com/a>https://e.com/a</a>）、「<https://e.com/b>https://e.com/b</a>」",
  ],
  [
    "https://ja.wikipedia.org/wiki/日本 です",
    "<https://ja.wikipedia.org/wiki/%E6%97%A5%E6%9C%AC>https://ja.wikipedia.org/wiki/日本</a> です",
  ],
  [
    "“https://e.com/a” – «https://e.com/b»",
    "“<https://e.com/a>https://e.com/a</a>” – «<https://e.com/b>https://e.com/b</a>»",
  ],
  [
    "https://e.com/a… https://e.com/b—",
    "<https://e.com/a>https://e.com/a</a>… <https://e.com/b>https://e.com/b</a>—",
  ],
  ["https://e.com/a\u202etxt", "<https://e.com/a>https://e.com/a</a>\u202etxt"],
  [
    "https://münchen.example/straße",
    "<https://xn--mnchen-3ya.example/stra%C3%9Fe>https://münchen.example/straße</a>",
  ],
  [
    "(https://例え.テスト/パス_(仮)), www.пример.рф/путь.",
    "(<https://xn--r8jz45g.xn--zckzah/%E3%83%91%E3%82%B9_(%E4%BB%AE)>https://例え.テスト/パス_(仮)</a>), " +
      "<http://www.xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C>www.пример.рф/путь</a>.",
  ],
  ["https://e.com/a\u3000次", "<https://e.com/a>https://e.com/a</a>\u3000次"],
];

test("the beginning and the end of addresses are found", async () => {
  const page = await newPage();
  await page.goto("/");
  const made = await page.evaluate(async (cases) => {
    const { inline } = await import(document.querySelector("link[href$='text/inline.js']").href);
    const show = (node) => {
      if (node.nodeType === Node.TEXT_NODE) return node.data;
      const inner = [...node.childNodes].map(show).join("");
      if (node.localName !== "a") return inner;
      const title = node.title ? `|${node.title}` : "";
      return `<${node.getAttribute("href")}${title}>${inner}</a>`;
    };
    return cases.map(([text]) => [...inline(text, "bo").childNodes].map(show).join(""));
  }, CASES);
  const wrong = CASES.map(([text, wanted], at) => ({ text, wanted, made: made[at] }));
  assert.deepEqual(
    wrong.filter((it) => it.made !== it.wanted),
    [],
  );
  await page.context().close();
});

test("no text makes the search for addresses slow", async () => {
  const page = await newPage();
  await page.goto("/");
  const slowest = await page.evaluate(async () => {
    const { markdown } = await import(
      document.querySelector("link[href$='text/markdown.js']").href
    );
    const hard = ["[", "[a", "[](", "[a](", "](", "[`", "[``", "<", "<a@b.c", "<https://"];
    hard.push(
      "https://a.b(",
      "https://%",
      "www.",
      "a@b.",
      "a@b.c",
      "https://a.b/)",
      ")",
      ";",
      "&a;",
    );
    hard.push("[a](https://e.com '", "[a](<", "[a](\\(", "[[a](b)](c)");
    let slowest = ["", 0];
    for (const part of hard) {
      for (const end of ["", "](https://e.com)"]) {
        const text = `https://e.com/${part.repeat(4000 / part.length)}${end}`;
        for (const all of [text, text.slice("https://e.com/".length)]) {
          const start = performance.now();
          markdown(all, "bo");
          const took = performance.now() - start;
          if (took > slowest[1]) slowest = [part + end, took];
        }
      }
    }
    return slowest;
  });
  assert.ok(slowest[1] < 1_000, `${slowest}`);
  await page.context().close();
});
