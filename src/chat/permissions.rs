//! Decides which caller may do what. Nothing else decides it.

use super::{Error, Result};
use crate::config::RoomCreators;
use crate::model::{
    AllowedTo, Identity, Membership, Role, RoomKind, RoomRole, Scope, Standing, Timestamp, UserId,
};

/// The actions of an authenticated caller that do not depend on a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Give a new account the role of an admin.
    MakeAdmin,
    /// Create an account while sign-up is closed.
    CreateAccount,
    /// See and change other accounts and all rooms, and read the audit log.
    Administer,
    /// Create a public room; the settings say who may.
    CreateRoom(RoomCreators),
    /// Read the figures of the server. They contain nothing that users wrote.
    Watch,
}

/// The actions in a room that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoomAction {
    /// See the room, and who its members are.
    See,
    /// Read the log, and enter the room with a socket.
    Read,
    /// Send messages, and tell that one is typing.
    Post,
    /// Send messages by a webhook, which a moderator has made: also where only moderators send.
    PostByHook,
    /// Become a member.
    Join,
    /// End the own membership.
    Leave,
    /// Change the own view of the room.
    Prefer,
    /// Add people, and make invites.
    Invite,
    /// Remove, mute and ban members of a lower role, lift bans, and read them. Make and delete webhooks.
    Moderate,
    /// Set the roles of members, and appoint an owner.
    SetRoles,
    /// Change the name, the description and the rules, and archive the room.
    Update,
    /// Make a public room private, or a private room public.
    ChangeKind,
    Delete,
    EditMessage {
        author: UserId,
    },
    DeleteMessage {
        author: UserId,
    },
    /// React to messages.
    React,
    /// Pin messages in the room.
    Pin,
    /// Mention all members of a large room at once.
    MentionEveryone,
}

/// What an operation needs of the caller's API token. The token of a person who has signed in allows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// This scope. [`may`] checks the rooms of the token.
    Scope(Scope),
    /// This scope, and that the token is not limited to certain rooms.
    Everywhere(Scope),
    /// No API token allows it.
    Person,
}

/// Decides whether the caller's token allows an operation.
///
/// # Errors
/// [`Error::ScopeMissing`], [`Error::TokenLimited`], [`Error::PersonRequired`].
pub fn require_access(caller: &Identity, access: Access) -> Result<()> {
    let Some(grant) = &caller.grant else { return Ok(()) };
    let (scope, is_everywhere) = match access {
        Access::Scope(scope) => (scope, false),
        Access::Everywhere(scope) => (scope, true),
        Access::Person => return Err(Error::PersonRequired),
    };
    match grant.scopes.contains(scope) {
        true if is_everywhere && grant.room_ids.is_some() => Err(Error::TokenLimited),
        true => Ok(()),
        false => Err(Error::ScopeMissing(scope)),
    }
}

/// # Errors
/// [`Error::AdminRequired`].
pub(super) fn require(caller: &Identity, action: Action) -> Result<()> {
    match action {
        Action::MakeAdmin | Action::Administer | Action::CreateAccount | Action::Watch => {
            require_admin(caller)
        }
        Action::CreateRoom(creators) => match creators {
            RoomCreators::Admins => require_admin(caller),
            RoomCreators::Everyone => Ok(()),
        },
    }
}

/// Whether somebody with this standing may read the room: [`RoomAction::Read`] below, without a token.
pub(super) fn may_read(standing: &Standing, now: Timestamp) -> bool {
    let is_banned = standing.ban.as_ref().is_some_and(|ban| ban.is_in_force(now));
    !is_banned && (standing.kind == RoomKind::Public || standing.membership.is_some())
}

/// Decides about an action in a room.
///
/// # Errors
/// [`Error::RoomNotFound`] if the caller may not know that the room exists, before any other error.
pub(super) fn may(
    caller: &Identity,
    action: RoomAction,
    standing: &Standing,
    now: Timestamp,
) -> Result<()> {
    if !caller.token_allows_room(standing.room_id) {
        return Err(Error::RoomNotFound);
    }
    let is_public = standing.kind == RoomKind::Public;
    let is_direct = standing.kind == RoomKind::Direct;
    let is_banned = standing.ban.as_ref().is_some_and(|ban| ban.is_in_force(now));
    // A ban ends the membership. If a row of it were left, it would still not count.
    if !is_public && (standing.membership.is_none() || is_banned) {
        return Err(Error::RoomNotFound);
    }
    let is_admins = matches!(action, RoomAction::Update | RoomAction::Delete);
    if is_banned && action != RoomAction::See && !(is_admins && caller.role == Role::Admin) {
        return Err(Error::Banned);
    }
    match action {
        RoomAction::See | RoomAction::Read | RoomAction::Join => Ok(()),
        RoomAction::Leave if is_direct => Err(Error::RoomKind),
        RoomAction::Leave | RoomAction::Prefer => match standing.membership {
            Some(_) => Ok(()),
            None => Err(Error::NotAMember),
        },
        RoomAction::Post => require_voice(caller, standing, now),
        // Everybody may react to announcements.
        RoomAction::React | RoomAction::PostByHook => require_unmuted(standing, now),
        RoomAction::Pin => match rank(caller, standing) {
            Some(_) => require_voice(caller, standing, now),
            None => Err(Error::NotAMember),
        },
        RoomAction::MentionEveryone if is_direct => Ok(()),
        RoomAction::MentionEveryone => require_rank(caller, standing, RoomRole::Moderator),
        // The new text is sent to everybody, like a message. Only the author may edit a message.
        RoomAction::EditMessage { author } => {
            require_voice(caller, standing, now).and_then(|()| require_author(caller, author))
        }
        RoomAction::DeleteMessage { author } => require_author(caller, author).or_else(|error| {
            match !is_direct && require_rank(caller, standing, RoomRole::Moderator).is_ok() {
                true => Ok(()),
                false => Err(error),
            }
        }),
        RoomAction::Invite
        | RoomAction::Moderate
        | RoomAction::SetRoles
        | RoomAction::Update
        | RoomAction::ChangeKind
        | RoomAction::Delete
            if is_direct =>
        {
            Err(Error::RoomKind)
        }
        RoomAction::Invite => match (standing.rules.inviting, standing.membership) {
            (AllowedTo::Everyone, Some(_)) => Ok(()),
            _ => require_rank(caller, standing, RoomRole::Moderator),
        },
        RoomAction::Moderate => require_rank(caller, standing, RoomRole::Moderator),
        RoomAction::SetRoles => require_rank(caller, standing, RoomRole::Owner),
        // Somebody who is not an owner would lose sight of the room, or show what others wrote in private.
        RoomAction::ChangeKind => match standing.membership {
            Some(Membership { role: RoomRole::Owner, .. }) => Ok(()),
            _ => Err(Error::OwnerRequired),
        },
        RoomAction::Update | RoomAction::Delete => require_rank(caller, standing, RoomRole::Owner)
            .map_err(|error| if is_public { Error::AdminRequired } else { error }),
    }
}

/// The role that the caller acts with in a room. An admin of the server acts as an owner in public rooms, and has
/// no other rights in private ones than their members have.
pub(super) fn rank(caller: &Identity, standing: &Standing) -> Option<RoomRole> {
    match (standing.kind, caller.role) {
        (RoomKind::Public, Role::Admin) => Some(RoomRole::Owner),
        _ => standing.membership.map(|membership| membership.role),
    }
}

fn require_rank(caller: &Identity, standing: &Standing, least: RoomRole) -> Result<()> {
    match rank(caller, standing) {
        Some(role) if role >= least => Ok(()),
        _ if least == RoomRole::Owner => Err(Error::OwnerRequired),
        _ => Err(Error::ModeratorRequired),
    }
}

/// Whether nobody has silenced the caller in the room.
fn require_unmuted(standing: &Standing, now: Timestamp) -> Result<()> {
    if standing.is_blocked {
        return Err(Error::Blocked);
    }
    match standing.muted_until.filter(|until| now < *until) {
        Some(until) => Err(Error::Muted(until)),
        None => Ok(()),
    }
}

/// Whether the caller may write in the room.
fn require_voice(caller: &Identity, standing: &Standing, now: Timestamp) -> Result<()> {
    require_unmuted(standing, now)?;
    match standing.rules.posting {
        AllowedTo::Everyone => Ok(()),
        AllowedTo::Moderators => require_rank(caller, standing, RoomRole::Moderator)
            .map_err(|_| Error::PostingRestricted),
    }
}

fn require_author(caller: &Identity, author: UserId) -> Result<()> {
    if caller.user_id == author { Ok(()) } else { Err(Error::AuthorRequired) }
}

fn require_admin(caller: &Identity) -> Result<()> {
    match caller.role {
        Role::Admin => Ok(()),
        Role::User => Err(Error::AdminRequired),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ban, ErrorCode, Notify, RoomId, RoomRules, Seq, SessionId};

    const NOW: Timestamp = Timestamp(1_000);
    const LATER: Timestamp = Timestamp(2_000);
    const CALLER: UserId = UserId(1);

    /// Each action, and what it answers to an outsider, a member, a moderator, an owner, a muted member, a banned
    /// outsider and an admin of the server who is not a member. `strict` and `free` are rooms in which the rule of
    /// the action (`posting`, `inviting`) is `moderators` and `everyone`.
    const PUBLIC: &str = "
        see             ok    ok    ok   ok   ok     ok      ok
        read            ok    ok    ok   ok   ok     banned  ok
        post free       ok    ok    ok   ok   muted  banned  ok
        post strict     post  post  ok   ok   muted  banned  ok
        hook            ok    ok    ok   ok   muted  banned  ok
        hook strict     ok    ok    ok   ok   muted  banned  ok
        join            ok    ok    ok   ok   ok     banned  ok
        leave           not   ok    ok   ok   ok     banned  not
        prefer          not   ok    ok   ok   ok     banned  not
        invite free     mod   ok    ok   ok   ok     banned  ok
        invite strict   mod   mod   ok   ok   mod    banned  ok
        moderate        mod   mod   ok   ok   mod    banned  ok
        roles           own   own   own  ok   own    banned  ok
        update          adm   adm   adm  ok   adm    banned  ok
        kind            own   own   own  ok   own    banned  own
        delete          adm   adm   adm  ok   adm    banned  ok
        edit own        ok    ok    ok   ok   muted  banned  ok
        edit own strict post  post  ok   ok   muted  banned  ok
        edit other      auth  auth  auth auth muted  banned  auth
        remove own      ok    ok    ok   ok   ok     banned  ok
        remove other    auth  auth  ok   ok   auth   banned  ok
        react           ok    ok    ok   ok   muted  banned  ok
        react strict    ok    ok    ok   ok   muted  banned  ok
        pin             not   ok    ok   ok   muted  banned  ok
        pin strict      not   post  ok   ok   muted  banned  ok
        everyone        mod   mod   ok   ok   mod    banned  ok";

    const PRIVATE: &str = "
        see             404   ok    ok   ok   ok     404     404
        read            404   ok    ok   ok   ok     404     404
        post free       404   ok    ok   ok   muted  404     404
        post strict     404   post  ok   ok   muted  404     404
        hook            404   ok    ok   ok   muted  404     404
        hook strict     404   ok    ok   ok   muted  404     404
        join            404   ok    ok   ok   ok     404     404
        leave           404   ok    ok   ok   ok     404     404
        prefer          404   ok    ok   ok   ok     404     404
        invite free     404   ok    ok   ok   ok     404     404
        invite strict   404   mod   ok   ok   mod    404     404
        moderate        404   mod   ok   ok   mod    404     404
        roles           404   own   own  ok   own    404     404
        update          404   own   own  ok   own    404     404
        kind            404   own   own  ok   own    404     404
        delete          404   own   own  ok   own    404     404
        edit own        404   ok    ok   ok   muted  404     404
        edit own strict 404   post  ok   ok   muted  404     404
        edit other      404   auth  auth auth muted  404     404
        remove own      404   ok    ok   ok   ok     404     404
        remove other    404   auth  ok   ok   auth   404     404
        react           404   ok    ok   ok   muted  404     404
        react strict    404   ok    ok   ok   muted  404     404
        pin             404   ok    ok   ok   muted  404     404
        pin strict      404   post  ok   ok   muted  404     404
        everyone        404   mod   ok   ok   mod    404     404";

    /// Only a member has a role in a direct room. The last line is with a block between the two people.
    const DIRECT: &str = "
        see             404   ok    -    -    -      404     404
        read            404   ok    -    -    -      404     404
        post free       404   ok    -    -    -      404     404
        join            404   ok    -    -    -      404     404
        leave           404   type  -    -    -      404     404
        prefer          404   ok    -    -    -      404     404
        invite free     404   type  -    -    -      404     404
        moderate        404   type  -    -    -      404     404
        roles           404   type  -    -    -      404     404
        update          404   type  -    -    -      404     404
        kind            404   type  -    -    -      404     404
        delete          404   type  -    -    -      404     404
        edit own        404   ok    -    -    -      404     404
        edit other      404   auth  -    -    -      404     404
        remove own      404   ok    -    -    -      404     404
        remove other    404   auth  -    -    -      404     404
        post blocked    404   block -    -    -      404     404
        edit own blocked 404  block -    -    -      404     404
        react           404   ok    -    -    -      404     404
        react blocked   404   block -    -    -      404     404
        pin             404   ok    -    -    -      404     404
        everyone        404   ok    -    -    -      404     404";

    fn caller(role: Role) -> Identity {
        Identity {
            user_id: CALLER,
            username: "ann".into(),
            display_name: None,
            role,
            is_bot: false,
            grant: None,
            session_id: SessionId(0),
            expires_at: LATER,
        }
    }

    fn member(role: RoomRole) -> Membership {
        Membership {
            role,
            joined_at: NOW,
            joined_seq: Seq(0),
            muted_until: None,
            notify: Notify::All,
            is_starred: false,
            hidden_seq: None,
        }
    }

    fn action(words: &str) -> RoomAction {
        match words {
            "see" => RoomAction::See,
            "read" => RoomAction::Read,
            "join" => RoomAction::Join,
            "leave" => RoomAction::Leave,
            "prefer" => RoomAction::Prefer,
            "moderate" => RoomAction::Moderate,
            "roles" => RoomAction::SetRoles,
            "update" => RoomAction::Update,
            "kind" => RoomAction::ChangeKind,
            "delete" => RoomAction::Delete,
            "edit own" | "edit own strict" | "edit own blocked" => {
                RoomAction::EditMessage { author: CALLER }
            }
            "edit other" => RoomAction::EditMessage { author: UserId(2) },
            "remove own" => RoomAction::DeleteMessage { author: CALLER },
            "remove other" => RoomAction::DeleteMessage { author: UserId(2) },
            "everyone" => RoomAction::MentionEveryone,
            _ if words.starts_with("react") => RoomAction::React,
            _ if words.starts_with("hook") => RoomAction::PostByHook,
            _ if words.starts_with("pin") => RoomAction::Pin,
            _ if words.starts_with("post") => RoomAction::Post,
            _ if words.starts_with("invite") => RoomAction::Invite,
            other => panic!("{other}"),
        }
    }

    fn code(word: &str) -> Option<ErrorCode> {
        Some(match word {
            "ok" => return None,
            "404" => ErrorCode::RoomNotFound,
            "banned" => ErrorCode::Banned,
            "muted" => ErrorCode::Muted,
            "post" => ErrorCode::PostingRestricted,
            "not" => ErrorCode::NotAMember,
            "mod" => ErrorCode::ModeratorRequired,
            "own" => ErrorCode::OwnerRequired,
            "adm" => ErrorCode::AdminRequired,
            "auth" => ErrorCode::AuthorRequired,
            "type" => ErrorCode::RoomKind,
            "block" => ErrorCode::Blocked,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn each_action_is_allowed_as_the_tables_say() {
        let ban = Ban { banned_by: UserId(2), reason: None, created_at: NOW, until: Some(LATER) };
        let muted = Membership { muted_until: Some(LATER), ..member(RoomRole::Member) };
        let columns = [
            (None, None, Role::User),
            (Some(member(RoomRole::Member)), None, Role::User),
            (Some(member(RoomRole::Moderator)), None, Role::User),
            (Some(member(RoomRole::Owner)), None, Role::User),
            (Some(muted), None, Role::User),
            (None, Some(ban), Role::User),
            (None, None, Role::Admin),
        ];
        let tables =
            [(RoomKind::Public, PUBLIC), (RoomKind::Private, PRIVATE), (RoomKind::Direct, DIRECT)];
        let mut checked = 0;
        for (kind, table) in tables {
            for line in table.lines().filter(|line| !line.trim().is_empty()) {
                let (words, answers) = line.trim().split_at(16);
                let words = words.trim();
                let mut rules = RoomRules::default();
                if words.ends_with("strict") {
                    (rules.posting, rules.inviting) =
                        (AllowedTo::Moderators, AllowedTo::Moderators);
                } else {
                    rules.inviting = AllowedTo::Everyone;
                }
                let answers: Vec<&str> = answers.split_whitespace().collect();
                assert_eq!(answers.len(), columns.len(), "{line}");
                for ((membership, ban, role), answer) in columns.iter().zip(answers) {
                    if answer == "-" {
                        continue;
                    }
                    let standing = Standing {
                        room_id: RoomId(1),
                        kind,
                        rules,
                        membership: *membership,
                        ban: ban.clone(),
                        is_blocked: words.ends_with("blocked"),
                        muted_until: membership.and_then(|membership| membership.muted_until),
                    };
                    let answered = may(&caller(*role), action(words), &standing, NOW);
                    let answered = answered.err().map(|error| error.code());
                    assert_eq!(answered, code(answer), "{kind:?} {line} {membership:?} {role:?}");
                    checked += 1;
                }
            }
        }
        assert_eq!(checked, 26 * 7 * 2 + 22 * 4);
    }

    #[test]
    fn what_has_ended_does_not_count() {
        let standing = Standing {
            room_id: RoomId(1),
            kind: RoomKind::Public,
            rules: RoomRules::default(),
            membership: Some(member(RoomRole::Member)),
            ban: Some(Ban {
                banned_by: UserId(2),
                reason: None,
                created_at: NOW,
                until: Some(LATER),
            }),
            is_blocked: false,
            muted_until: Some(LATER),
        };
        let caller = caller(Role::User);
        assert_eq!(may(&caller, RoomAction::Post, &standing, NOW), Err(Error::Banned));
        assert_eq!(may(&caller, RoomAction::Post, &standing, LATER), Ok(()));
    }

    #[test]
    fn a_banned_admin_still_administers_the_room() {
        let ban = Ban { banned_by: UserId(2), reason: None, created_at: NOW, until: None };
        let standing = Standing {
            room_id: RoomId(1),
            kind: RoomKind::Public,
            rules: RoomRules::default(),
            membership: None,
            ban: Some(ban),
            is_blocked: false,
            muted_until: None,
        };
        let admin = caller(Role::Admin);
        assert_eq!(may(&admin, RoomAction::Read, &standing, NOW), Err(Error::Banned));
        assert_eq!(may(&admin, RoomAction::Update, &standing, NOW), Ok(()));
        assert_eq!(may(&admin, RoomAction::Delete, &standing, NOW), Ok(()));
    }
}
