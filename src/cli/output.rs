//! Writes results to stdout: tables for people, JSON for scripts.
//!
//! The table library is used here only. A failed write is an error, never a panic, so that a closed
//! pipe ends a command quietly.

use std::fmt::Display;
use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: columns, or a sentence
    Table,
    /// For scripts, with the names of the HTTP API
    Json,
}

/// `--output`, for every command that has a result.
#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// How to write the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    output: Format,
}

/// A result of many rows.
pub(super) struct Listing<'a, T> {
    pub rows: &'a [T],
    pub headers: &'a [&'a str],
    /// One row of the table, a cell for each header.
    pub cells: &'a dyn Fn(&T) -> Vec<String>,
    /// Written to stderr instead of a table without rows.
    pub empty: &'a str,
}

impl Output {
    pub fn write<T: Serialize>(&self, listing: &Listing<'_, T>) -> io::Result<()> {
        match self.output {
            Format::Json => print(|out| {
                serde_json::to_writer_pretty(&mut *out, listing.rows)?;
                writeln!(out)
            }),
            Format::Table if listing.rows.is_empty() => {
                note(listing.empty);
                Ok(())
            }
            Format::Table => {
                let table = listing.table().trim_fmt();
                print(|out| writeln!(out, "{table}"))
            }
        }
    }

    /// Writes a result that is a single object; `text` is its form for people.
    pub fn write_one(&self, value: &impl Serialize, text: &str) -> io::Result<()> {
        print(|out| match self.output {
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, value)?;
                writeln!(out)
            }
            Format::Table => text.lines().try_for_each(|line| writeln!(out, "{}", visible(line))),
        })
    }
}

impl<T> Listing<'_, T> {
    /// A table without borders, so that it can be cut, sorted and searched. It is as wide as its
    /// content if stdout is not a terminal.
    fn table(&self) -> Table {
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| (self.cells)(row)).collect();
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.headers.iter().map(|header| header.to_uppercase()));
        for row in &rows {
            table.add_row(row.iter().map(|text| visible(text)));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if rows.iter().all(|row| row[index].parse::<i64>().is_ok()) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}

/// Writes to stdout with a buffer, and returns an error if that fails.
pub(super) fn print(
    write: impl FnOnce(&mut io::BufWriter<io::StdoutLock<'_>>) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).map_err(|error| {
        io::Error::new(error.kind(), format!("the result cannot be written to stdout: {error}"))
    })
}

/// Writes a remark for people to stderr, so that it is not mixed with the results.
pub(super) fn note(text: &str) {
    // If stderr is closed, the remark cannot be shown.
    let _ = writeln!(io::stderr(), "{text}");
}

/// `1 room`, `2 rooms`.
pub(super) fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// The text on one line, with control characters escaped: a room's name must not control the operator's
/// terminal.
pub(super) fn visible(text: &str) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    text.chars()
        .flat_map(|char| {
            let escaped = char.is_control().then(|| char.escape_debug().to_string());
            escaped.unwrap_or_else(|| char.to_string()).chars().collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_escapes_control_characters() {
        let rows = [(1, "a\u{1b}[2J\nb"), (10, ""), (7, "ümlaut")];
        let listing = Listing {
            rows: &rows,
            headers: &["id", "name"],
            cells: &|(id, name)| vec![id.to_string(), (*name).to_owned()],
            empty: "",
        };
        let expected = "ID  NAME\n 1  a\\u{1b}[2J\\nb\n10  -\n 7  ümlaut";
        assert_eq!(listing.table().force_no_tty().trim_fmt(), expected);
    }
}
