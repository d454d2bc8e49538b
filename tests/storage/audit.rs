//! The audit log: one record for every act, and no other records.

use chatapp::model::{
    Actor, AuditEntry, NewAccount, NewAuditEntry, NewMessage, NewPasswordReset, NewUser, Role,
    RoomChange, RoomId, SessionId, SessionTerms, UserChange, UserId, Via,
};
use chatapp::storage::{AppendError, Backend};
use serde_json::json;

use crate::harness::{
    HASH, NOW, TestDatabase, active, audit, audit_at, change, log, message, new_user, role, room,
    session, user, with_client_id,
};

fn actions(backend: &dyn Backend) -> Vec<String> {
    let entries = backend.list_audit(None, 100).unwrap();
    entries.into_iter().rev().map(|entry| entry.action).collect()
}

pub fn every_act_of_administration_is_recorded(db: &TestDatabase) {
    let backend = db.backend();
    let admin = NewUser { role: Role::Admin, ..new_user("ann") };
    let ann = backend.create_user(&admin, Some(&audit("create"))).unwrap();
    let bo = user(&*backend, "bo");
    session(&*backend, 1, &bo);
    let by_ann = NewAuditEntry {
        timestamp: NOW.plus_seconds(1),
        actor: Actor::Account(ann.id),
        action: "role",
        detail: json!({ "b": [1, null, "\"é"], "a": {} }),
        is_recorded: true,
    };
    let reset = NewPasswordReset { hash: [1; 32], user_id: bo.id, expires_at: NOW };
    assert_eq!(backend.revoke_sessions(bo.id, &audit("revoke")).unwrap(), Some(1));
    assert!(backend.update_user(bo.id, role(Role::Admin), &by_ann).unwrap().is_some());
    assert!(backend.update_user(bo.id, active(false), &audit("deactivate")).unwrap().is_some());
    assert!(backend.create_password_reset(&reset, &audit("reset")).unwrap());
    assert!(backend.update_password(bo.id, "x", &audit("password")).unwrap().is_some());
    assert!(backend.delete_user(bo.id, &audit("delete")).unwrap().is_some());
    let expected = ["create", "revoke", "role", "deactivate", "reset", "password", "delete"];
    assert_eq!(actions(&*backend), expected);

    let entries = backend.list_audit(None, 100).unwrap();
    let (create, bos) = (&entries[6], &entries[0]);
    assert_eq!(create.target, format!("user #{}", ann.id));
    assert_eq!((bos.target.clone(), bos.timestamp), (format!("user #{}", bo.id), NOW));
    let expected = AuditEntry {
        id: entries[4].id,
        timestamp: NOW.plus_seconds(1),
        actor: "ann".to_owned(),
        via: Via::Http,
        action: "role".to_owned(),
        target: format!("user #{}", bo.id),
        detail: json!({ "b": [1, null, "\"é"], "a": {} }),
    };
    assert_eq!(entries[4], expected);
    assert_eq!((create.actor.as_str(), create.via), ("root", Via::Cli));
}

pub fn an_act_without_an_effect_is_not_recorded(db: &TestDatabase) {
    let backend = db.backend();
    let admin = NewUser { role: Role::Admin, ..new_user("ann") };
    let ann = backend.create_user(&admin, None).unwrap();
    let entry = audit("x");
    assert!(
        backend.create_user(&new_user("ANN"), Some(&entry)).is_err(),
        "a taken name was accepted"
    );
    assert!(
        backend.update_user(ann.id, role(Role::User), &entry).is_err(),
        "the last admin was removed"
    );
    assert!(backend.update_user(ann.id, active(false), &entry).is_err());
    assert!(backend.delete_user(ann.id, &entry).is_err());
    // The role is the present one.
    assert!(backend.update_user(ann.id, role(Role::Admin), &entry).unwrap().is_some());
    assert!(backend.update_user(ann.id, UserChange::default(), &entry).unwrap().is_some());
    assert_eq!(backend.revoke_sessions(ann.id, &entry).unwrap(), Some(0));
    let hash = backend.get_credentials("ann").unwrap().unwrap().password_hash;
    // A user's own changes are not acts of administration.
    assert!(backend.change_password(ann.id, &hash, "x", SessionId(1), NOW).unwrap());
    assert_eq!(backend.list_audit(None, 10).unwrap(), []);
}

pub fn an_act_that_cannot_be_recorded_is_rolled_back(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let open = session(&*backend, 1, &ann);
    db.raw().execute("ALTER TABLE audit RENAME TO elsewhere");
    let entry = audit("x");
    assert!(backend.update_user(ann.id, role(Role::Admin), &entry).is_err());
    assert!(backend.delete_user(ann.id, &entry).is_err());
    assert!(backend.revoke_sessions(ann.id, &entry).is_err());
    assert!(backend.update_password(ann.id, "x", &entry).is_err());
    assert!(backend.create_user(&new_user("bo"), Some(&entry)).is_err());
    let account = NewAccount { user: new_user("bo"), identity: None, metadata: None };
    assert!(backend.create_account(&account, &entry).is_err());
    let (id, expires_at) = (SessionId(2), NOW.plus_seconds(9));
    let terms = SessionTerms { id, created_at: NOW, expires_at, is_bounded: true };
    assert!(backend.create_user_session(ann.id, &terms, &entry).is_err());
    assert!(backend.get_session(id).unwrap().is_none());
    let reset =
        NewPasswordReset { hash: [1; 32], user_id: ann.id, expires_at: NOW.plus_seconds(9) };
    assert!(backend.create_password_reset(&reset, &entry).is_err());
    assert_eq!(backend.get_user(ann.id).unwrap(), Some(ann));
    assert_eq!(backend.get_session(open).unwrap().unwrap().revoked_at, None);
    assert_eq!(backend.get_credentials("ann").unwrap().unwrap().password_hash, HASH);
    assert!(backend.get_credentials("bo").unwrap().is_none());
    assert!(backend.get_password_reset(&[1; 32], NOW).unwrap().is_none());
}

pub fn a_message_of_the_server_is_recorded_with_its_room(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    let by_server = |text: &str| NewMessage {
        user_id: UserId::SERVER,
        username: "(server)".into(),
        ..with_client_id(message(&general, &ann, text), text)
    };
    let entry = audit("announce");
    let first = backend.announce(by_server("sent"), &entry).unwrap();
    let again = backend.announce(by_server("sent"), &entry).unwrap();
    assert!(!first.duplicate && again.duplicate);
    assert_eq!(first.message, again.message);
    assert_eq!(first.message.parts, None);
    assert_eq!(log(&*backend, general.id), std::slice::from_ref(&first.message));
    // Nobody follows a thread that the server begins, except those who reply.
    let mut reply = message(&general, &ann, "why?");
    reply.parts.get_or_insert_default().detail.thread_id = Some(first.message.id);
    backend.append_messages(vec![reply]).unwrap().pop().unwrap().unwrap();
    assert_eq!(db.raw().count("thread_follows"), 1);
    assert_eq!(db.raw().count("thread_follows WHERE user_id = 0"), 0);

    let entries = backend.list_audit(None, 10).unwrap();
    let recorded: Vec<_> = entries.iter().filter(|entry| entry.action == "announce").collect();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].target, format!("room #{}", general.id));

    let nowhere = NewMessage { room_id: RoomId(999), ..by_server("x") };
    let refused = backend.announce(nowhere, &entry).unwrap_err();
    assert!(matches!(refused, AppendError::RoomNotFound), "{refused}");
    let archive = RoomChange { is_archived: Some(true), ..RoomChange::default() };
    backend.update_room(general.id, &archive, None, &audit("archive")).unwrap().unwrap();
    let refused = backend.announce(by_server("x"), &entry).unwrap_err();
    assert!(matches!(refused, AppendError::RoomArchived), "{refused}");
    assert!(backend.announce(by_server("sent"), &entry).unwrap().duplicate);
    backend.delete_message(change(&first.message, &ann), None).unwrap();
    let actions = actions(&*backend);
    assert_eq!(actions.iter().filter(|action| *action == "announce").count(), 1);

    db.raw().execute("ALTER TABLE audit RENAME TO elsewhere");
    let open = room_without_record(&*backend, &ann);
    let unrecorded = NewMessage { room_id: open, ..by_server("y") };
    assert!(backend.announce(unrecorded, &entry).is_err());
    assert_eq!(log(&*backend, open), []);
}

fn room_without_record(backend: &dyn Backend, creator: &chatapp::model::User) -> RoomId {
    let entry = NewAuditEntry { is_recorded: false, ..audit("x") };
    backend.create_room(&crate::harness::new_room("open", creator), &entry).unwrap().id
}

pub fn the_log_cannot_be_changed(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    assert!(backend.update_user(ann.id, role(Role::Admin), &audit("x")).unwrap().is_some());
    let before = backend.list_audit(None, 10).unwrap();
    let mut raw = db.raw();
    let more = match db.is_postgres() {
        true => "TRUNCATE audit",
        false => {
            "INSERT OR REPLACE INTO audit (id, timestamp, actor, via, action, target, detail)
             VALUES (1, 0, 'x', 'cli', 'x', 'x', '{}')"
        }
    };
    for sql in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit WHERE id = 1", more] {
        let error = raw.fails(sql);
        assert!(error.contains("the audit log is append-only"), "{sql}: {error}");
    }
    assert_eq!(backend.list_audit(None, 10).unwrap(), before);
}

pub fn entries_are_listed_newest_first_before_an_id(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    for (i, action) in ["a", "b", "c", "d"].into_iter().enumerate() {
        // The order does not depend on a clock that goes backwards.
        let entry = audit_at(action, NOW.plus_seconds(-(i as i64)));
        assert!(backend.update_user(ann.id, active(i % 2 == 1), &entry).unwrap().is_some());
    }
    let listed = |before, limit| -> Vec<String> {
        let entries = backend.list_audit(before, limit).unwrap();
        entries.into_iter().map(|entry| entry.action).collect()
    };
    assert_eq!(listed(None, 3), ["d", "c", "b"]);
    let third = backend.list_audit(None, 3).unwrap()[2].id;
    assert_eq!(listed(Some(third), 3), ["a"]);
    assert_eq!(actions(&*backend), ["a", "b", "c", "d"]);
}

/// The audit log is kept for ever, so it must not contain names of users.
pub fn a_deleted_account_leaves_no_name_in_the_log(db: &TestDatabase) {
    let backend = db.backend();
    let admin = |name| NewUser { role: Role::Admin, ..new_user(name) };
    let ann = backend.create_user(&admin("ann"), Some(&audit("create"))).unwrap();
    let zoe = backend.create_user(&admin("zoe"), Some(&audit("create"))).unwrap();
    let by = |id| NewAuditEntry { actor: Actor::Account(id), ..audit("demote") };
    assert!(backend.update_user(ann.id, role(Role::User), &by(zoe.id)).unwrap().is_some());
    assert!(backend.update_user(ann.id, role(Role::Admin), &by(zoe.id)).unwrap().is_some());
    assert!(format!("{:?}", backend.list_audit(None, 10).unwrap()).contains("zoe"));
    assert!(backend.delete_user(zoe.id, &by(ann.id)).unwrap().is_some());
    let entries = backend.list_audit(None, 10).unwrap();
    assert!(!format!("{entries:?}").contains("zoe"), "{entries:?}");
    assert_eq!(entries[1].actor, format!("deleted-{}", zoe.id));
}
