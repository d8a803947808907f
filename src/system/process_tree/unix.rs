//! By the process group of the first process, where it has one of its own.

use std::fs::File;
use std::io;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::system::terminal;

pub struct ProcessTree {
    child: Child,
    /// Only where there is no terminal, on which a group of its own would stand in the background
    /// and could ask nobody.
    group: Option<Pid>,
}

impl ProcessTree {
    /// Starts a command.
    ///
    /// # Errors
    /// What the system says.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        let is_alone = File::open(terminal::INPUT).is_err();
        if is_alone {
            command.process_group(0);
        }
        let child = command.spawn()?;
        let id = child.id().filter(|_| is_alone).and_then(|id| i32::try_from(id).ok());
        Ok(Self { child, group: id.and_then(Pid::from_raw) })
    }

    /// Returns what the first process prints, once.
    pub fn outputs(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        self.child.stdout.take().zip(self.child.stderr.take())
    }

    /// Waits for the first process.
    ///
    /// # Errors
    /// What the system says.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Returns whether the first process has been waited for.
    pub fn has_ended(&self) -> bool {
        self.child.id().is_none()
    }

    /// Leaves what the first process has started to itself.
    pub fn release(mut self) {
        self.group = None;
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
