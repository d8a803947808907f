//! A terminal of its own for a run, whose stdout and stderr are pipes.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Action, LocalModes, Termios, Winsize, tcflow, tcgetattr, tcsetwinsize};

use super::command::SandboxCommand;
use super::run::{Run, Running};
use super::until;

pub struct Terminal<'a> {
    pub running: Running<'a>,
    master: File,
    /// Held open, so that the terminal outlives the program.
    slave: File,
    before: Termios,
    shown: Arc<Mutex<String>>,
}

impl<'a> Terminal<'a> {
    pub(super) fn start(command: SandboxCommand<'a>, columns: u16, rows: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        #[cfg(not(target_os = "macos"))]
        let flags = flags | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        // macOS knows no such flag of a terminal that is opened.
        #[cfg(target_os = "macos")]
        rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        // Never the terminal of the tests themselves.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = File::from(rustix::fs::open(name, flags, Mode::empty()).unwrap());
        tcsetwinsize(&slave, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
            .unwrap();
        let before = tcgetattr(&slave).unwrap();
        let running = command.stdin(slave.try_clone().unwrap()).start();
        let master = File::from(master);
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut reader, text) = (master.try_clone().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { running, master, slave, before, shown }
    }

    /// What the terminal shows so far.
    pub fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// Waits until a text shows for the nth time.
    #[track_caller]
    pub fn wait_for(&self, text: &str, times: usize) {
        until(&format!("`{text}` on the terminal"), || self.shown().matches(text).count() >= times);
    }

    /// Types keys.
    pub fn enter(&mut self, keys: &str) {
        self.enter_bytes(keys.as_bytes());
    }

    /// Types what may be no text.
    pub fn enter_bytes(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Gives it a size in cells, as a window does; the program is not told by a signal.
    pub fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.slave, size).unwrap();
    }

    /// Stops what it shows, as Ctrl-S does, or goes on.
    pub fn stop(&self, stop: bool) {
        tcflow(&self.slave, if stop { Action::OOff } else { Action::OOn }).unwrap();
    }

    pub fn modes(&self) -> Termios {
        tcgetattr(&self.slave).unwrap()
    }

    /// The modes that it had before the program began.
    pub fn modes_before(&self) -> Termios {
        self.before.clone()
    }

    /// Whether it shows what is typed.
    pub fn echoes(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ECHO)
    }

    /// The terminal itself, for after the end.
    pub fn another_end(&self) -> File {
        self.slave.try_clone().unwrap()
    }

    #[track_caller]
    pub fn finish(self) -> Run {
        self.running.finish()
    }
}
