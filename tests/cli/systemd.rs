//! The notifications that the server sends to systemd, in the form of sd_notify(3).

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use super::shell::Shell;

#[test]
fn systemd_is_notified_when_the_server_is_ready_reloads_and_stops() {
    let shell = Shell::new();
    let path = shell.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let notification = || {
        let mut buffer = [0; 1024];
        let length = socket.recv(&mut buffer).expect("the server sends a notification");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let mut command = shell.command(&["serve", "--bind", "127.0.0.1:0"]);
    let mut server = command.env("NOTIFY_SOCKET", &path).spawn().unwrap();
    let signal = |name: &str| {
        let sent = Command::new("kill").args(["-s", name, &server.id().to_string()]).status();
        assert!(sent.unwrap().success());
    };
    assert_eq!(notification(), "READY=1\n");
    signal("HUP");
    let reloading = notification();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(notification(), "READY=1\n");
    signal("TERM");
    assert_eq!(notification(), "STOPPING=1\n");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
