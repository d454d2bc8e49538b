//! How well the connection is protected on the network, in the words of the doctor and the log.

use super::super::Shortcoming;
use super::target::Target;
use super::tls::Protection;
use super::tls_options::Mode;

const ADVICE: &str = "\
    write sslmode=verify-full and sslrootcert=FILE into the database URL, with the certificate of the \
    authority that issued the server's, or sslrootcert=system for a public authority";

/// Describes the protection of the newest connection.
pub(super) fn describe(target: &Target) -> Option<String> {
    let text = match target.protection()? {
        Protection::Plain if target.is_local() => {
            "the connection to PostgreSQL stays on this machine, and is not encrypted"
        }
        Protection::Plain => "the connection to PostgreSQL is not encrypted",
        Protection::Encrypted => {
            "the connection to PostgreSQL is encrypted, and the server's certificate is not verified"
        }
        Protection::VerifiedIssuer => {
            "the connection to PostgreSQL is encrypted, and the issuer of the server's certificate is \
             verified, but not its name"
        }
        Protection::VerifiedName => {
            "the connection to PostgreSQL is encrypted, and the server's certificate is verified with \
             its name"
        }
    };
    Some(text.to_owned())
}

/// Finds what an attacker on the network could read or change. An operator who has written
/// `sslmode=disable` has confirmed that the network is private.
pub(super) fn find(target: &Target) -> Option<Shortcoming> {
    if target.is_local() {
        return None;
    }
    let detail = match (target.mode(), target.protection()?) {
        (Mode::Disable, _) => return None,
        (_, Protection::Plain) => {
            return Some(Shortcoming::warning(
                "encryption",
                "the connection to PostgreSQL is not encrypted, so passwords and messages cross the \
                 network as they are",
                format!(
                    "{ADVICE}. If the network is private, or a tunnel, confirm this with \
                     sslmode=disable"
                ),
            ));
        }
        (Mode::Allow | Mode::Prefer, _) => {
            "the connection to PostgreSQL is encrypted, but would also be made without encryption, and \
             an attacker on the network can bring that about"
        }
        (_, Protection::Encrypted) => {
            "the connection to PostgreSQL is encrypted, but the server's certificate is not verified, \
             so an attacker on the network can pose as PostgreSQL"
        }
        (_, Protection::VerifiedIssuer | Protection::VerifiedName) => return None,
    };
    Some(Shortcoming::warning("encryption", detail, ADVICE))
}
