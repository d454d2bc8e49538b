//! The nodes on one database, and the people who are in rooms on each of them.

use chatapp::model::{
    AWAY, CONNECTED, Heartbeat, NewNode, NodeId, RoomHead, RoomId, Seq, Timestamp, UserId,
};
use chatapp::storage::Error;
use chatapp::storage::backend::{Fleet, PresenceChange};

use crate::harness::{TestDatabase, fill, new_room, room, user};

const QUIET: Heartbeat = Heartbeat { connections: 3, lag_ms: 7 };

fn add(fleet: &dyn Fleet, name: &str) -> NodeId {
    fleet
        .add_node(&NewNode {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            address: "127.0.0.1:8000".to_owned(),
            started_at: Timestamp(5),
            doorbell: "nats://10.0.0.9:4222".to_owned(),
            secret: "0123456789abcdef".to_owned(),
        })
        .unwrap()
}

fn present(fleet: &dyn Fleet, rooms: &[RoomId], except: NodeId) -> Vec<(i64, String)> {
    let present = fleet.list_present(rooms, except).unwrap();
    present.into_iter().map(|it| (it.room_id.0, it.person.username.to_string())).collect()
}

pub fn only_a_database_that_servers_share_knows_nodes(db: &TestDatabase) {
    let backend = db.backend();
    assert_eq!(backend.fleet().is_some(), db.is_postgres());
    assert_eq!(backend.maintenance().is_some(), db.is_postgres());
}

pub fn nodes_are_listed_until_they_are_removed_or_silent(db: &TestDatabase) {
    let backend = db.backend();
    let Some(fleet) = backend.fleet() else { return };
    let (one, two) = (add(fleet, "one"), add(fleet, "two"));
    let roster = fleet.beat(one, QUIET).unwrap().unwrap();
    assert_eq!(roster.nodes.iter().map(|node| node.id).collect::<Vec<_>>(), [one, two]);
    assert!(!roster.has_removed);
    let nodes = fleet.list_nodes().unwrap();
    assert_eq!((nodes[0].about.name.as_str(), nodes[0].last), ("one", QUIET));
    assert_eq!(nodes[1].about.version, "1.2.3");

    db.raw().execute(&format!(
        "UPDATE nodes SET seen_at = seen_at - interval '7 seconds' WHERE id = {}",
        two.0
    ));
    assert_eq!(fleet.list_nodes().unwrap().len(), 1, "a dead node is not listed");
    let roster = fleet.beat(one, QUIET).unwrap().unwrap();
    assert!(roster.has_removed && roster.nodes.len() == 1);
    assert_eq!(fleet.beat(two, QUIET).unwrap(), None, "the node must add itself again");
    fleet.remove_node(one).unwrap();
    assert_eq!(fleet.list_nodes().unwrap(), []);
    assert_eq!(fleet.beat(one, QUIET).unwrap(), None);
}

pub fn people_are_counted_once_and_leave_with_their_node(db: &TestDatabase) {
    let backend = db.backend();
    let Some(fleet) = backend.fleet() else { return };
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (one, two) = (add(fleet, "one"), add(fleet, "two"));
    let (hall, attic) = (RoomId(1), RoomId(2));
    let enter = |node, entered: &[(RoomId, UserId)]| {
        let change = PresenceChange { entered: entered.to_vec(), left: Vec::new() };
        fleet.change_presence(node, &change).unwrap()
    };
    assert_eq!(enter(one, &[(hall, ann.id), (attic, ann.id), (hall, ann.id)]), Some(1));
    assert_eq!(enter(two, &[(hall, ann.id), (hall, bo.id)]), Some(1));
    assert_eq!(fleet.count_present(&[attic, hall, RoomId(9)], None).unwrap(), [1, 2, 0]);
    assert_eq!(present(fleet, &[hall, attic], one), [(1, "ann".into()), (1, "bo".into())]);
    assert_eq!(present(fleet, &[hall, attic], two), [(1, "ann".into()), (2, "ann".into())]);

    assert_eq!(fleet.count_present(&[hall, attic], Some(one)).unwrap(), [2, 0]);

    let left = PresenceChange { entered: Vec::new(), left: vec![(hall, ann.id), (hall, bo.id)] };
    assert_eq!(fleet.change_presence(two, &left).unwrap(), Some(2));
    assert_eq!(present(fleet, &[hall], one), []);
    assert_eq!(fleet.count_present(&[hall], None).unwrap(), [1]);
    // A row that no server of today writes.
    db.raw().execute(&format!("INSERT INTO presence VALUES (1, 999, {})", two.0));
    assert_eq!(present(fleet, &[hall], one), []);
    db.raw().execute("DELETE FROM presence WHERE user_id = 999");
    fleet.remove_node(one).unwrap();
    assert_eq!(fleet.count_present(&[hall, attic], None).unwrap(), [0, 0]);
    assert_eq!(enter(one, &[(hall, ann.id)]), None, "a removed node has no people");
    assert_eq!(fleet.count_present(&[hall], None).unwrap(), [0]);
}

pub fn people_are_connected_and_away_node_by_node(db: &TestDatabase) {
    let backend = db.backend();
    let Some(fleet) = backend.fleet() else { return };
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name).id);
    let (one, two) = (add(fleet, "one"), add(fleet, "two"));
    let change = |node, entered: &[(RoomId, UserId)], left: &[(RoomId, UserId)]| {
        let change = PresenceChange { entered: entered.to_vec(), left: left.to_vec() };
        fleet.change_presence(node, &change).unwrap().unwrap();
    };
    let connected = |except| fleet.list_connected(&[bo, ann], except).unwrap();
    assert_eq!(connected(None), []);
    change(one, &[(CONNECTED, ann), (AWAY, ann)], &[]);
    change(two, &[(CONNECTED, ann), (CONNECTED, bo)], &[]);
    assert_eq!(connected(None), [(ann, false), (bo, false)]);
    assert_eq!(connected(Some(two)), [(ann, true)]);
    change(two, &[(AWAY, ann)], &[]);
    assert_eq!(connected(None), [(ann, true), (bo, false)]);
    change(one, &[], &[(AWAY, ann)]);
    assert_eq!(connected(None), [(ann, false), (bo, false)]);
    fleet.remove_node(one).unwrap();
    assert_eq!(connected(Some(two)), []);
    assert_eq!(fleet.list_connected(&[bo], None).unwrap(), [(bo, false)]);
}

pub fn one_node_has_the_jobs_until_its_connection_ends(db: &TestDatabase) {
    if !db.is_postgres() {
        return;
    }
    let (first, second) = (db.backend(), db.open());
    let (here, there) = (first.fleet().unwrap(), second.fleet().unwrap());
    let (one, two) = (add(here, "one"), add(there, "two"));
    let has_jobs = |fleet: &dyn Fleet, node| fleet.beat(node, QUIET).unwrap().unwrap().has_jobs;
    for _ in 0..2 {
        assert!(has_jobs(here, one) && !has_jobs(there, two));
    }
    // A frozen node holds the lock until another node finds it dead and ends its connection.
    db.raw().execute(&format!(
        "UPDATE nodes SET seen_at = seen_at - interval '7 seconds' WHERE id = {}",
        one.0
    ));
    assert!(there.beat(two, QUIET).unwrap().unwrap().has_removed);
    let began = std::time::Instant::now();
    while !has_jobs(there, two) {
        assert!(began.elapsed().as_secs() < 10, "the lock was not released");
    }
    let late = here.beat(one, QUIET);
    assert!(matches!(late, Ok(None) | Err(Error::Unavailable(_) | Error::InDoubt(_))), "{late:?}");
}

pub fn new_events_of_many_rooms_are_read_at_once(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let one = room(&*backend, &ann);
    let two = backend
        .create_room(&new_room("another", &ann), &crate::harness::audit("room.create"))
        .unwrap();
    fill(&*backend, &one, &ann, 5);
    fill(&*backend, &two, &ann, 2);
    let head = |id, seq| RoomHead { id, head_seq: Seq(seq) };
    let known = [head(two.id, 0), head(RoomId(77), 0), head(one.id, 1), head(two.id, 2)];
    let found = backend.list_new_events(&known, 3).unwrap();
    let seqs = |n: usize| -> Vec<i64> {
        found[n].as_ref().unwrap().iter().map(|event| event.seq().0).collect()
    };
    assert_eq!((seqs(0), seqs(1), seqs(2), seqs(3)), (vec![1, 2], vec![], vec![2, 3, 4], vec![]));
}

/// PostgreSQL uses the ids of its processes again: the one of a dead node may be another session's now.
pub fn a_dead_node_ends_only_a_session_that_holds_the_jobs(db: &TestDatabase) {
    let backend = db.backend();
    let Some(fleet) = backend.fleet() else { return };
    let (one, two) = (add(fleet, "one"), add(fleet, "two"));
    let mut other = db.raw();
    other.execute(&format!(
        "UPDATE nodes SET has_jobs = true, jobs_pid = pg_backend_pid(),
                          seen_at = seen_at - interval '7 seconds' WHERE id = {}",
        one.0
    ));
    assert!(fleet.beat(two, QUIET).unwrap().unwrap().has_removed);
    other.execute("SELECT 1");
}
