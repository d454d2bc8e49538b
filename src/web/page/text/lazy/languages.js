// What the colours of code need to know of a language. It is little, and the same for most: how comments and
// strings are written, and which words the language keeps for itself.

/**
 * @typedef {object} Language
 * @property {string[]} [line] the beginnings of comments that end with the line
 * @property {[string, string][]} [block] the beginnings and ends of other comments
 * @property {[string, string][]} [strings] the beginnings and ends of strings. A backslash takes its meaning from the
 *   next character
 * @property {string[]} [long] the beginnings of strings that may have several lines
 * @property {Set<string>} [words] the keywords
 * @property {Set<string>} [values] words that stand for a value, such as `true`
 * @property {boolean} [anyCase] keywords may be in capital letters
 * @property {string} [wordExtra] characters within names, beside letters, digits and the underscore. A name may
 *   begin with one of `@#$!`
 * @property {boolean} [keys] a name or a string before a colon or an equals sign is a key
 * @property {boolean} [markup] names after `<` are tags
 * @property {boolean} [diff] the first character of a line says what became of it
 */

/** @param {string} text */
const set = (text) => new Set(text.split(" "));

/** @type {[string, string][]} */
const QUOTES = [
  ['"', '"'],
  ["'", "'"],
];
const C = {
  line: ["//"],
  block: /** @type {[string, string][]} */ ([["/*", "*/"]]),
  strings: QUOTES,
};
const C_WORDS =
  "break case char const continue default do double else enum float for goto if int long return short signed sizeof static struct switch typedef union unsigned void volatile while";
const OBJECT_WORDS =
  "abstract bool boolean byte catch class extends final finally implements import interface namespace new override package private protected public super this throw throws try using virtual";
const VALUES = "true false null";

const javascript = {
  ...C,
  strings: /** @type {[string, string][]} */ ([...QUOTES, ["`", "`"]]),
  long: ["`"],
  words: set(
    "abstract as async await break case catch class const continue debugger declare default delete do else enum export extends finally for from function get if implements import in infer instanceof interface is keyof let namespace new of private protected public readonly return satisfies set static super switch this throw try type typeof var void while with yield any boolean never number object string symbol unknown",
  ),
  values: set(`${VALUES} undefined NaN Infinity`),
  wordExtra: "$",
};
const c = {
  ...C,
  words: set(
    `${C_WORDS} #define #elif #else #endif #if #ifdef #ifndef #include #pragma auto bool catch class constexpr delete explicit final friend inline mutable namespace new noexcept operator override private protected public static_cast template this throw try typename using virtual`,
  ),
  values: set(`${VALUES} NULL nullptr`),
};
const java = {
  ...C,
  strings: /** @type {[string, string][]} */ ([['"""', '"""'], ...QUOTES]),
  long: ['"""'],
  words: set(
    `${C_WORDS} ${OBJECT_WORDS} as async await base decimal delegate event fun get in instanceof internal is let object out params permits readonly record ref sealed set string synchronized transient val var when where yield`,
  ),
  values: set(VALUES),
};
const yaml = {
  line: ["#"],
  strings: QUOTES,
  values: set("true false null yes no on off"),
  wordExtra: "-.",
  keys: true,
};
const bash = {
  line: ["#"],
  strings: QUOTES,
  long: ['"', "'"],
  words: set(
    "alias break case cd continue do done echo elif else esac eval exec exit export fi for function if in local read return select set shift source then trap unset until while",
  ),
  values: set("true false"),
  wordExtra: "-",
};
const html = {
  block: /** @type {[string, string][]} */ ([["<!--", "-->"]]),
  strings: QUOTES,
  long: ['"', "'"],
  wordExtra: "-:",
  markup: true,
};

/** @type {Record<string, Language>} */
const LANGUAGES = {
  javascript,
  c,
  java,
  yaml,
  bash,
  html,
  python: {
    line: ["#"],
    strings: [['"""', '"""'], ["'''", "'''"], ...QUOTES],
    long: ['"""', "'''"],
    words: set(
      "and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield",
    ),
    values: set("True False None self"),
  },
  rust: {
    ...C,
    strings: [['"', '"']],
    long: ['"'],
    words: set(
      "as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait type unsafe use where while bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize",
    ),
    values: set("true false None Some Ok Err"),
    wordExtra: "!",
  },
  go: {
    ...C,
    strings: [...QUOTES, ["`", "`"]],
    long: ["`"],
    words: set(
      "break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var any bool byte error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64",
    ),
    values: set("true false nil iota"),
  },
  json: { ...C, values: set(VALUES), keys: true },
  toml: { ...yaml, strings: [['"""', '"""'], ["'''", "'''"], ...QUOTES], long: ['"""', "'''"] },
  sql: {
    line: ["--"],
    block: [["/*", "*/"]],
    strings: QUOTES,
    long: ["'"],
    words: set(
      "add all alter and any as asc begin between by case check column commit constraint create cross database default delete desc distinct drop else end exists explain foreign from full grant group having if in index inner insert intersect into is join key left like limit not offset on or order outer over partition primary references replace returning right rollback select set table then transaction trigger truncate union unique update using values view when where with bigint boolean char date integer int numeric real serial text timestamp varchar",
    ),
    values: set(VALUES),
    anyCase: true,
  },
  css: {
    block: [["/*", "*/"]],
    strings: QUOTES,
    words: set(
      "@charset @container @font-face @import @keyframes @layer @media @property @supports !important",
    ),
    values: set("auto inherit initial none unset"),
    wordExtra: "-",
    keys: true,
  },
  diff: { diff: true },
};

/** @type {Record<string, string>} */
const OTHER_NAMES = {
  js: "javascript",
  jsx: "javascript",
  mjs: "javascript",
  ts: "javascript",
  tsx: "javascript",
  typescript: "javascript",
  py: "python",
  python3: "python",
  rs: "rust",
  golang: "go",
  h: "c",
  hpp: "c",
  cpp: "c",
  "c++": "c",
  cc: "c",
  cs: "java",
  "c#": "java",
  csharp: "java",
  kotlin: "java",
  kt: "java",
  scala: "java",
  swift: "java",
  php: "java",
  jsonc: "json",
  json5: "json",
  yml: "yaml",
  ini: "toml",
  conf: "toml",
  sh: "bash",
  shell: "bash",
  zsh: "bash",
  console: "bash",
  dockerfile: "bash",
  make: "bash",
  xml: "html",
  svg: "html",
  vue: "html",
  postgres: "sql",
  postgresql: "sql",
  sqlite: "sql",
  mysql: "sql",
  scss: "css",
  less: "css",
  patch: "diff",
};

/**
 * @param {string} name as it is written after the fence
 * @returns {Language | undefined}
 */
export function languageOf(name) {
  const lower = name.toLowerCase();
  const known = Object.hasOwn(OTHER_NAMES, lower) ? OTHER_NAMES[lower] : lower;
  return known && Object.hasOwn(LANGUAGES, known) ? LANGUAGES[known] : undefined;
}
