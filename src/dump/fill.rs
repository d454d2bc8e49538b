//! Writes rows into a target, in batches.

use std::ops::ControlFlow;

use anyhow::{Context as _, anyhow};

use super::{Tallies, Tally};
use crate::storage::rows::{Row, Table, Value};
use crate::storage::{self, CopyTarget};

/// The limits of a batch: number of rows, and bytes.
const ROWS: usize = 1000;
const BYTES: usize = 1 << 20;

/// Collects rows and writes them into a target.
pub struct Fill<'a> {
    target: &'a mut dyn CopyTarget,
    table: Option<&'static Table>,
    batch: Vec<Row>,
    bytes: usize,
    /// The places of the first and the last row of the batch.
    places: (u64, u64),
}

impl<'a> Fill<'a> {
    pub fn new(target: &'a mut dyn CopyTarget) -> Self {
        Self { target, table: None, batch: Vec::new(), bytes: 0, places: (0, 0) }
    }

    /// Adds a row. `place` is its line in the export, or its number, for error messages.
    pub fn add(&mut self, table: &'static Table, row: Row, place: u64) -> anyhow::Result<()> {
        if self.table.is_some_and(|last| last != table)
            || self.batch.len() == ROWS
            || self.bytes >= BYTES
        {
            self.flush()?;
        }
        if self.batch.is_empty() {
            self.places.0 = place;
        }
        self.places.1 = place;
        self.table = Some(table);
        self.bytes += row.iter().map(size).sum::<usize>();
        self.batch.push(row);
        Ok(())
    }

    /// Writes the rows that are still collected.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        if let Some(table) = self.table
            && !self.batch.is_empty()
        {
            let (first, last) = self.places;
            self.target.write(table, &self.batch).map_err(of_a_row).with_context(|| {
                format!("the {} in lines {first} to {last} cannot be stored", table.name)
            })?;
        }
        self.batch.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// Returns the tallies of the rows that are already in a target.
pub fn tallies(target: &mut dyn CopyTarget) -> anyhow::Result<Vec<Tally>> {
    let (mut tallies, mut failure) = (Tallies::new(), None);
    target.read_back(&mut |table, row| match tallies.add(table, &row) {
        Ok(_) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failure.map_or(Ok(tallies.finish()), Err)
}

fn of_a_row(error: storage::Error) -> anyhow::Error {
    match error {
        storage::Error::Conflict(conflict) => {
            anyhow!("two rows conflict: {conflict}")
        }
        error => error.into(),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Int(_) => 8,
        Value::Text(text) => text.len(),
    }
}
