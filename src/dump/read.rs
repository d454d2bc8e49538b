//! Reads an export, which is not trusted: a line that is not understood is an error with the line's number.

use std::io::{BufRead, Read};

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::{Check, FORMAT, Header, Tallies, Tally, line, write};
use crate::storage::rows::{Row, Table};

/// The longest line: much longer than the longest message, and small enough for memory.
const MAX_LINE_BYTES: u64 = 16 << 20;

type Object = Map<String, Json>;

/// An export whose header has been read.
pub struct Reader<R> {
    lines: Lines<R>,
    header: Header,
    tallies: Tallies,
    check: Check,
}

impl<R: BufRead> Reader<R> {
    /// # Errors
    /// If the input is not an export, or is of an unknown version.
    pub fn new(input: R) -> anyhow::Result<Self> {
        let mut lines = Lines { input, hash: Sha256::new(), line: Vec::new(), number: 0 };
        let no_header = "it is not an export of chatapp: its first line is not a header";
        let mut first = lines.next()?.context(no_header)?;
        ensure!(first.remove("type") == Some(Json::String("header".to_owned())), no_header);
        // The version is checked first, because another version may have other fields.
        let text = |key| first.get(key).and_then(Json::as_str).unwrap_or_default();
        let version = first.get("version").and_then(Json::as_u64).unwrap_or_default();
        Header::check_format(FORMAT, text("format"), version, text("chatapp"))?;
        let header = serde_json::from_value(Json::Object(first)).context("line 1")?;
        lines.accept();
        Ok(Self { lines, header, tallies: Tallies::new(), check: Check::default() })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Calls `each` with every row, the number of its line, and the expected number of events. Returns the
    /// tallies of the tables.
    ///
    /// # Errors
    /// The first problem of a line, or what is missing at the end. After an error the rows so far must be
    /// discarded, because the export is not whole.
    pub fn read(
        mut self,
        mut each: impl FnMut(&'static Table, Row, u64, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<Tally>> {
        let mut expected = 0;
        loop {
            let Some(object) = self.lines.next()? else {
                bail!("it ends after line {} without a footer: it was cut off", self.lines.number)
            };
            if object.get("type") == Some(&Json::String("footer".to_owned())) {
                return self.finish();
            }
            let (table, row) = self.take(object).with_context(|| self.lines.place())?;
            if table.name == "rooms" {
                expected = self.check.expected_events();
            }
            each(table, row, self.lines.number, expected)?;
        }
    }

    fn take(&mut self, object: Object) -> anyhow::Result<(&'static Table, Row)> {
        let (table, row) = line::read(object)?;
        self.check.add(table, &row)?;
        self.tallies.add(table, &row)?;
        self.lines.accept();
        Ok((table, row))
    }

    /// Checks that the footer matches the lines before it, and that no line follows.
    fn finish(mut self) -> anyhow::Result<Vec<Tally>> {
        let tallies = self.tallies.finish();
        let hash = self.lines.hash.clone().finalize();
        // An older version did not know the tables that were added since.
        let is_known = |tally: &&Tally| Table::named(&tally.table).since <= self.header.schema;
        let known: Vec<Tally> = tallies.iter().filter(is_known).cloned().collect();
        let footer = write::tagged("footer", write::footer(&known, &hash))?;
        ensure!(
            self.lines.line == footer,
            "its footer, line {}, does not match the lines before it: it has been damaged",
            self.lines.number
        );
        self.check.finish()?;
        ensure!(self.lines.next()?.is_none(), "there are lines after its footer");
        Ok(tallies)
    }
}

struct Lines<R> {
    input: R,
    /// Hash of the accepted lines.
    hash: Sha256,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> anyhow::Result<Option<Object>> {
        self.line.clear();
        let read = (&mut self.input).take(MAX_LINE_BYTES).read_until(b'\n', &mut self.line);
        if read.context("it cannot be read")? == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.restore_line();
        ensure!(
            self.line.last() == Some(&b'\n'),
            "{} has no end: the file was cut off, or is not an export",
            self.place()
        );
        let object = serde_json::from_slice(&self.line);
        Ok(Some(object.map_err(|error| anyhow!("{} is not a JSON object: {error}", self.place()))?))
    }

    /// Removes changes that programs on other systems make to text files: a byte order mark, and line ends
    /// of two bytes. An export never contains them, because JSON escapes a carriage return.
    fn restore_line(&mut self) {
        const BOM: &[u8] = b"\xEF\xBB\xBF";
        if self.number == 1 && self.line.starts_with(BOM) {
            self.line.drain(..BOM.len());
        }
        if self.line.ends_with(b"\r\n") {
            self.line.truncate(self.line.len() - 2);
            self.line.push(b'\n');
        }
    }

    fn accept(&mut self) {
        self.hash.update(&self.line);
    }

    fn place(&self) -> String {
        format!("line {}", self.number)
    }
}
