//! What the server tells systemd, as sd_notify(3) has it.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use super::shell::Shell;

#[test]
fn systemd_is_told_when_the_server_is_ready_reads_its_settings_and_stops() {
    let shell = Shell::new();
    let path = shell.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let told = || {
        let mut buffer = [0; 1024];
        let length = socket.recv(&mut buffer).expect("systemd is told nothing");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let mut command = shell.command(&["serve", "--bind", "127.0.0.1:0"]);
    let mut server = command.env("NOTIFY_SOCKET", &path).spawn().unwrap();
    let signal = |name: &str| {
        let sent = Command::new("kill").args(["-s", name, &server.id().to_string()]).status();
        assert!(sent.unwrap().success());
    };
    assert_eq!(told(), "READY=1\n");
    signal("HUP");
    let reloading = told();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(told(), "READY=1\n");
    signal("TERM");
    assert_eq!(told(), "STOPPING=1\n");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
