//! A connection that sends: it sends the next message when an earlier one is acknowledged.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::history::Random;
use super::wire;

#[derive(Debug)]
pub struct Sender {
    tag: usize,
    /// Sends that may be unacknowledged.
    window: usize,
    /// Bytes of a message's text.
    bytes: usize,
    has_client_id: bool,
    /// The most messages to send in total.
    limit: u64,
    /// The numbers of sent and of acknowledged messages. The `ref`s are 0, 1, 2, …
    sent: u64,
    acked: u64,
    sent_at: VecDeque<Instant>,
    text: String,
    /// The words of the messages. `None`: they have no words.
    words: Option<(Words, Random)>,
}

impl Sender {
    /// `tag` distinguishes the messages of this sender.
    pub fn new(tag: usize, window: usize, bytes: usize) -> Self {
        Self {
            tag,
            window,
            bytes,
            has_client_id: false,
            limit: u64::MAX,
            sent: 0,
            acked: 0,
            sent_at: VecDeque::new(),
            text: String::new(),
            words: None,
        }
    }

    pub fn with_client_id(mut self, has_client_id: bool) -> Self {
        self.has_client_id = has_client_id;
        self
    }

    /// Stops after `limit` messages.
    pub fn with_limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Sends messages of 3 to 20 random words.
    pub fn with_words(mut self, words: Words, seed: u64) -> Self {
        self.words = Some((words, Random(seed)));
        self
    }

    /// Sends until the window is full.
    pub fn fill(&mut self, out: &mut Vec<u8>, now: Instant) {
        while self.sent_at.len() < self.window && self.sent < self.limit {
            self.text.clear();
            write_text(&mut self.text, self.tag, self.sent, self.bytes);
            if let Some((words, random)) = &mut self.words {
                words.write(&mut self.text, random);
            }
            let client_id = self.has_client_id.then(|| format!("{}-{}", self.tag, self.sent));
            wire::write_send(out, self.sent, &self.text, client_id.as_deref());
            self.sent_at.push_back(now);
            self.sent += 1;
        }
    }

    /// Handles an `ack`. Returns the time since the send.
    ///
    /// # Errors
    /// If the `ack` is not for the oldest send, because sends are acknowledged in order.
    pub fn on_ack(&mut self, reference: u64, now: Instant) -> anyhow::Result<Duration> {
        ensure!(
            reference == self.acked && self.acked < self.sent,
            "the acknowledgements are out of order: got {reference}, expected {}",
            self.acked
        );
        self.acked += 1;
        let sent_at = self.sent_at.pop_front().unwrap_or(now);
        Ok(now.saturating_duration_since(sent_at))
    }

    /// Raises the limit by `more` messages.
    pub fn allow(&mut self, more: u64) {
        self.limit += more;
    }

    /// Stops sending.
    pub fn stop(&mut self) {
        self.limit = self.sent;
    }

    /// The number of acknowledged messages.
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// The number of messages that are not acknowledged or not sent yet.
    pub fn missing(&self) -> usize {
        usize::try_from(self.limit - self.acked).unwrap_or(usize::MAX)
    }
}

/// The number of different words. They have ranks: the word of rank n is about n times as rare as the first (Zipf's
/// law).
#[derive(Clone, Copy, Debug)]
pub struct Words(pub u32);

impl Words {
    /// The word of this rank: syllables that no other rank has in this order.
    pub fn word(self, mut rank: u64) -> String {
        const SYLLABLES: [&str; 25] = [
            "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo",
            "wu", "za", "be", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu",
        ];
        let mut word = String::new();
        loop {
            word.push_str(SYLLABLES[(rank % 25) as usize]);
            rank /= 25;
            if rank == 0 {
                return word;
            }
        }
    }

    /// The word of this rank in a script without spaces: two ideographs.
    pub fn ideographs(rank: u64) -> String {
        const FIRST: u32 = 0x4e00;
        const MANY: u64 = 300;
        let ideograph = |number: u64| char::from_u32(FIRST + (number % MANY) as u32);
        [ideograph(rank), ideograph(rank / MANY)].into_iter().flatten().collect()
    }

    /// Writes words; every tenth message also has some that are ideographs.
    fn write(self, text: &mut String, random: &mut Random) {
        for _ in 0..3 + random.below(18) {
            text.push(' ');
            text.push_str(&self.word(self.rank(random)));
        }
        if random.below(10) == 0 {
            text.push(' ');
            for _ in 0..3 + random.below(18) {
                text.push_str(&Self::ideographs(self.rank(random)));
            }
        }
    }

    /// A rank, evenly distributed on a logarithmic scale.
    fn rank(self, random: &mut Random) -> u64 {
        let place = random.below(1 << 30) as f64 / f64::from(1 << 30);
        f64::from(self.0).powf(place) as u64 - 1
    }
}

/// Writes a text that contains the sender's tag and the message's reference, filled up to `bytes`.
pub fn write_text(text: &mut String, tag: usize, reference: u64, bytes: usize) {
    // Writing to a String does not fail.
    let _ = write!(text, "{tag}-{reference}");
    if text.len() < bytes {
        text.push(' ');
    }
    text.extend(std::iter::repeat_n('x', bytes.saturating_sub(text.len())));
}

/// Returns the tag and the reference of a text.
pub fn read_text(text: &[u8]) -> Option<(usize, u64)> {
    let dash = text.iter().position(|byte| *byte == b'-')?;
    let (tag, reference) = (wire::number(text)?, wire::number(&text[dash + 1..])?);
    Some((usize::try_from(tag).ok()?, reference.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_limits_unacknowledged_sends_and_acks_must_be_in_order() {
        let now = Instant::now();
        let mut sender = Sender::new(3, 2, 20).with_limit(3);
        let mut out = Vec::new();
        sender.fill(&mut out, now);
        assert_eq!((sender.sent, sender.missing()), (2, 3));
        assert!(sender.on_ack(1, now).is_err());
        sender.on_ack(0, now).unwrap();
        sender.fill(&mut out, now);
        sender.on_ack(1, now).unwrap();
        sender.fill(&mut out, now);
        sender.on_ack(2, now).unwrap();
        assert_eq!((sender.acked(), sender.missing()), (3, 0));
        assert!(sender.on_ack(3, now).is_err());
    }

    #[test]
    fn a_text_contains_its_tag_and_reference() {
        let mut text = String::new();
        write_text(&mut text, 17, 99, 32);
        assert_eq!((text.len(), read_text(text.as_bytes())), (32, Some((17, 99))));
        text.clear();
        write_text(&mut text, 17, 99, 1);
        assert_eq!((text.as_str(), read_text(text.as_bytes())), ("17-99", Some((17, 99))));
    }
}
