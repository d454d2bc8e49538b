//! Joins ES modules to one, so that a browser gets them with one request.
//!
//! It understands the form in which prettier writes modules, and no more: imports of names, exports of declarations, and
//! a style sheet (`import sheet from "./x.css" with { type: "css" }`). Each module becomes a function that is called once,
//! in whose scope its names stay. Comments on lines of their own, types in comments, and indentation are left out: the
//! lines of a text in backticks must need neither.

use std::collections::HashMap;
use std::fmt::Write as _;

/// Why modules cannot be joined, for contributors.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum JoinError {
    #[error("{from} imports {path}, which does not exist")]
    Missing { from: String, path: String },
    #[error("{path} imports itself, directly or through others")]
    Circle { path: String },
    #[error("{path} has a statement that src/web/joined.rs cannot join: {statement}")]
    Statement { path: String, statement: String },
}

struct Joiner<'a, Read> {
    read: Read,
    instead: (&'a str, &'a str),
    /// The number of each module; none while what it imports is being added.
    numbers: HashMap<String, Option<usize>>,
    out: String,
}

/// Returns a module, and all that it imports, as one module without imports. `read` returns the text of the file at a
/// path. The first module of `instead` is replaced by the second.
pub(super) fn joined(
    main: &str,
    instead: (&str, &str),
    read: impl Fn(&str) -> Option<String>,
) -> Result<String, JoinError> {
    let mut joiner = Joiner { read, instead, numbers: HashMap::new(), out: String::new() };
    joiner.add(main, main)?;
    Ok(joiner.out)
}

impl<Read: Fn(&str) -> Option<String>> Joiner<'_, Read> {
    /// Writes a module behind all that it imports, unless it is there. Returns its number.
    fn add(&mut self, path: &str, from: &str) -> Result<usize, JoinError> {
        let path = if path == self.instead.0 { self.instead.1 } else { path };
        match self.numbers.get(path) {
            Some(Some(number)) => return Ok(*number),
            Some(None) => return Err(JoinError::Circle { path: path.to_owned() }),
            None => self.numbers.insert(path.to_owned(), None),
        };
        let missing = || JoinError::Missing { from: from.to_owned(), path: path.to_owned() };
        let text = (self.read)(path).ok_or_else(missing)?;
        let code = match path.ends_with(".css") {
            true => style_sheet(&text),
            false => self.module(path, &text)?,
        };
        let number = self.numbers.values().flatten().count();
        self.numbers.insert(path.to_owned(), Some(number));
        // Writing to a text does not fail.
        let _ = writeln!(self.out, "const m{number}={code}");
        Ok(number)
    }

    fn module(&mut self, path: &str, text: &str) -> Result<String, JoinError> {
        let (mut code, mut exports) = (String::from("(()=>{\n"), Vec::new());
        let mut lines = lines(text).into_iter();
        while let Some(line) = lines.next() {
            let mut statement = line.clone();
            let refused = |statement: &str| JoinError::Statement {
                path: path.to_owned(),
                statement: statement.to_owned(),
            };
            if line.starts_with("import ") {
                while !statement.ends_with(';') {
                    statement += &lines.next().ok_or_else(|| refused(&line))?;
                }
                let (names, imported) = import(&statement).ok_or_else(|| refused(&statement))?;
                let number = self.add(&resolved(path, imported), path)?;
                statement = format!("const {}=m{number};", names.replace(" as ", ":"));
            } else if let Some(declaration) = line.strip_prefix("export ") {
                exports.push(declared(declaration).ok_or_else(|| refused(&line))?.to_owned());
                declaration.clone_into(&mut statement);
            } else if line.contains("import(") {
                return Err(refused(&line));
            }
            code += &statement;
            code.push('\n');
        }
        let _ = write!(code, "return {{{}}};\n}})();", exports.join(","));
        Ok(code)
    }
}

fn style_sheet(text: &str) -> String {
    let text = serde_json::Value::from(lines(text).join(" "));
    format!("(()=>{{const sheet=new CSSStyleSheet();sheet.replaceSync({text});return sheet;}})();")
}

/// The lines that have code, without indentation.
fn lines(text: &str) -> Vec<String> {
    let (mut lines, mut in_comment) = (Vec::new(), false);
    for line in text.lines() {
        let mut line = line.trim();
        if !in_comment && line.starts_with("//") {
            continue;
        }
        if in_comment || line.starts_with("/*") {
            let Some((_, rest)) = line.split_once("*/") else {
                in_comment = true;
                continue;
            };
            in_comment = false;
            line = rest.trim();
        }
        let mut line = line.to_owned();
        while let Some((before, (_, after))) = line
            .split_once("/** @")
            .and_then(|(before, rest)| Some((before, rest.split_once("*/")?)))
        {
            line = format!("{before}{}", after.trim_start());
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// The names that an import brings, and the path.
fn import(statement: &str) -> Option<(&str, &str)> {
    let (names, rest) = statement.strip_prefix("import ")?.split_once(" from \"")?;
    let (path, end) = rest.split_once('"')?;
    let is_sheet = end == " with { type: \"css\" };" && path.ends_with(".css");
    let is_module = end == ";" && names.starts_with('{');
    ((is_sheet || is_module) && path.starts_with('.')).then_some((names, path))
}

/// The name that a declaration declares.
fn declared(declaration: &str) -> Option<&str> {
    let declaration = declaration.strip_prefix("async ").unwrap_or(declaration);
    let kinds = ["function ", "class ", "const "];
    let name = kinds.iter().find_map(|kind| declaration.strip_prefix(kind))?;
    let end = name.find(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    name.get(..end?).filter(|name| !name.is_empty())
}

/// The path of a file that another one names by a relative path.
fn resolved(from: &str, relative: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Result<String, JoinError> {
        let read = |path: &str| {
            files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned())
        };
        joined("a/main.js", ("x.js", "b/y.js"), read)
    }

    #[test]
    fn each_module_comes_once_and_after_what_it_imports() {
        let out = of(&[
            (
                "a/main.js",
                "// Main.\nimport { one } from \"./one.js\";\nimport {\n  two as zwei,\n} from \"../two.js\";\none(zwei);\n",
            ),
            (
                "a/one.js",
                "import { two } from \"../two.js\";\n/** One.\n * @param {any} it */\nexport function one(it) {\n  return /** @type {any} */ (it) + two; // a \"mark\"\n}\n",
            ),
            (
                "two.js",
                "import sheet from \"./two.css\" with { type: \"css\" };\nexport const two = sheet;\n",
            ),
            ("two.css", "/* Red. */\na {\n  color: red;\n}\n"),
        ]);
        let expected = "const m0=(()=>{const sheet=new CSSStyleSheet();sheet.replaceSync(\"a { color: red; }\");return sheet;})();\n\
            const m1=(()=>{\nconst sheet=m0;\nconst two = sheet;\nreturn {two};\n})();\n\
            const m2=(()=>{\nconst { two }=m1;\nfunction one(it) {\nreturn (it) + two; // a \"mark\"\n}\nreturn {one};\n})();\n\
            const m3=(()=>{\nconst { one }=m2;\nconst {two:zwei,}=m1;\none(zwei);\nreturn {};\n})();\n";
        assert_eq!(out.as_deref(), Ok(expected));
    }

    #[test]
    fn what_cannot_be_joined_is_refused() {
        for statement in [
            "export default 1;",
            "export { a } from \"./b.js\";",
            "export let a = 1;",
            "import a from \"./b.js\";",
            "import { a } from \"package\";",
            "const a = import(\"./b.js\");",
        ] {
            let refused = of(&[("a/main.js", statement)]);
            assert!(
                matches!(refused, Err(JoinError::Statement { .. })),
                "{statement}: {refused:?}"
            );
        }
        let circle = of(&[("a/main.js", "import { a } from \"./main.js\";\n")]);
        assert_eq!(circle, Err(JoinError::Circle { path: "a/main.js".into() }));
        let replaced = of(&[
            ("a/main.js", "import { x } from \"../x.js\";\n"),
            ("b/y.js", "import { z } from \"./z.js\";\n"),
        ]);
        let (from, path) = ("b/y.js".into(), "b/z.js".into());
        assert_eq!(replaced, Err(JoinError::Missing { from, path }));
        let missing = of(&[("a/main.js", "import { a } from \"../b.js\";\n")]);
        let (from, path) = ("a/main.js".into(), "b.js".into());
        assert_eq!(missing, Err(JoinError::Missing { from, path }));
    }
}
