//! Errors on the socket: the frame that answers a client's frame, and the code that ends a connection.

use crate::chat::Error;
use crate::model::{ErrorCode, RoomId};
use crate::realtime::CloseCode;
use crate::realtime::frame::ServerFrame;

/// The answer to a frame that was not carried out.
pub fn error_frame<'a>(
    reference: Option<&'a str>,
    room_id: Option<RoomId>,
    error: &Error,
) -> ServerFrame<'a> {
    let (code, retry_after) = (error.code(), error.retry_after());
    ServerFrame::Error { code, detail: error.to_string(), reference, room_id, retry_after }
}

/// The code that a connection is closed with when it cannot be in its only room.
pub fn close_code(error: &Error) -> CloseCode {
    match error.code() {
        ErrorCode::TokenMissing
        | ErrorCode::TokenInvalid
        | ErrorCode::TokenExpired
        | ErrorCode::SessionRevoked
        | ErrorCode::WrongCredentials => CloseCode::SignInAgain,
        ErrorCode::RoomNotFound => CloseCode::RoomGone,
        ErrorCode::EpochChanged | ErrorCode::HistoryPruned => CloseCode::EpochChanged,
        ErrorCode::AdminRequired
        | ErrorCode::AdminSignupRefused
        | ErrorCode::ScopeMissing
        | ErrorCode::TokenLimited
        | ErrorCode::PersonRequired
        | ErrorCode::AccountDeactivated
        | ErrorCode::Banned => CloseCode::Forbidden,
        ErrorCode::TooManyRequests | ErrorCode::TooManySockets => CloseCode::TooFast,
        ErrorCode::Busy
        | ErrorCode::Unavailable
        | ErrorCode::KeysUnavailable
        | ErrorCode::ReviewUnavailable
        | ErrorCode::OutcomeUnknown => CloseCode::Restart,
        // These errors do not occur when a room is entered.
        ErrorCode::InvalidField
        | ErrorCode::WrongCurrentPassword
        | ErrorCode::SignupClosed
        | ErrorCode::InviteRequired
        | ErrorCode::OtherUser
        | ErrorCode::InvalidResetToken
        | ErrorCode::BotRequired
        | ErrorCode::BotAccount
        | ErrorCode::TooManyTokens
        | ErrorCode::TokenNotFound
        | ErrorCode::HookNotFound
        | ErrorCode::TooManyHooks
        | ErrorCode::CursorNotFound
        | ErrorCode::TooManyCursors
        | ErrorCode::ExchangeOff
        | ErrorCode::SubjectTaken
        | ErrorCode::ExternalAccount
        | ErrorCode::UserNotFound
        | ErrorCode::MessageNotFound
        | ErrorCode::PreviewsOff
        | ErrorCode::PreviewNotFound
        | ErrorCode::InviteNotFound
        | ErrorCode::AuthorRequired
        | ErrorCode::MessageDeleted
        | ErrorCode::RoomArchived
        | ErrorCode::LastAdmin
        | ErrorCode::TooManyInvites
        | ErrorCode::TooManyPins
        | ErrorCode::ScheduledNotFound
        | ErrorCode::TooManyScheduled
        | ErrorCode::TooManyDrafts
        | ErrorCode::TooManyReactions
        | ErrorCode::UsernameTaken
        | ErrorCode::EmailTaken
        | ErrorCode::RoomNameTaken
        | ErrorCode::Muted
        | ErrorCode::PostingRestricted
        | ErrorCode::MessageRefused
        | ErrorCode::ModeratorRequired
        | ErrorCode::OwnerRequired
        | ErrorCode::HigherRole
        | ErrorCode::Blocked
        | ErrorCode::NotAMember
        | ErrorCode::RoomKind
        | ErrorCode::LastOwner
        | ErrorCode::MalformedJson
        | ErrorCode::UnknownType
        | ErrorCode::NotSubscribed
        | ErrorCode::AlreadySubscribed
        | ErrorCode::TooManyRooms
        | ErrorCode::Internal
        | ErrorCode::BadRequest
        | ErrorCode::NotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::BodyTimeout
        | ErrorCode::TooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::OriginRefused
        | ErrorCode::UpgradeRequired
        | ErrorCode::BadHandshake => CloseCode::InternalError,
    }
}

#[cfg(test)]
mod tests {
    use poem::IntoResponse;
    use poem::http::header;
    use serde_json::Value;

    use super::*;
    use crate::chat::sample_error;
    use crate::http::problem::Problem;

    /// An error with a random `retry_after` from 1 to 5.
    const DRAWN: ErrorCode = ErrorCode::Busy;

    #[test]
    fn every_error_has_the_same_retry_after_over_http_and_on_the_socket() {
        for code in ErrorCode::ALL {
            let Some(error) = sample_error(code) else {
                // Only HTTP has this error, and answers it without `retry_after`.
                assert!(!code.is_temporary(), "{code:?}");
                continue;
            };
            let problem = Problem::from(error.clone());
            let body: Value = serde_json::from_slice(&problem.to_json("id")).unwrap();
            let response = problem.into_response();
            let header = response.headers().get(header::RETRY_AFTER);
            let header = header.map(|it| it.to_str().unwrap().parse::<u64>().unwrap());
            let frame = serde_json::to_value(error_frame(None, None, &error)).unwrap();
            assert_eq!(frame["code"], body["code"], "{code:?}");
            assert_eq!(body["code"], serde_json::to_value(code).unwrap());
            assert_eq!(body["retry_after"].as_u64(), header, "{body}");
            let socket = frame["retry_after"].as_u64();
            assert_eq!(socket.is_some(), code.is_temporary(), "{frame}");
            match code {
                DRAWN => {
                    for seconds in [header, socket] {
                        assert!(seconds.is_some_and(|it| (1..=5).contains(&it)), "{seconds:?}");
                    }
                }
                _ => assert_eq!(socket, header, "{frame} {body}"),
            }
        }
    }

    #[test]
    fn a_temporary_error_closes_with_a_code_that_advises_to_reconnect() {
        for error in ErrorCode::ALL.into_iter().filter_map(sample_error) {
            let comes_back = matches!(close_code(&error), CloseCode::Restart | CloseCode::TooFast);
            assert!(comes_back || !error.code().is_temporary(), "{error:?}");
        }
    }
}
