//! A thread with a tokio runtime of its own.
//!
//! `#[tokio::test]` gives every test its own runtime. A server that was started on one of them dies with that test, so
//! what several tests may share lives here instead.

use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// A future running on a thread of its own; dropping this cancels it and waits until it is gone.
#[derive(Debug)]
pub(crate) struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Runs the future that `work` makes. `work` receives the signal to end; when it does, the future must return.
    pub(crate) fn start<F>(name: &str, work: impl FnOnce(Stop) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel();
        let body = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a tokio runtime");
            runtime.block_on(work(Stop(stopped)));
        };
        let thread =
            std::thread::Builder::new().name(name.to_owned()).spawn(body).expect("a thread");
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Resolves when the owner of the [`Background`] is dropped.
#[derive(Debug)]
pub(crate) struct Stop(oneshot::Receiver<()>);

impl Stop {
    /// Waits for the end.
    pub(crate) async fn requested(self) {
        drop(self.0.await);
    }
}
