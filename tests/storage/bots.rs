//! API tokens of bots, and cursors.

use chatapp::model::{
    ApiToken, Grant, NewApiToken, NewUser, RoomId, Scope, Seq, SessionId, SessionTerms, Timestamp,
    User,
};
use chatapp::storage::Backend;
use chatapp::storage::backend::{MAX_API_TOKENS, MAX_CURSOR_ROOMS, TokenOutcome};

use crate::harness::{NOW, TestDatabase, active, audit, audit_at, fill, new_user, room, user};

pub fn bot(backend: &dyn Backend, name: &str) -> User {
    let bot = NewUser { is_bot: true, password_hash: String::new(), ..new_user(name) };
    backend.create_user(&bot, None).unwrap()
}

pub fn token(user: &User, id: u128, room_ids: Option<Vec<RoomId>>) -> NewApiToken {
    let scopes = [Scope::Read, Scope::Send].into_iter().collect();
    let session = SessionTerms {
        id: SessionId(id),
        created_at: NOW,
        expires_at: ApiToken::NEVER,
        is_bounded: false,
    };
    NewApiToken {
        user_id: user.id,
        session,
        name: format!("token {id}"),
        grant: Grant { scopes, room_ids },
    }
}

pub fn a_token_is_a_session_with_a_grant(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, pa) = (user(&*backend, "ann"), bot(&*backend, "pa"));
    let limited = token(&pa, 1, Some(vec![RoomId(3), RoomId(7)]));
    let entry = audit("bot.create_token");
    assert_eq!(backend.create_api_token(&limited, &entry).unwrap(), TokenOutcome::Stored);
    let session = backend.get_session(SessionId(1)).unwrap().unwrap();
    assert_eq!(session.grant, Some(limited.grant.clone()));
    assert!(session.user.is_bot);
    assert_eq!(session.last_used_at, None);
    assert_eq!(
        backend.create_api_token(&token(&pa, 2, None), &entry).unwrap(),
        TokenOutcome::Stored
    );
    let listed = backend.list_api_tokens(pa.id, NOW).unwrap();
    let ids: Vec<_> = listed.iter().map(|token| token.id.0).collect();
    assert_eq!(ids, [1, 2]);
    assert_eq!((listed[0].expires_at, listed[1].room_ids.clone()), (None, None));

    let later = NOW.plus_seconds(90);
    backend.touch_api_token(SessionId(1), NOW, NOW.plus_seconds(-60)).unwrap();
    backend.touch_api_token(SessionId(1), later, Timestamp(NOW.0)).unwrap();
    assert_eq!(backend.get_session(SessionId(1)).unwrap().unwrap().last_used_at, Some(NOW));
    backend.touch_api_token(SessionId(1), later, later).unwrap();
    assert_eq!(backend.get_session(SessionId(1)).unwrap().unwrap().last_used_at, Some(later));

    let bots = backend.list_bots(NOW).unwrap();
    assert_eq!(
        bots.iter().map(|bot| (bot.user.id, bot.sessions)).collect::<Vec<_>>(),
        [(pa.id, 2)]
    );
    let entry = audit_at("bot.revoke_token", later);
    assert!(!backend.revoke_api_token(ann.id, SessionId(1), &entry).unwrap());
    assert!(backend.revoke_api_token(pa.id, SessionId(1), &entry).unwrap());
    assert!(!backend.revoke_api_token(pa.id, SessionId(1), &entry).unwrap());
    assert!(backend.list_revoked(later).unwrap().sessions.contains(&SessionId(1)));
    assert_eq!(backend.list_api_tokens(pa.id, NOW).unwrap().len(), 1);
}

pub fn only_an_active_bot_gets_a_token_and_only_so_many(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, pa) = (user(&*backend, "ann"), bot(&*backend, "pa"));
    let create =
        |token: &NewApiToken| backend.create_api_token(token, &audit("bot.create_token")).unwrap();
    assert_eq!(create(&token(&ann, 1, None)), TokenOutcome::NoBot);
    for n in 0..u128::from(MAX_API_TOKENS) {
        assert_eq!(create(&token(&pa, 10 + n, None)), TokenOutcome::Stored);
    }
    assert_eq!(create(&token(&pa, 1, None)), TokenOutcome::TooMany);
    assert!(backend.revoke_api_token(pa.id, SessionId(10), &audit("bot.revoke_token")).unwrap());
    assert_eq!(create(&token(&pa, 1, None)), TokenOutcome::Stored);
    backend.update_user(pa.id, active(false), &audit("user.update")).unwrap();
    assert_eq!(create(&token(&pa, 2, None)), TokenOutcome::NoBot);
    assert_eq!(backend.list_api_tokens(pa.id, NOW).unwrap(), []);
    assert_eq!(
        backend.update_password(pa.id, "$2b$", &audit("user.reset_password")).unwrap(),
        None
    );
}

pub fn a_cursor_moves_forward_up_to_the_end_of_the_log(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, pa) = (user(&*backend, "ann"), bot(&*backend, "pa"));
    let [one, two] = [room(&*backend, &ann), room(&*backend, &ann)];
    fill(&*backend, &one, &ann, 5);
    let at = |name: &str| -> Vec<(RoomId, i64)> {
        let positions = backend.get_cursor(pa.id, name).unwrap();
        positions.iter().map(|position| (position.room_id, position.seq.0)).collect()
    };
    let moves = |positions: &[(RoomId, i64)], now: Timestamp| {
        let positions: Vec<_> = positions.iter().map(|&(room, seq)| (room, Seq(seq))).collect();
        assert!(backend.move_cursor(pa.id, "c", &positions, now).unwrap());
    };
    moves(&[(one.id, 3), (two.id, 9), (RoomId(99), 1)], NOW);
    assert_eq!(at("c"), [(one.id, 3), (two.id, 0)]);
    moves(&[(one.id, 2)], NOW.plus_seconds(1));
    assert_eq!(at("c"), [(one.id, 3), (two.id, 0)]);
    assert_eq!(backend.get_cursor(pa.id, "c").unwrap()[0].updated_at, NOW);
    moves(&[(one.id, 99)], NOW.plus_seconds(1));
    assert_eq!(at("c"), [(one.id, 5), (two.id, 0)]);
    assert_eq!(at("d"), []);
    assert_eq!(backend.list_cursors(pa.id).unwrap(), ["c"]);
    assert!(backend.delete_cursor(pa.id, "c").unwrap());
    assert!(!backend.delete_cursor(pa.id, "c").unwrap());
    let too_many: Vec<_> =
        (1..=i64::from(MAX_CURSOR_ROOMS) + 1).map(|id| (RoomId(id), Seq(1))).collect();
    assert!(!backend.move_cursor(pa.id, "c", &too_many, NOW).unwrap());
    assert_eq!(at("c"), []);
}
