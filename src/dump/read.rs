//! Reading an export, which is not trusted: every line is understood or refused by its number.

use std::io::{BufRead, Read};

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::{Check, FORMAT, Header, Tallies, Tally, line, write};
use crate::storage::rows::{Row, Table};

/// The longest line: far more than the longest message, and little enough to be held.
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
    /// If it is no export, or of a version that is not understood.
    pub fn new(input: R) -> anyhow::Result<Self> {
        let mut lines = Lines { input, hash: Sha256::new(), line: Vec::new(), number: 0 };
        let no_header = "it is no export of chatapp: its first line is no header";
        let mut first = lines.next()?.context(no_header)?;
        ensure!(first.remove("type") == Some(Json::String("header".to_owned())), no_header);
        // Before the rest of it is looked at, which may be other in another version.
        let text = |key| first.get(key).and_then(Json::as_str).unwrap_or_default();
        let version = first.get("version").and_then(Json::as_u64).unwrap_or_default();
        Header::check_format(FORMAT, text("format"), version, text("chatapp"))?;
        let header = serde_json::from_value(Json::Object(first)).context("line 1")?;
        lines.accept();
        Ok(Self { lines, header, tallies: Tallies::new(), check: Check::default() })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Gives every row with the number of its line, and how many events there will be. Returns what
    /// there was.
    ///
    /// # Errors
    /// What is wrong with a line, or what is missing at the end. Nothing that came before an error
    /// may be taken for the whole.
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

    /// The footer must be the one that belongs to the lines before it, and nothing may come after.
    fn finish(mut self) -> anyhow::Result<Vec<Tally>> {
        let tallies = self.tallies.finish();
        let hash = self.lines.hash.clone().finalize();
        let footer = write::tagged("footer", write::footer(&tallies, &hash))?;
        ensure!(
            self.lines.line == footer,
            "its footer, line {}, does not fit what comes before it: it has been damaged",
            self.lines.number
        );
        self.check.finish()?;
        ensure!(self.lines.next()?.is_none(), "something comes after its footer");
        Ok(tallies)
    }
}

struct Lines<R> {
    input: R,
    /// Of the lines that were accepted.
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
            "{} does not end: it was cut off, or it is no export",
            self.place()
        );
        let object = serde_json::from_slice(&self.line);
        Ok(Some(object.map_err(|error| anyhow!("{} is no JSON object: {error}", self.place()))?))
    }

    /// Takes away what programs of other systems add to a text: a byte order mark, and line ends of two
    /// bytes. No export has them, for JSON escapes a carriage return.
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
