//! The other task that `map_async_64` waits for: each answer takes a message there and one back.

use tokio::sync::{mpsc, oneshot};

use crate::work;

#[derive(Clone)]
pub struct Echo(mpsc::Sender<(u64, oneshot::Sender<u64>)>);

impl Echo {
    /// Starts the task that answers.
    pub fn start() -> Self {
        let (sender, mut questions) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(1024);
        tokio::spawn(async move {
            while let Some((n, asker)) = questions.recv().await {
                let _ = asker.send(work::answer(n));
            }
        });
        Self(sender)
    }

    pub async fn ask(self, n: u64) -> u64 {
        let (asker, answer) = oneshot::channel();
        let asked = self.0.send((n, asker)).await;
        asked.expect("the task answers as long as it is asked");
        answer.await.expect("the task answers every question")
    }
}
