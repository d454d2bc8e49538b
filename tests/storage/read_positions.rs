//! Read positions.

use chatapp::model::{ReadPosition, RoomId, Seq};

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
