//! A thread for calls that block. They are done one after the other, in the order in which they
//! came, also those that nobody waits for any more.

use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use crate::store::error::StoreError;

type Job = Box<dyn FnOnce() + Send>;

/// The thread, started by the first call; it ends when this is dropped.
#[derive(Default)]
pub struct Worker(OnceLock<Option<Sender<Job>>>);

impl Worker {
    /// Has the thread do a call, and waits for what comes of it.
    ///
    /// # Errors
    /// `Failed` where there can be no thread.
    pub async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let failed = |_| StoreError::Failed("no thread can be started for the keyring".to_owned());
        let (result, answer) = oneshot::channel();
        // Whoever waited may have gone.
        let job: Job = Box::new(move || drop(result.send(call())));
        if let Some(jobs) = self.0.get_or_init(start) {
            // Where the thread is gone the job is dropped, and the answer with it.
            let _ = jobs.send(job);
        }
        answer.await.map_err(failed)
    }
}

fn start() -> Option<Sender<Job>> {
    let (jobs, queue) = channel::<Job>();
    let work = move || queue.into_iter().for_each(|job| job());
    thread::Builder::new().name("keyring".to_owned()).spawn(work).ok().map(|_| jobs)
}
