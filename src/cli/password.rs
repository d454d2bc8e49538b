//! Reads a password from the terminal or from stdin, never from an argument.

use std::io::{self, Read};

use anyhow::{Context as _, anyhow, bail};

/// Far more than the longest password.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// Asks for a new password, twice.
pub(super) fn ask() -> anyhow::Result<String> {
    let password = rpassword::prompt_password("Password: ").map_err(no_password)?;
    let again = rpassword::prompt_password("Again: ").map_err(no_password)?;
    if password != again {
        bail!("the two passwords are not the same: try again");
    }
    Ok(password)
}

fn no_password(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return anyhow!("no password was given: try again");
    }
    anyhow!("there is no terminal to ask for the password on: give it with --password-stdin")
}

/// Reads the password from stdin, without the line end after it, and without the byte order mark that
/// some editors and shells put before it.
pub(super) fn read() -> anyhow::Result<String> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(MAX_INPUT_BYTES)
        .read_to_string(&mut text)
        .context("the password on stdin cannot be read")?;
    let password = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let password = password
        .strip_suffix('\n')
        .map_or(password, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(password.to_owned())
}
