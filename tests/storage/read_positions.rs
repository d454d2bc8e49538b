//! Read positions.

use std::collections::HashMap;

use chatapp::model::{ReadPosition, RoomId, Seq};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{TestDatabase, fill, on_threads, read_seq, room, user};

pub fn a_position_moves_on_and_never_back(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (one, two) = (room(&*backend, &ann), room(&*backend, &ann));
    fill(&*backend, &one, &ann, 10);
    let of = |user: &chatapp::model::User, room_id, seq| ReadPosition {
        user_id: user.id,
        room_id,
        seq: Seq(seq),
    };
    assert_eq!(read_seq(&*backend, &ann, one.id), Seq(0));
    assert_eq!(backend.advance_read_positions(&[]).unwrap(), []);
    let batch =
        [of(&ann, one.id, 4), of(&bo, one.id, 99), of(&ann, two.id, 3), of(&ann, RoomId(77), 1)];
    let advanced = backend.advance_read_positions(&batch).unwrap();
    let expected = [Some((Seq(4), true)), Some((Seq(10), true)), Some((Seq(0), false)), None];
    assert_eq!(advanced, expected, "a position beyond the head becomes the head");
    for (seq, expected) in [(3, (4, false)), (4, (4, false)), (0, (4, false)), (7, (7, true))] {
        let advanced = backend.advance_read_positions(&[of(&ann, one.id, seq)]).unwrap();
        assert_eq!(advanced, [Some((Seq(expected.0), expected.1))], "{seq}");
    }
    assert_eq!(read_seq(&*backend, &ann, one.id), Seq(7));
    assert_eq!(read_seq(&*backend, &ann, two.id), Seq(0));
    assert_eq!(read_seq(&*backend, &bo, one.id), Seq(10));
}

pub fn a_position_is_moved_back_and_never_on(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (one, two) = (room(&*backend, &ann), room(&*backend, &ann));
    fill(&*backend, &one, &ann, 10);
    let of = |user: &chatapp::model::User, room_id, seq| ReadPosition {
        user_id: user.id,
        room_id,
        seq: Seq(seq),
    };
    assert_eq!(backend.move_back_read_positions(&[]).unwrap(), []);
    backend.advance_read_positions(&[of(&ann, one.id, 8), of(&bo, one.id, 8)]).unwrap();
    let batch =
        [of(&bo, one.id, 9), of(&ann, one.id, 5), of(&ann, two.id, 0), of(&ann, RoomId(77), 1)];
    let moved = backend.move_back_read_positions(&batch).unwrap();
    let expected = [Some((Seq(8), false)), Some((Seq(5), true)), Some((Seq(0), false)), None];
    assert_eq!(moved, expected);
    for (seq, expected) in [(5, (5, false)), (6, (5, false)), (99, (5, false)), (0, (0, true))] {
        let moved = backend.move_back_read_positions(&[of(&ann, one.id, seq)]).unwrap();
        assert_eq!(moved, [Some((Seq(expected.0), expected.1))], "{seq}");
    }
    assert_eq!(read_seq(&*backend, &ann, one.id), Seq(0));
    assert_eq!(read_seq(&*backend, &bo, one.id), Seq(8));
    let advanced = backend.advance_read_positions(&[of(&ann, one.id, 3)]).unwrap();
    assert_eq!(advanced, [Some((Seq(3), true))]);
}

pub fn positions_agree_with_a_model(db: &TestDatabase) {
    const HEAD: i64 = 8;
    let backend = db.backend();
    let users = [user(&*backend, "ann"), user(&*backend, "bo")];
    let check = |steps: Vec<(usize, usize, bool, i64)>| {
        let rooms = [room(&*backend, &users[0]), room(&*backend, &users[0])];
        rooms.iter().for_each(|room| fill(&*backend, room, &users[0], HEAD as u32));
        let mut model: HashMap<(usize, usize), i64> = HashMap::new();
        for (user, room, is_back, seq) in steps {
            let position =
                ReadPosition { user_id: users[user].id, room_id: rooms[room].id, seq: Seq(seq) };
            let known = model.entry((user, room)).or_default();
            let before = *known;
            let moved = match is_back {
                true => {
                    *known = seq.min(*known);
                    backend.move_back_read_positions(&[position])
                }
                false => {
                    *known = seq.min(HEAD).max(*known);
                    backend.advance_read_positions(&[position])
                }
            };
            prop_assert_eq!(moved.unwrap(), [Some((Seq(*known), *known != before))]);
            let listed = read_seq(&*backend, &users[user], rooms[room].id);
            prop_assert_eq!(listed, Seq(*known));
        }
        Ok(())
    };
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    let step = (0..2usize, 0..2usize, any::<bool>(), 0..HEAD + 3);
    TestRunner::new(config).run(&vec(step, 0..20), check).unwrap();
}

pub fn processes_that_move_positions_at_once_do_not_block_each_other(db: &TestDatabase) {
    let backend = db.backend();
    let users: Vec<_> = (0..10).map(|n| user(&*backend, &format!("user{n}"))).collect();
    let room = room(&*backend, &users[0]);
    fill(&*backend, &room, &users[0], 50);
    on_threads(4, |thread| {
        let backend = db.open();
        for seq in 1..=50 {
            let position =
                |n: usize| ReadPosition { user_id: users[n].id, room_id: room.id, seq: Seq(seq) };
            // Each thread uses another order.
            let batch: Vec<_> =
                (0..10).map(|n| position((n * [1, 3, 7, 9][thread]) % 10)).collect();
            for advanced in backend.advance_read_positions(&batch).unwrap() {
                assert!(advanced.unwrap().0 >= Seq(seq));
            }
        }
    });
    for user in &users {
        assert_eq!(read_seq(&*backend, user, room.id), Seq(50));
    }
}
