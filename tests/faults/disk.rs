//! A model of a disk after a power cut. It is computed from the journal of a process's file operations.
//!
//! Synced data is on the disk. Of the data that was written to a file after its last sync, any part may be on the
//! disk: each sector of 512 bytes may be as it was after any of the writes to it. File systems keep only
//! the order of changes to names and lengths (Pillai et al., "All File Systems Are Not Created Equal",
//! OSDI 2014). A failed sync may also have written any part of the data, and the system never tries to
//! write the rest again: a later sync that succeeds does not cover that data (Rebello et al., "Can
//! Applications Recover from fsync Failures?", USENIX ATC 2020).

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

const SECTOR: usize = 512;
const HEAD: usize = 16;

/// The changes that a process made to its files, in order.
pub struct Journal(Vec<u8>);

struct Record<'a> {
    kind: u8,
    failed: bool,
    /// The offset of a write, the new length, or the journal's length when the sync began.
    offset: usize,
    name: &'a str,
    data: Range<usize>,
    end: usize,
}

impl Journal {
    pub fn read(path: &Path) -> Self {
        Self(fs::read(path).expect("the server wrote a journal"))
    }

    /// Counts the writes to the start of this file.
    pub fn beginnings(&self, name: &str) -> usize {
        let records = self.ends().into_iter().filter_map(|at| self.record(at));
        let begins = |it: &Record<'_>| it.kind == b'W' && it.offset == 0 && it.name == name;
        records.filter(begins).count()
    }

    /// Returns the number of bytes of each write to this file.
    pub fn writes(&self, name: &str) -> Vec<usize> {
        let records = self.ends().into_iter().filter_map(|at| self.record(at));
        records.filter(|it| it.kind == b'W' && it.name == name).map(|it| it.data.len()).collect()
    }

    /// Returns the positions in the journal at which a record ends, and 0.
    pub fn ends(&self) -> Vec<usize> {
        let mut ends = vec![0];
        while let Some(record) = self.record(ends[ends.len() - 1]) {
            ends.push(record.end);
        }
        ends
    }

    fn record(&self, at: usize) -> Option<Record<'_>> {
        let head = self.0.get(at..at + HEAD)?;
        let name = at + HEAD..at + HEAD + usize::from(head[1]);
        let bytes = u32::from_ne_bytes(head[4..8].try_into().expect("4 bytes")) as usize;
        let data = name.end..name.end + bytes;
        Some(Record {
            kind: head[0],
            failed: u16::from_ne_bytes([head[2], head[3]]) != 0,
            offset: u64::from_ne_bytes(head[8..16].try_into().expect("8 bytes")) as usize,
            name: std::str::from_utf8(self.0.get(name)?).expect("names are UTF-8"),
            end: data.end,
            data,
        })
    }
}

/// The state of the disk after a part of the journal: the data that is certainly on the disk, and the changes
/// that may be.
#[derive(Clone, Default)]
pub struct Disk {
    /// The position in the journal up to which changes have been applied.
    at: usize,
    files: Vec<File>,
    /// The names that are certainly on the disk; `changes` are those that may be.
    names: BTreeMap<String, usize>,
    changes: Vec<(usize, String, Option<usize>)>,
}

#[derive(Clone, Default)]
struct File {
    bytes: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, offset: usize, data: Range<usize> },
    Length { at: usize, length: usize },
}

impl Disk {
    /// Applies the journal up to this position, which is the end of a record.
    pub fn advance(&mut self, journal: &Journal, to: usize, random: &mut Random) {
        while self.at < to {
            let record = journal.record(self.at).expect("the position is in the journal");
            self.apply(journal, &record, random);
            self.at = record.end;
        }
    }

    fn apply(&mut self, journal: &Journal, record: &Record<'_>, random: &mut Random) {
        let (at, name) = (self.at, record.name.to_owned());
        if name.is_empty() {
            if record.kind == b'S' && !record.failed {
                let synced = self.changes.partition_point(|(when, ..)| *when < record.offset);
                for (_, name, file) in self.changes.drain(..synced) {
                    change(&mut self.names, name, file);
                }
            }
            return;
        }
        match record.kind {
            b'C' => {
                self.files.push(File::default());
                self.changes.push((at, name, Some(self.files.len() - 1)));
            }
            b'U' => self.changes.push((at, name, None)),
            kind => {
                // The file was deleted while it was open, so after the cut it does not exist.
                let Some(file) = self.live(&name) else { return };
                let file = &mut self.files[file];
                let (offset, data) = (record.offset, record.data.clone());
                match kind {
                    b'W' => file.pending.push(Change::Write { at, offset, data }),
                    b'T' => file.pending.push(Change::Length { at, length: offset }),
                    b'S' => {
                        let covered = file.pending.partition_point(|it| it.at() < offset);
                        let covered: Vec<Change> = file.pending.drain(..covered).collect();
                        if record.failed {
                            apply_some(&mut file.bytes, &covered, journal, random);
                        } else {
                            apply_all(&mut file.bytes, &covered, journal);
                        }
                    }
                    other => panic!("the journal has a record `{other}`"),
                }
            }
        }
    }

    /// Returns the file that has this name for a running process.
    fn live(&self, name: &str) -> Option<usize> {
        let changed = self.changes.iter().rev().find(|(_, changed, _)| changed == name);
        changed.map_or_else(|| self.names.get(name).copied(), |(_, _, file)| *file)
    }

    /// Cuts the power: writes files to the folder as one possible disk has them after the cut.
    pub fn cut(&self, journal: &Journal, folder: &Path, random: &mut Random) {
        let mut names = self.names.clone();
        let survives = random.below(self.changes.len() + 1);
        for (_, name, file) in &self.changes[..survives] {
            change(&mut names, name.clone(), *file);
        }
        for (name, file) in names {
            let File { mut bytes, pending } = self.files[file].clone();
            apply_some(&mut bytes, &pending, journal, random);
            fs::write(folder.join(name), bytes).expect("the file can be written");
        }
    }
}

impl Change {
    fn at(&self) -> usize {
        match self {
            Self::Write { at, .. } | Self::Length { at, .. } => *at,
        }
    }
}

fn change(names: &mut BTreeMap<String, usize>, name: String, file: Option<usize>) {
    match file {
        Some(file) => names.insert(name, file),
        None => names.remove(&name),
    };
}

fn apply_all(bytes: &mut Vec<u8>, changes: &[Change], journal: &Journal) {
    for change in changes {
        match change {
            Change::Write { offset, data, .. } => put(bytes, *offset, &journal.0[data.clone()]),
            Change::Length { length, .. } => bytes.resize(*length, 0),
        }
    }
}

/// Applies a random part of the changes. There are four cases, equally probable: nothing; everything;
/// everything up to a position within one write; or, between two changes of the file's length, each sector
/// up to a random one of its writes.
fn apply_some(bytes: &mut Vec<u8>, changes: &[Change], journal: &Journal, random: &mut Random) {
    let upto = random.below(changes.len() + 1);
    match random.below(4) {
        0 => return,
        1 => return apply_all(bytes, changes, journal),
        2 => {
            apply_all(bytes, &changes[..upto], journal);
            if let Some(Change::Write { offset, data, .. }) = changes.get(upto) {
                let until = (offset + random.below(data.len() + 1)) / SECTOR * SECTOR;
                let part = data.start..data.start + until.saturating_sub(*offset);
                put(bytes, *offset, &journal.0[part]);
            }
            return;
        }
        _ => {}
    }
    let is_length = |change: &Change| matches!(change, Change::Length { .. });
    let start = changes[..upto].iter().rposition(is_length).map_or(0, |at| at + 1);
    apply_all(bytes, &changes[..start], journal);
    let mut stopped = BTreeMap::new();
    for change in &changes[start..] {
        let Change::Write { offset, data, .. } = change else { return };
        let mut from = *offset;
        let end = offset + data.len();
        while from < end {
            let sector = from / SECTOR;
            let to = end.min((sector + 1) * SECTOR);
            // If one write to a sector is missing, all later writes to it are missing too.
            let stop = stopped.entry(sector).or_insert(false);
            *stop = *stop || random.below(3) == 0;
            if !*stop {
                put(bytes, from, &journal.0[data.start + from - offset..data.start + to - offset]);
            }
            from = to;
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if bytes.len() < offset + data.len() {
        bytes.resize(offset + data.len(), 0);
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

/// The random number generator SplitMix64: the same seed gives the same numbers.
pub struct Random(pub u64);

impl Random {
    /// Returns a number less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
