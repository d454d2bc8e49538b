//! Checks that every reader of a room gets every message once, and all in the same order.

use anyhow::ensure;

/// The id of each seq, from the first reader that got it.
#[derive(Debug, Default)]
pub struct Order {
    ids: Vec<i64>,
}

impl Order {
    /// Notes a message that was sent to a reader which has all messages up to `cursor`.
    ///
    /// # Errors
    /// A gap, a repetition, or a message that differs from the one that another reader got.
    pub fn see(&mut self, cursor: &mut i64, seq: i64, id: i64) -> anyhow::Result<()> {
        ensure!(
            seq == *cursor + 1,
            "the order is broken: a connection that had all messages up to seq {cursor} got seq {seq}"
        );
        *cursor = seq;
        self.note(seq, id)
    }

    /// Notes which message has this seq.
    ///
    /// # Errors
    /// If another message was noted for it.
    pub fn note(&mut self, seq: i64, id: i64) -> anyhow::Result<()> {
        let index = usize::try_from(seq)?;
        if index >= self.ids.len() {
            self.ids.resize(index + 1, 0);
        }
        let seen = &mut self.ids[index];
        ensure!(
            *seen == 0 || *seen == id,
            "the order is broken: seq {seq} is message {seen} for one connection and message {id} \
             for another"
        );
        *seen = id;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_repetitions_and_different_orders_are_found() {
        let mut order = Order::default();
        let (mut ann, mut bo) = (0, 1);
        order.see(&mut ann, 1, 11).unwrap();
        order.see(&mut bo, 2, 12).unwrap();
        order.see(&mut ann, 2, 12).unwrap();
        assert!(order.see(&mut ann, 2, 12).is_err());
        assert!(order.see(&mut ann, 4, 14).is_err());
        order.see(&mut ann, 3, 13).unwrap();
        assert!(order.see(&mut bo, 3, 14).is_err());
    }
}
