//! Code in the text of a message, in which nothing else is looked for.

use std::collections::HashMap;
use std::ops::Range;

/// The parts of a text that are code in Markdown (CommonMark §4.5, §6.1): fenced blocks, and spans between runs of the
/// same number of backticks.
pub(super) fn code_ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut at, mut prose) = (0, 0);
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |found| at + found + 1);
        if let Some(fence) = opening_fence(&text[at..end]) {
            spans(text, prose..at, &mut ranges);
            let close = closing_fence(text, end, fence);
            ranges.push(at..close);
            (at, prose) = (close, close);
        } else {
            at = end;
        }
    }
    spans(text, prose..text.len(), &mut ranges);
    ranges
}

/// The character of a fence and its number, if the line begins a fenced block.
fn opening_fence(line: &str) -> Option<(char, usize)> {
    let line = line.trim_end();
    let trimmed = line.trim_start_matches(' ');
    let mark = trimmed.chars().next().filter(|char| matches!(char, '`' | '~'))?;
    let count = trimmed.len() - trimmed.trim_start_matches(mark).len();
    let is_indented = line.len() - trimmed.len() > 3;
    // A line with further backticks is a span of code.
    let has_more = mark == '`' && trimmed[count..].contains('`');
    (count >= 3 && !is_indented && !has_more).then_some((mark, count))
}

/// The end of the block: after the line that closes the fence, or the end of the text.
fn closing_fence(text: &str, from: usize, (mark, count): (char, usize)) -> usize {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        at += line.len();
        let line = line.trim();
        if line.len() >= count && line.chars().all(|char| char == mark) {
            return at;
        }
    }
    text.len()
}

/// Adds the spans of code in a part of the text.
fn spans(text: &str, part: Range<usize>, ranges: &mut Vec<Range<usize>>) {
    let runs = backtick_runs(text, part);
    // For each length, the runs of it from the last: a run is closed by the next one of the same length.
    let mut after: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, run) in runs.iter().enumerate().rev() {
        after.entry(run.len()).or_default().push(index);
    }
    let mut index = 0;
    while let Some(open) = runs.get(index) {
        let same = after.entry(open.len()).or_default();
        while same.last().is_some_and(|&other| other <= index) {
            same.pop();
        }
        match same.last() {
            Some(&close) => {
                ranges.push(open.start..runs[close].end);
                index = close + 1;
            }
            None => index += 1,
        }
    }
}

fn backtick_runs(text: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in part {
        if bytes[at] != b'`' {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}
