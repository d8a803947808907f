//! By a job object, which a process is in before it runs.

use std::io;
use std::process::ExitStatus;

use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject};
use tokio::process::{ChildStderr, ChildStdout, Command};

pub struct ProcessTree {
    child: Box<dyn ChildWrapper>,
    is_released: bool,
}

impl ProcessTree {
    /// Starts a command.
    ///
    /// # Errors
    /// What the system says.
    pub fn spawn(command: Command) -> io::Result<Self> {
        let child = CommandWrap::from(command).wrap(JobObject).spawn()?;
        Ok(Self { child, is_released: false })
    }

    /// Returns what the first process prints, once.
    pub fn outputs(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        self.child.stdout().take().zip(self.child.stderr().take())
    }

    /// Waits for the first process, and not for all of the job.
    ///
    /// # Errors
    /// What the system says.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.inner_mut().wait().await
    }

    /// Returns whether the first process has been waited for.
    pub fn has_ended(&self) -> bool {
        self.child.id().is_none()
    }

    /// Leaves what the first process has started to itself.
    pub fn release(mut self) {
        self.is_released = true;
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        if !self.is_released {
            let _ = self.child.start_kill();
        }
    }
}
