//! The rule of CONTRIBUTING.md: a migration that breaks older programs raises `server.compatible_from`.

use std::fs;
use std::path::Path;

/// The migration that added `server.compatible_from`. Programs that know less do not start on its schema.
const FIRST: i32 = 8;

#[test]
fn a_migration_that_breaks_older_programs_says_so() {
    let [sqlite, postgres] = ["sqlite", "postgres"].map(|database| {
        let mut compatible_from = FIRST;
        let mut raises = Vec::new();
        for (version, sql) in migrations(database) {
            if version <= FIRST {
                continue;
            }
            compatible_from = check(version, compatible_from, &sql).unwrap_or_else(|why| {
                panic!(
                    "V{version} for {database} {why}; see \"Expand, then contract\" in CONTRIBUTING.md"
                )
            });
            raises.push((version, compatible_from));
        }
        raises
    });
    assert_eq!(sqlite, postgres, "both databases need the same programs");
}

/// The versions and the texts of the migrations of a database, in order.
pub(super) fn migrations(database: &str) -> Vec<(i32, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql").join(database);
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            (version_of(name), fs::read_to_string(&path).expect("the file can be read"))
        })
        .collect();
    found.sort();
    assert!(found.iter().any(|(version, _)| *version == FIRST), "V{FIRST} was not found");
    found
}

/// `V9__attempts.sql` is 9.
fn version_of(name: &str) -> i32 {
    let version = name.strip_prefix('V').and_then(|rest| rest.split_once("__"));
    version.and_then(|(version, _)| version.parse().ok()).unwrap_or_else(|| panic!("{name}"))
}

/// Returns `server.compatible_from` after this migration. It was `before`.
fn check(version: i32, before: i32, sql: &str) -> Result<i32, String> {
    const RAISE: &str = "UPDATE SERVER SET COMPATIBLE_FROM = ";
    let statements = statements(sql);
    let mut after = before;
    for statement in statements.iter().filter(|it| it.contains("COMPATIBLE_FROM")) {
        let raise = statement.strip_prefix(RAISE).and_then(|number| number.parse().ok());
        after = raise.filter(|number| (before + 1..=version).contains(number)).ok_or(format!(
            "may change compatible_from only by `{RAISE}N`, with N from {} to {version}: `{statement}`",
            before + 1
        ))?;
    }
    let new: Vec<_> = statements.iter().filter_map(|it| created_table(it)).collect();
    match statements.iter().find_map(|it| Some((it, breaking(it, &new)?))) {
        Some((statement, change)) if after == before => {
            Err(format!("{change} (`{statement}`), but has no `{RAISE}N`"))
        }
        _ => Ok(after),
    }
}

/// The statements without comments, in upper case, with single spaces. Text in quotes is not recognised.
fn statements(sql: &str) -> Vec<String> {
    let lines = sql.lines().map(|line| line.split_once("--").map_or(line, |(before, _)| before));
    let text = lines.collect::<Vec<_>>().join("\n").to_uppercase();
    let text = text.replace('=', " = ").replace('(', " ( ").replace(')', " ) ").replace(',', " , ");
    let words = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split(';').map(words).filter(|statement| !statement.is_empty()).collect()
}

fn created_table(statement: &str) -> Option<&str> {
    let start = ["CREATE TABLE ", "CREATE UNLOGGED TABLE "];
    let rest = start.iter().find_map(|start| statement.strip_prefix(start))?;
    rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest).split(' ').next()
}

/// How a statement breaks programs that do not know it, if it does. Tables in `new` are unknown to them.
fn breaking(statement: &str, new: &[&str]) -> Option<&'static str> {
    let words: Vec<_> = statement.split(' ').collect();
    match words.as_slice() {
        ["DROP", "TABLE" | "VIEW" | "SCHEMA" | "SEQUENCE", ..] => Some("drops a table"),
        ["CREATE", "UNIQUE", "INDEX", ..] => {
            let table = words.iter().skip_while(|word| **word != "ON").nth(1)?;
            (!new.contains(table))
                .then_some("adds a constraint to a table that older programs fill")
        }
        ["CREATE", "TRIGGER", ..] | ["CREATE", "OR", "REPLACE", "TRIGGER", ..] => {
            let table = words.iter().skip_while(|word| **word != "ON").nth(1)?;
            (!new.contains(table)).then_some("adds a trigger to a table that older programs fill")
        }
        ["ALTER", "TABLE", rest @ ..] => {
            let rest = match rest {
                ["IF", "EXISTS", rest @ ..] | rest => rest,
            };
            let rest = rest.strip_prefix(&["ONLY"]).unwrap_or(rest);
            let [table, actions @ ..] = rest else { return None };
            if new.contains(table) {
                return None;
            }
            actions_of(actions).into_iter().find_map(|action| breaking_action(&action))
        }
        _ => None,
    }
}

/// The actions of one ALTER TABLE: its parts between the commas outside of parentheses.
fn actions_of<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut depth = 0;
    let mut actions = vec![Vec::new()];
    for word in words {
        match *word {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => {
                actions.push(Vec::new());
                continue;
            }
            _ => {}
        }
        actions.last_mut().expect("there is one").push(*word);
    }
    actions
}

fn breaking_action(action: &[&str]) -> Option<&'static str> {
    match action {
        ["RENAME", ..] => Some("renames a table or a column"),
        ["DROP", "CONSTRAINT", ..] => None,
        ["DROP", ..] => Some("drops a column"),
        ["ALTER", ..] => Some("alters a column"),
        ["ADD", "CONSTRAINT" | "CHECK" | "UNIQUE" | "FOREIGN" | "PRIMARY" | "EXCLUDE", ..] => {
            Some("adds a constraint to a table that older programs fill")
        }
        ["ADD", ..] => {
            let is_not_null = action.windows(2).any(|words| words == ["NOT", "NULL"]);
            let is_filled = action.contains(&"DEFAULT") || action.contains(&"GENERATED");
            if is_not_null && !is_filled {
                return Some("adds a column that is NOT NULL and has no default");
            }
            let is_unique = action.contains(&"UNIQUE") || action.contains(&"PRIMARY");
            is_unique.then_some("adds a constraint to a table that older programs fill")
        }
        _ => None,
    }
}

#[test]
fn changes_that_break_older_programs_are_found() {
    for sql in [
        "DROP TABLE users;",
        "drop table if exists users",
        "ALTER TABLE users RENAME TO people;",
        "ALTER TABLE users RENAME COLUMN email TO mail;",
        "ALTER TABLE users DROP COLUMN email;",
        "ALTER TABLE users DROP email;",
        "alter table if exists only users\n    drop column email;",
        "ALTER TABLE users ADD COLUMN a text, DROP COLUMN email;",
        "ALTER TABLE users ALTER COLUMN email TYPE integer USING email::integer;",
        "ALTER TABLE users ALTER email SET NOT NULL;",
        "ALTER TABLE users ADD COLUMN a text NOT NULL;",
        "ALTER TABLE users ADD a integer NOT NULL CHECK (a IN (1, 2)), ADD COLUMN b text;",
        "ALTER TABLE users ADD COLUMN a text UNIQUE;",
        "ALTER TABLE users ADD CONSTRAINT short CHECK (length(username) < 5);",
        "CREATE UNIQUE INDEX sessions_user ON sessions (user_id);",
        "CREATE TRIGGER t BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION f();",
        "CREATE TABLE new (id bigint); DROP TABLE events; ALTER TABLE new RENAME TO events;",
        "-- UPDATE server SET compatible_from = 12;\nDROP TABLE users;",
        "UPDATE server SET compatible_from = 9; DROP TABLE users;",
        "UPDATE server SET compatible_from = 13;",
        "ALTER TABLE server DROP COLUMN compatible_from;",
    ] {
        assert!(check(12, 9, sql).is_err(), "{sql}");
    }
}

#[test]
fn extensions_and_announced_changes_are_accepted() {
    for (after, sql) in [
        (
            9,
            "CREATE TABLE attempts (id bigint NOT NULL, dropped text NOT NULL); -- DROP TABLE users;",
        ),
        (
            9,
            "CREATE UNLOGGED TABLE nodes (id bigint PRIMARY KEY); CREATE UNIQUE INDEX n ON nodes (id);",
        ),
        (9, "CREATE TABLE a (id bigint); ALTER TABLE a ADD COLUMN b text NOT NULL;"),
        (9, "CREATE INDEX users_by_time ON users (created_at); DROP INDEX users_admin;"),
        (
            9,
            "ALTER TABLE users ADD COLUMN a text, ADD COLUMN b integer NOT NULL DEFAULT 0 CHECK (b IN (0, 1));",
        ),
        (
            9,
            "ALTER TABLE events DROP CONSTRAINT events_room_id_fkey, DROP CONSTRAINT events_user_id_fkey;",
        ),
        (9, "UPDATE rooms SET description = '' WHERE description IS NULL; DELETE FROM tickets;"),
        (12, "DROP TABLE users; UPDATE server SET compatible_from = 12;"),
        (12, "update server set compatible_from=12;\nALTER TABLE users DROP COLUMN email;"),
        (11, "ALTER TABLE users DROP COLUMN email; UPDATE server SET compatible_from = 11;"),
    ] {
        assert_eq!(check(12, 9, sql), Ok(after), "{sql}");
    }
    assert_eq!(version_of("V12__a_name.sql"), 12);
}
