//! Counts and hashes of the tables of a copy, for comparison.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::line;
use crate::storage::rows::{Row, TABLES, Table};

/// The number of rows of a table, and the SHA-256 of their lines in an export, in hexadecimal digits.
/// Databases with the same rows have the same tally, also databases of different kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    pub table: String,
    pub rows: u64,
    pub sha256: String,
}

/// Tallies of all tables while rows are added.
#[derive(Clone, Debug)]
pub struct Tallies {
    tables: Vec<(&'static Table, u64, Sha256)>,
    line: Vec<u8>,
}

impl Tallies {
    pub fn new() -> Self {
        let tables = TABLES.iter().map(|table| (table, 0, Sha256::new())).collect();
        Self { tables, line: Vec::new() }
    }

    /// Counts a row. Returns its line, with the line end.
    pub fn add(&mut self, table: &'static Table, row: &Row) -> anyhow::Result<&[u8]> {
        self.line.clear();
        line::write(table, row, &mut self.line)?;
        for (known, rows, hash) in &mut self.tables {
            if *known == table {
                *rows += 1;
                hash.update(&self.line);
            }
        }
        Ok(&self.line)
    }

    pub fn rows(&self, table: &Table) -> u64 {
        let found = self.tables.iter().find(|(known, ..)| *known == table);
        found.map_or(0, |(_, rows, _)| *rows)
    }

    pub fn of(&self, table: &Table) -> Tally {
        let found = self.tables.iter().find(|(known, ..)| *known == table);
        let (rows, hash) = found.map_or((0, Sha256::new()), |(_, n, hash)| (*n, hash.clone()));
        Tally { table: table.name.to_owned(), rows, sha256: hex(&hash.finalize()) }
    }

    pub fn finish(&self) -> Vec<Tally> {
        TABLES.iter().map(|table| self.of(table)).collect()
    }
}

impl Default for Tallies {
    fn default() -> Self {
        Self::new()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
