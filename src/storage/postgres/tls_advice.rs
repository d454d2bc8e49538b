//! Advice for the operator about the errors of TLS.

use rustls::{AlertDescription, CertificateError, Error as TlsError};

/// Whether this is the reason, for which rustls has no value of its own.
fn has_reason(error: &TlsError, reason: &webpki::Error) -> bool {
    match error {
        TlsError::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.downcast_ref::<webpki::Error>() == Some(reason)
        }
        _ => false,
    }
}

/// Whether the server has shown the certificate of an authority as its own.
pub(super) fn is_of_an_authority(error: &TlsError) -> bool {
    has_reason(error, &webpki::Error::CaUsedAsEndEntity)
}

/// Whether the server has shown a certificate of version 1 of X.509.
pub(super) fn is_of_version_1(error: &TlsError) -> bool {
    has_reason(error, &webpki::Error::UnsupportedCertVersion)
}

/// Returns the advice about an error of TLS.
pub(super) fn of(error: &TlsError) -> &'static str {
    match error {
        TlsError::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "renew the certificate of the PostgreSQL server (ssl_cert_file)"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "set the clocks of both machines"
            }
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                "a name in the subject (CN) alone does not count. Make a certificate for the server that \
                 has its name as subjectAltName, or use sslmode=verify-ca, which verifies only the issuer"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "write a name for which it is valid as the host into the database URL (hostaddr may have \
                 the address), or make a certificate for this name"
            }
            CertificateError::UnknownIssuer => {
                "let sslrootcert of the database URL name a file with the certificate of the authority \
                 that issued it (a hoster offers it for download), or use sslrootcert=system if that is \
                 a public authority"
            }
            CertificateError::Revoked => "give the PostgreSQL server another certificate",
            CertificateError::UnknownRevocationStatus => {
                "add the list of the authority that issued it to the file that sslcrl of the database \
                 URL names"
            }
            CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => {
                "replace the file that sslcrl of the database URL names by a newer one"
            }
            _ if is_of_an_authority(error) => {
                "it is the certificate of an authority (CA:TRUE). Let sslrootcert of the database URL \
                 name exactly this certificate, without sslcrl, or make one for the server"
            }
            _ if is_of_version_1(error) => {
                "it has version 1 of X.509, which can be used with TLS 1.3 and without verification only. Make one of \
                 version 3 for the server, with its name as \
                 subjectAltName"
            }
            _ => "make another certificate for the PostgreSQL server (ssl_cert_file)",
        },
        TlsError::PeerIncompatible(_)
        | TlsError::AlertReceived(AlertDescription::ProtocolVersion) => {
            "chatapp speaks TLS 1.2 and 1.3: look at ssl_min_protocol_version and \
             ssl_max_protocol_version of the database URL and of PostgreSQL"
        }
        TlsError::AlertReceived(_) => {
            "PostgreSQL refused the TLS connection, and its log says why. If it asks for a certificate, \
             name one with sslcert and sslkey in the database URL"
        }
        _ => "look into the log of PostgreSQL, and check that nothing else listens at this address",
    }
}
