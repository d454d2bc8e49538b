//! `chatapp rooms show`.

use serde::Serialize;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::list::creator_of;
use super::members::{self, names};
use super::{Named, find, rules};
use crate::model::{Member, Person, Room, RoomKind, RoomRole};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms show general
  chatapp rooms show '#7' --output json";

/// Show a room
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let members = members::read(&database, room.id, None)?;
    let people = |wanted: &dyn Fn(&Member) -> bool| -> Vec<Person> {
        members.iter().filter(|member| wanted(member)).map(members::person).collect()
    };
    let owners = people(&|member| member.membership.role == RoomRole::Owner);
    let people = people(&|_| room.kind == RoomKind::Direct);
    let archived_at = room.archived_at.map(|at| at.to_string());
    let mut text = format!(
        "id           {}\nname         {}\ndescription  {}\nkind         {}\nrules        {}\n\
         owner        {}\nmembers      {}\nhead seq     {}\ncreated by   {}\ncreated at   {}\n\
         archived at  {}",
        room.id,
        one_line(Some(&room.name)),
        one_line(room.description.as_deref()),
        room.kind.as_str(),
        rules::shown(room.rules),
        one_line(Some(&names(&owners))),
        members.len(),
        room.head_seq,
        creator_of(&database, &room)?,
        room.created_at,
        archived_at.as_deref().unwrap_or("-")
    );
    if !people.is_empty() {
        text += &format!("\npeople       {}", names(&people));
    }
    let shown = Shown { room: &room, member_count: members.len(), owners, people };
    Ok(args.output.write_one(&shown, &text)?)
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    room: &'a Room,
    member_count: usize,
    owners: Vec<Person>,
    /// All members of a direct room.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    people: Vec<Person>,
}

fn one_line(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").replace('\n', " ")
}
