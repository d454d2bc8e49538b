//! The cursor of a search: where its next page begins. Opaque to clients.

use crate::model::{SearchBounds, SearchOrder};

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub bounds: SearchBounds,
    /// The number of messages that come before the page. Only in the order [`SearchOrder::Best`].
    pub offset: usize,
}

impl Cursor {
    pub const START: Self = Self { bounds: SearchBounds::START, offset: 0 };

    pub fn write(self, order: SearchOrder) -> String {
        let Self { bounds: SearchBounds { open, closed }, offset } = self;
        match order {
            SearchOrder::Newest => format!("{open}.{closed}"),
            SearchOrder::Best => format!("{open}.{closed}.{offset}"),
        }
    }

    /// `None`: it is not a cursor of this order.
    pub fn read(text: &str, order: SearchOrder) -> Option<Self> {
        let mut numbers = text.split('.').map(|number| {
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            number.parse::<i64>().ok().filter(|_| is_number)
        });
        let (open, closed) = (numbers.next()??, numbers.next()??);
        let offset = match order {
            SearchOrder::Newest => 0,
            SearchOrder::Best => usize::try_from(numbers.next()??).ok()?,
        };
        let is_whole = numbers.next().is_none();
        is_whole.then_some(Self { bounds: SearchBounds { open, closed }, offset })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(open in 0..i64::MAX, closed in 0..i64::MAX, offset in 0..1_000_usize) {
            for (&order, offset) in SearchOrder::ALL.iter().zip([0, offset]) {
                let cursor = Cursor { bounds: SearchBounds { open, closed }, offset };
                prop_assert_eq!(Cursor::read(&cursor.write(order), order), Some(cursor));
            }
        }

        #[test]
        fn other_text_is_no_cursor(text in "\\PC{0,12}|[0-9.+-]{0,12}") {
            for &order in SearchOrder::ALL {
                let numbers: Vec<&str> = text.split('.').collect();
                let is_cursor = numbers.len() == if order == SearchOrder::Best { 3 } else { 2 }
                    && numbers.iter().all(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()));
                prop_assert_eq!(Cursor::read(&text, order).is_some(), is_cursor);
            }
        }
    }
}
