//! Writes an export.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::tally::hex;
use super::{Header, Tally, each_line};
use crate::storage::rows::{Scope, Source};

/// A header or a footer with a `type`, as rows have it.
#[derive(Serialize)]
pub(super) struct Tagged<T: Serialize> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(flatten)]
    pub value: T,
}

/// The last line: the number of rows of each table, and the SHA-256 of all bytes before this line.
#[derive(Serialize)]
pub(super) struct Footer {
    pub rows: Map<String, Value>,
    pub sha256: String,
}

/// Writes the source as it is at one moment. Calls `progress` with the events done and their total.
pub fn write(
    source: &dyn Source,
    header: &Header,
    scope: Scope,
    out: impl Write,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Vec<Tally>> {
    let mut out = Hashing { out, hash: Sha256::new() };
    out.write_all(&tagged("header", header)?)?;
    let tallies = each_line(source, scope, progress, |line| Ok(out.write_all(line)?))?;
    let Hashing { mut out, hash } = out;
    out.write_all(&tagged("footer", footer(&tallies, &hash.finalize()))?)?;
    out.flush()?;
    Ok(tallies)
}

pub(super) fn footer(tallies: &[Tally], sha256: &[u8]) -> Footer {
    let rows = tallies.iter().map(|tally| (tally.table.clone(), tally.rows.into())).collect();
    Footer { rows, sha256: hex(sha256) }
}

/// Returns the line of a header or footer.
pub(super) fn tagged(kind: &'static str, value: impl Serialize) -> anyhow::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Tagged { kind, value })?;
    line.push(b'\n');
    Ok(line)
}

struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
