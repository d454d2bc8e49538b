//! The contents of a copy, and filling a database with them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use chatapp::dump::Check;
use chatapp::model::{
    AllowedTo, LeaveCause, MemberAct, NewMemberChange, NewRoom, NewText, Notify, PreferenceChange,
    Role, Room, RoomChange, RoomId, RoomKind, RoomRole, RoomRules, Seq, SessionId, User, UserId,
};
use chatapp::storage::rows::{LEFT_OUT, Row, Scope, TABLES, Table, Value};
use chatapp::storage::{self, Backend, Contents, CopyTarget, Error, Filling, OpenOptions};

use sha2::{Digest as _, Sha256};

use crate::harness::{
    NOW, Raw, TestDatabase, audit, change, fill, message, new_room, new_user, room, session, user,
    with_client_id,
};
use crate::{bots, hooks, message_rows, outgoing_hooks};

type Rows = Vec<(&'static Table, Row)>;

pub fn every_column_is_copied_or_left_out_on_purpose(db: &TestDatabase) {
    drop(db.backend());
    let mut known = BTreeSet::new();
    for table in TABLES.iter().filter(|table| table.name != "counters") {
        known.extend(table.columns.iter().map(|it| format!("{}.{}", table.name, it.name)));
    }
    let (tables, columns): (Vec<&str>, Vec<&str>) =
        LEFT_OUT.iter().map(|(name, _)| *name).partition(|name| !name.contains('.'));
    for column in columns {
        assert!(known.insert(column.to_owned()), "{column} is copied and left out");
    }
    let found = columns_of(&mut db.raw());
    let found: BTreeSet<_> = found
        .into_iter()
        .filter(|column| !tables.iter().any(|table| column.starts_with(&format!("{table}."))))
        .collect();
    assert_eq!(found, known, "a column must be in storage::rows::TABLES or LEFT_OUT");
}

pub fn rows_that_are_read_can_fill_another_database(db: &TestDatabase) {
    let source = db.backend();
    populate(&*source);
    let kept = source.get_room_by_name("kept").unwrap().unwrap();
    invite(&mut db.raw(), kept.id, kept.created_by);
    message_rows::write_later(&mut db.raw(), &kept, &by(&*source, "cy"));
    let rows = read(&*source);
    for table in TABLES {
        assert!(rows.iter().any(|(of, _)| *of == table), "no row of {}", table.name);
    }
    let mut check = Check::default();
    rows.iter().for_each(|(table, row)| check.add(table, row).unwrap());
    check.finish().unwrap();
    for filling in [Filling::AtOnce, Filling::InSteps] {
        for target in [crate::harness::sqlite(), crate::harness::postgres()] {
            let mut claimed = storage::claim(&target.url()).unwrap();
            assert_eq!(claimed.contents(), Contents::Nothing);
            claimed.begin(filling, Contents::Nothing).unwrap();
            write(&mut *claimed, &rows);
            let mut back = Rows::new();
            claimed
                .read_back(&mut |table, row| {
                    back.push((table, row));
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert!(back == rows, "{filling:?}");
            claimed.finish().unwrap();

            let filled = target.open();
            assert!(read(&*filled) == rows, "{filling:?}");
            let epoch = |backend: &dyn Backend| backend.get_server_facts().unwrap().epoch;
            assert_ne!(epoch(&*filled), epoch(&*source), "the filled database has the old epoch");
            let sessions = filled.list_sessions(None, NOW, 10).unwrap();
            let ids: Vec<_> = sessions.iter().map(|session| session.id.0).collect();
            assert_eq!(ids, [8, 9, 11], "only those of API tokens that are not revoked");
            // The next event gets an id that the source has never given.
            let ann = filled.get_credentials("ann").unwrap().unwrap().user;
            let room = filled.get_room_by_name("kept").unwrap().unwrap();
            let sent = filled.append_messages(vec![message(&room, &ann, "next")]).unwrap();
            let sent = sent[0].as_ref().unwrap();
            assert_eq!(sent.message.seq, room.head_seq.next());
            let last_id = greatest_id(&rows, "events");
            assert_eq!(sent.message.id.0, last_id + 1, "{sent:?}");
            let next = room_of_kind(&*filled, &ann, RoomKind::Public);
            assert_eq!(next.id.0, greatest_id(&rows, "rooms") + 1);
            let next = room_of_kind(&*filled, &ann, RoomKind::Private);
            assert_eq!(next.id.0, greatest_id(&rows, "closed_rooms") + 1);
            let sent = filled.append_messages(vec![message(&next, &ann, "next")]).unwrap();
            let sent = sent[0].as_ref().unwrap();
            assert_eq!(sent.message.id.0, greatest_id(&rows, "closed_events") + 1);
            message_rows::write_later(&mut target.raw(), &room, &ann);
            let last_id = greatest_id(&read(&*filled), "scheduled_messages");
            assert_eq!(last_id, greatest_id(&rows, "scheduled_messages") + 2);
            assert_eq!(filled.list_access_changes(0).unwrap().rooms.len(), 2);
        }
    }
}

pub fn a_copy_of_one_room_has_its_log_and_its_users(db: &TestDatabase) {
    let backend = db.backend();
    populate(&*backend);
    let kept = backend.get_room_by_name("kept").unwrap().unwrap();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    backend
        .read_rows(Scope::Room(kept.id), &mut |table, _| {
            *counts.entry(table.name).or_default() += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    let events = usize::try_from(kept.head_seq.0 - kept.oldest_seq.0 + 1).unwrap();
    // The author, the bot whose cursor is in the room, and the webhook of the room.
    assert_eq!((counts["rooms"], counts["events"], counts["users"]), (1, events, 3));
}

/// Exports of schema 10 have no kinds of rooms and no members.
#[test]
fn rooms_of_an_older_export_are_public() {
    let mut lines = [
        r#"{"type":"header","format":"chatapp-export","version":1,"chatapp":"0.1.0","schema":10,"epoch":"e","made_at":"2025-01-31T10:30:05.000Z"}"#,
        r#"{"type":"user","id":1,"username":"ann","email":"a","password_hash":"","role":"user","is_active":true,"created_at":"2025-01-31T10:30:05.000Z"}"#,
        r#"{"type":"room","id":1,"name":"general","created_by":1,"created_at":"2025-01-31T10:30:05.000Z","head_seq":0,"oldest_seq":1,"revision":0}"#,
        r#"{"type":"counter","name":"rooms","last_id":3}"#,
    ]
    .map(|line| format!("{line}\n"))
    .concat();
    let hash: String =
        Sha256::digest(lines.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    lines.push_str(&format!(
        "{{\"type\":\"footer\",\"rows\":{{\"users\":1,\"rooms\":1,\"events\":0,\"read_positions\":0,\
         \"audit\":0,\"counters\":1}},\"sha256\":\"{hash}\"}}\n"
    ));
    let mut rooms = Vec::new();
    let reader = chatapp::dump::Reader::new(lines.as_bytes()).unwrap();
    reader
        .read(|table, row, _, _| {
            if table.name == "rooms" {
                rooms.push(
                    ["kind", "posting", "history", "direct_key"]
                        .map(|column| row[table.position(column).unwrap()].clone()),
                );
            }
            Ok(())
        })
        .unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(rooms, [[text("public"), text("everyone"), text("all"), Value::Null]]);
}

pub fn the_people_of_a_direct_room_are_checked(db: &TestDatabase) {
    let backend = db.backend();
    populate(&*backend);
    let rows = read(&*backend);
    let fault = |is_left_out: &dyn Fn(&Table, &Row) -> bool| {
        let mut check = Check::default();
        let kept = rows.iter().filter(|(table, row)| !is_left_out(table, row));
        let added = kept.map(|(table, row)| check.add(table, row)).collect::<Result<Vec<_>, _>>();
        added.and_then(|_| check.finish()).map_err(|error| error.to_string())
    };
    assert_eq!(fault(&|_, _| false), Ok(()));
    let rooms = backend.list_rooms().unwrap();
    let direct = rooms.iter().find(|room| room.kind == RoomKind::Direct).unwrap();
    let is_of = |row: &Row, user| row[..2] == [Value::Int(direct.id.0), Value::Int(user)];
    let first = fault(&|table, row| table.name == "members" && is_of(row, 1)).unwrap_err();
    assert!(first.contains("are not the people"), "{first}");
    let last = fault(&|table, row| table.name == "members" && is_of(row, 2)).unwrap_err();
    assert!(last.contains("user 2 is not a member of the direct room"), "{last}");
    let is_room =
        |table: &Table, row: &Row| table.name == "rooms" && row[0] == Value::Int(direct.id.0);
    assert!(fault(&is_room).is_err());
    let is_user =
        |table: &Table, row: &Row| table.name == "users" && row[1] == Value::Text("cy".to_owned());
    let missing = fault(&is_user).unwrap_err();
    assert!(missing.contains("names user"), "{missing}");
}

pub fn what_rows_refer_to_is_checked(db: &TestDatabase) {
    let backend = db.backend();
    populate(&*backend);
    let talk = backend.get_room_by_name("talk").unwrap().unwrap();
    message_rows::write_later(&mut db.raw(), &talk, &by(&*backend, "cy"));
    let mut rows = Rows::new();
    backend
        .read_rows(Scope::Room(talk.id), &mut |table, row| {
            rows.push((table, row));
            ControlFlow::Continue(())
        })
        .unwrap();
    // What a row refers to is replaced by something that is missing.
    let fault = |changed: Option<(&str, &str)>| {
        let mut check = Check::default();
        for (table, row) in &rows {
            let mut row = row.clone();
            if let Some((name, column)) = changed
                && table.name == name
            {
                let value = &mut row[table.position(column).unwrap()];
                if *value != Value::Null {
                    *value = Value::Int(1 << 40);
                }
            }
            check.add(table, &row).map_err(|error| error.to_string())?;
        }
        check.finish().map_err(|error| error.to_string())
    };
    assert_eq!(fault(None), Ok(()));
    for (table, column) in [
        ("events", "thread_id"),
        ("reactions", "message_id"),
        ("reactions", "room_id"),
        ("reactions", "seq"),
        ("reactions", "user_id"),
        ("mentions", "seq"),
        ("mentions", "room_id"),
        ("mentions", "user_id"),
        ("mentions", "author_id"),
        ("thread_follows", "room_id"),
        ("thread_follows", "user_id"),
        ("pins", "message_id"),
        ("pins", "room_id"),
        ("pins", "pinned_by"),
        ("user_metadata", "user_id"),
        ("room_metadata", "room_id"),
        ("message_metadata", "room_id"),
        ("message_metadata", "seq"),
        ("drafts", "user_id"),
        ("drafts", "room_id"),
        ("scheduled_messages", "user_id"),
        ("scheduled_messages", "room_id"),
    ] {
        let error = fault(Some((table, column))).unwrap_err();
        assert!(error.contains("missing"), "{table}.{column}: {error}");
    }
    let names = ["rooms", "users", "reactions", "mentions", "thread_follows", "pins", "drafts"];
    let count = |name| rows.iter().filter(|(table, _)| table.name == name).count();
    assert_eq!(names.map(count), [1, 3, 8, 2, 2, 1, 1]);
}

fn by(backend: &dyn Backend, name: &str) -> User {
    backend.get_credentials(name).unwrap().unwrap().user
}

pub fn a_database_cannot_be_used_and_filled_at_once(db: &TestDatabase) {
    let backend = db.backend();
    let refused = storage::claim(&db.url());
    assert!(matches!(refused, Err(Error::InUse(_))), "{:?}", refused.err());
    drop(backend);
    let claimed = storage::claim(&db.url()).unwrap();
    assert!(matches!(storage::claim(&db.url()), Err(Error::InUse(_))), "claimed twice");
    let refused = storage::open(&db.url(), OpenOptions::default());
    assert!(matches!(refused, Err(Error::InUse(_))), "{:?}", refused.err());
    drop(claimed);
    db.open().check_schema().unwrap();
}

pub fn a_database_filled_at_once_is_complete_or_unchanged(db: &TestDatabase) {
    let backend = db.backend();
    populate(&*backend);
    let (rows, facts) = (read(&*backend), backend.get_server_facts().unwrap());
    drop(backend);
    let mut claimed = storage::claim(&db.url()).unwrap();
    assert_eq!(claimed.contents(), Contents::Data);
    claimed.begin(Filling::AtOnce, Contents::Data).unwrap();
    write(&mut *claimed, &rows[..rows.len() / 2]);
    drop(claimed);
    let backend = db.open();
    assert_eq!(backend.get_server_facts().unwrap(), facts);
    assert!(read(&*backend) == rows, "the contents have changed");
}

pub fn filling_in_steps_continues_and_the_database_is_sealed_until_its_end(db: &TestDatabase) {
    let source = db.another();
    let source = source.backend();
    populate(&*source);
    let rows = read(&*source);
    let half = rows.len() / 2;
    let mut claimed = storage::claim(&db.url()).unwrap();
    claimed.begin(Filling::InSteps, Contents::Nothing).unwrap();
    write(&mut *claimed, &rows[..half]);
    drop(claimed);
    // On SQLite the database has another name until it is complete.
    let is_usable = |backend: &dyn Backend| backend.check_schema();
    let opened = storage::open(&db.url(), OpenOptions::default());
    match opened {
        Ok(backend) => {
            assert!(
                matches!(is_usable(&*backend), Err(Error::Sealed(_))),
                "an unfinished database can be used"
            );
        }
        Err(error) => assert!(matches!(error, Error::BadUrl(_)), "{error:?}"),
    }
    let mut claimed = storage::claim(&db.url()).unwrap();
    assert_eq!(claimed.contents(), Contents::Unfinished);
    claimed.begin(Filling::InSteps, Contents::Unfinished).unwrap();
    write(&mut *claimed, &rows[half..]);
    claimed.finish().unwrap();
    assert!(read(&*db.open()) == rows, "the contents are not the written rows");
}

/// Stores rows in every table, and deletes rows so that given ids are missing.
fn populate(backend: &dyn Backend) {
    let ann = user(backend, "ann");
    let bo =
        backend.create_user(&chatapp::model::NewUser { role: Role::Admin, ..new_user("bo") }, None);
    let bo = bo.unwrap();
    session(backend, 7, &ann);
    let gone = room(backend, &ann);
    fill(backend, &gone, &ann, 5);
    backend.delete_room(gone.id, None, &audit("room.delete")).unwrap();
    let kept = room(backend, &ann);
    let data = serde_json::json!({ "tab\t": "line\n \\N \"ü\"", "n": 1, "list": [1.5, null] });
    let data: Option<chatapp::model::Metadata> = Some(serde_json::from_value(data).unwrap());
    let by_product = chatapp::model::UserChange {
        metadata: Some(data.clone()),
        ..chatapp::model::UserChange::default()
    };
    backend.update_user(ann.id, by_product, &audit("user.update")).unwrap();
    let rename = RoomChange {
        metadata: Some(data.clone()),
        name: Some("kept".to_owned()),
        description: Some(Some("tab\t, line\n, \\N and ü".to_owned())),
        retention_days: Some(Some(9)),
        ..RoomChange::default()
    };
    backend.update_room(kept.id, &rename, None, &audit("room.update")).unwrap();
    fill(backend, &kept, &ann, 2_100);
    let odd = message(&kept, &ann, "\\. \"quoted\"\r\n\u{1f600}\u{2028} \\\\N\t");
    let odd = backend.append_messages(vec![with_client_id(odd, "c-1")]).unwrap().remove(0).unwrap();
    backend.edit_message(change(&odd.message, &ann), &NewText::of("")).unwrap();
    backend.delete_message(change(&odd.message, &ann), None).unwrap();
    backend.prune_events(kept.id, NOW.plus_seconds(1), 100, None).unwrap();
    populate_members(backend, &ann, &bo);
    let position =
        chatapp::model::ReadPosition { user_id: bo.id, room_id: kept.id, seq: Seq(1_000) };
    // bo appears only in `other`, which has no messages.
    let other = room(backend, &bo);
    backend
        .advance_read_positions(&[chatapp::model::ReadPosition { room_id: other.id, ..position }])
        .unwrap();
    user(backend, "Ann2");
    let pa = bots::bot(backend, "pa");
    let limited = bots::token(&pa, 8, Some(vec![kept.id]));
    for token in [limited, bots::token(&pa, 9, None), bots::token(&pa, 10, None)] {
        backend.create_api_token(&token, &audit("bot.create_token")).unwrap();
    }
    backend.revoke_api_token(pa.id, SessionId(10), &audit("bot.revoke_token")).unwrap();
    assert!(backend.move_cursor(pa.id, "replies", &[(kept.id, Seq(7))], NOW).unwrap());
    let hook = hooks::new_hook(&kept, &ann, 11);
    backend.create_hook(&hook, None, &audit("hook.create")).unwrap();
    outgoing_hooks::create(backend, &outgoing_hooks::new_hook(&pa));
    let talk = NewRoom { metadata: data, ..new_room("talk", &ann) };
    let talk = backend.create_room(&talk, &audit("room.create")).unwrap();
    message_rows::talk(backend, &talk, &ann, &bo);
    let position = chatapp::model::ReadPosition { room_id: talk.id, seq: Seq(1), ..position };
    backend.advance_read_positions(&[position]).unwrap();
}

/// Stores private and direct rooms, members, bans, and what has no method of [`Backend`] here.
fn populate_members(backend: &dyn Backend, ann: &User, bo: &User) {
    let rules = RoomRules { posting: AllowedTo::Moderators, ..RoomRules::default() };
    let private = NewRoom { kind: RoomKind::Private, rules, ..new_room("quiet", bo) };
    let private = backend.create_room(&private, &audit("room.create")).unwrap();
    let direct = NewRoom {
        kind: RoomKind::Direct,
        direct_key: Some(format!("{},{}", ann.id, bo.id)),
        ..new_room("", ann)
    };
    let (direct, _) = backend.open_direct_room(&direct, &[ann.id, bo.id]).unwrap();
    fill(backend, &direct, bo, 3);
    let hide = PreferenceChange {
        notify: Some(Notify::Mentions),
        is_starred: Some(true),
        is_hidden: Some(true),
    };
    assert!(backend.change_preferences(direct.id, ann.id, hide).unwrap());
    // cy appears only in an event.
    let [cy, dan] = ["cy", "dan"].map(|name| user(backend, name));
    let until = NOW.plus_seconds(99);
    let acts = [
        MemberAct::Join { user_ids: vec![ann.id, cy.id], role: RoomRole::Member },
        MemberAct::Leave { user_id: cy.id, cause: LeaveCause::Left },
        MemberAct::Mute { user_id: ann.id, until },
        MemberAct::Ban { user_id: dan.id, until: Some(until) },
    ];
    for act in acts {
        let change = NewMemberChange {
            room_id: private.id,
            by: bo.id,
            timestamp: NOW,
            below: None,
            reason: Some("tab\t".to_owned()),
            act,
        };
        assert_eq!(backend.change_members(&change, None, None).unwrap().len(), 1);
    }
}

/// Stores an invite to the room and one to the server, as `token_hash` has bytes of every kind.
fn invite(raw: &mut Raw, room: RoomId, by: UserId) {
    let (hash, other) = match raw {
        Raw::Sqlite(_) => ("x'005c0aff'", "x'01'"),
        Raw::Postgres(_) => ("'\\x005c0aff'", "'\\x01'"),
    };
    raw.execute(&format!(
        "INSERT INTO invites (token_hash, room_id, created_by, role, uses_allowed, created_at)
         VALUES ({hash}, {room}, {by}, 'member', 5, 7), ({other}, NULL, {by}, 'user', NULL, 8);
         INSERT INTO blocks (user_id, blocked_id, created_at) VALUES (1, 2, 9);
         INSERT INTO external_accounts (issuer, subject, user_id) VALUES ('B', 'é\t', 2), ('a', '', 1);
         UPDATE users SET display_name = 'Ann', status_until = 7 WHERE id = 1"
    ));
}

pub fn a_copy_of_a_private_room_has_nothing_of_other_rooms(db: &TestDatabase) {
    let backend = db.backend();
    populate(&*backend);
    let rooms = backend.list_rooms().unwrap();
    let private = rooms.iter().find(|room| room.kind == RoomKind::Private).unwrap();
    invite(&mut db.raw(), private.id, private.created_by);
    let mut rows = Rows::new();
    backend
        .read_rows(Scope::Room(private.id), &mut |table, row| {
            rows.push((table, row));
            ControlFlow::Continue(())
        })
        .unwrap();
    let mut check = Check::default();
    for (table, row) in &rows {
        check.add(table, row).unwrap();
        if let Some(room) = table.position("room_id") {
            assert_eq!(row[room], Value::Int(private.id.0), "{} of another room", table.name);
        }
    }
    check.finish().unwrap();
    let count = |name| rows.iter().filter(|(table, _)| table.name == name).count();
    let names = ["rooms", "users", "members", "bans", "invites", "events", "blocks", "audit"];
    assert_eq!(names.map(count), [1, 4, 2, 1, 1, 4, 0, 0]);
}

fn read(source: &dyn Backend) -> Rows {
    let mut rows = Rows::new();
    source
        .read_rows(Scope::Everything, &mut |table, row| {
            rows.push((table, row));
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

/// The last id that the counter has given.
fn greatest_id(rows: &Rows, counter: &str) -> i64 {
    let of = |(table, row): &&(&Table, Row)| {
        table.name == "counters" && row[0] == Value::Text(counter.to_owned())
    };
    match rows.iter().find(of).map(|(_, row)| &row[1]) {
        Some(Value::Int(id)) => *id,
        other => panic!("{other:?}"),
    }
}

fn room_of_kind(backend: &dyn Backend, creator: &User, kind: RoomKind) -> Room {
    let new = NewRoom { kind, ..new_room("next", creator) };
    backend.create_room(&new, &audit("room.create")).unwrap()
}

fn write(target: &mut dyn CopyTarget, rows: &[(&'static Table, Row)]) {
    for chunk in rows.chunk_by(|(one, _), (other, _)| one == other) {
        for chunk in chunk.chunks(1_000) {
            let rows: Vec<_> = chunk.iter().map(|(_, row)| row.clone()).collect();
            target.write(chunk[0].0, &rows).unwrap();
        }
    }
}

fn columns_of(raw: &mut Raw) -> Vec<String> {
    match raw {
        Raw::Sqlite(connection) => {
            let mut statement = connection
                .prepare(
                    "SELECT tables.name || '.' || columns.name
                     FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
                     WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'
                       AND tables.name NOT LIKE 'refinery_%'",
                )
                .unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        }
        Raw::Postgres(client) => client
            .query(
                "SELECT table_name || '.' || column_name FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name NOT LIKE 'refinery_%'",
                &[],
            )
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect(),
    }
}
