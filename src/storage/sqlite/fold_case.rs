//! The SQL function `fold_case`. SQLite's `lower` knows only ASCII letters. On PostgreSQL a migration creates the
//! function.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// Makes the function known to the connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("fold_case", 1, flags, |call| {
        Ok(call.get_raw(0).as_str_or_null()?.map(fold_case))
    })
}

/// Maps texts that differ only in case to the same text. By way of the upper case, because letters such as σ and ς
/// have that in common.
fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_in_any_script() {
        for (one, other) in
            [("Борис Ёлкин", "борис ёлкин"), ("ΝΊΚΟΣ", "νίκος"), ("Müller", "MÜLLER"), ("ß", "SS")]
        {
            assert_eq!(fold_case(one), fold_case(other));
        }
        assert_ne!(fold_case("ё"), fold_case("е"));
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let fold = |text: Option<&str>| {
            connection
                .query_row("SELECT fold_case(?1)", [text], |row| row.get::<_, Option<String>>(0))
                .unwrap()
        };
        assert_eq!((fold(Some("ЁЖ")), fold(None)), (Some("ёж".to_owned()), None));
    }
}
