//! `chatapp rooms members`.

use serde::Serialize;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::{Named, find, label};
use crate::model::{Member, Person, RoomId, RoomRole, Timestamp};
use crate::storage::backend::MemberSearch;

const EXAMPLES: &str = "\
Examples:
  chatapp rooms members general
  chatapp rooms members general --query ann
  chatapp rooms members '#7' --output json | jq -r '.[] | select(.role != \"member\") | .username'";

/// The members that are read at once.
const PAGE: u32 = 1_000;

/// List the members of a room
///
/// Sorted by number.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// Only members with this text in the name; case is ignored
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,

    #[command(flatten)]
    output: Output,
}

/// A member as a person.
pub(super) fn person(member: &Member) -> Person {
    Person {
        user_id: member.user.id,
        username: member.user.username.as_str().into(),
        display_name: member.display_name.as_deref().map(Into::into),
    }
}

/// `ann (#1), bo (#2)`.
pub(super) fn names(people: &[Person]) -> String {
    let names: Vec<String> =
        people.iter().map(|person| format!("{} (#{})", person.username, person.user_id)).collect();
    names.join(", ")
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    person: Person,
    role: RoomRole,
    joined_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<Timestamp>,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let rows: Vec<Row> = read(&database, room.id, args.query.as_deref())?
        .into_iter()
        .map(|member| Row {
            person: person(&member),
            role: member.membership.role,
            joined_at: member.membership.joined_at,
            muted_until: member.membership.muted_until,
        })
        .collect();
    let empty = match &args.query {
        Some(text) => format!("no member of {} has {text} in the name", label(&room)),
        None => format!("{} has no members", label(&room)),
    };
    Ok(args.output.write(&Listing {
        rows: &rows,
        headers: &["id", "username", "display name", "role", "joined at", "muted until"],
        cells: &|row: &Row| {
            vec![
                row.person.user_id.to_string(),
                row.person.username.to_string(),
                row.person.display_name.as_deref().unwrap_or_default().to_owned(),
                row.role.as_str().to_owned(),
                row.joined_at.to_string(),
                row.muted_until.map(|at| at.to_string()).unwrap_or_default(),
            ]
        },
        empty: &empty,
    })?)
}

/// All members of a room, in order of id.
pub(super) fn read(
    database: &Database,
    room_id: RoomId,
    query: Option<&str>,
) -> anyhow::Result<Vec<Member>> {
    let mut search = MemberSearch { query: query.map(str::to_owned), after: None, limit: PAGE };
    let mut members = Vec::new();
    loop {
        let page = database.administer(|admin| admin.list_members(room_id, &search))?;
        search.after = page.members.last().map(|member| member.user.id);
        members.extend(page.members);
        if !page.has_more {
            return Ok(members);
        }
    }
}
