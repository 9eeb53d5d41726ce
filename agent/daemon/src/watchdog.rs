//! What the service manager is told: that the agent serves, that it stops, and, again and again, that it still gets on.

use crate::{
    input::{Input, Inputs},
    worker::Worker,
};
use sd_notify::NotifyState;
use std::{future::Future, pin::pin, time::Duration};
use tokio::{sync::oneshot, time::timeout};

/// What a round of questions led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Everything that must get on has answered.
    Answered,
    /// This one has not answered for so long, and is waited for further.
    Stuck(&'static str, Duration),
}

/// The agent serves, if only with the picture "out of service": the screen is started after this.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The agent stops on purpose.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub(crate) fn status(line: &str) {
    // A second line would count as another message.
    tell(&[NotifyState::Status(&line.replace('\n', " "))]);
}

/// Starts the pings, where the service manager waits for them. Neither the hub nor the text recognition is asked: a link may be down
/// for days, and a page may take long.
pub(crate) fn start<T: 'static>(inputs: &Inputs, storage: Option<&Worker<T>>) {
    // A third, so that one late answer alone does not end the agent.
    let Some(every) = sd_notify::watchdog_enabled().map(|limit| limit / 3).filter(|every| !every.is_zero()) else { return };
    tokio::spawn(run(every, inputs.clone(), storage.cloned(), |round| match round {
        Round::Answered => tell(&[NotifyState::Watchdog]),
        Round::Stuck(who, time) => tracing::error!(
            "the {who} has not answered for {time:?}; the service manager starts the agent anew if that goes on; next step if it comes \
             again: look at the disk (motcua check, journalctl -k)"
        ),
    }));
}

/// Asks the store's thread and the loop every so often. A round ends only when both have answered, so there is never a ping without
/// their progress; when either has ended there is none any more.
async fn run<T: 'static>(every: Duration, inputs: Inputs, storage: Option<Worker<T>>, mut told: impl FnMut(Round)) {
    let mut pause = tokio::time::interval(every);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pause.tick().await;
        // The store first: the loop waits for it too, and the one to blame is to be named.
        if let Some(storage) = &storage
            && answered("store", every, storage.call(|_| Ok(())), &mut told).await.is_err()
        {
            return;
        }
        if answered("loop", every, is_there(&inputs), &mut told).await.is_none() {
            return;
        }
        told(Round::Answered);
    }
}

/// The answer, however long it takes; what takes longer than `limit` is told each time.
async fn answered<A>(who: &'static str, limit: Duration, question: impl Future<Output = A>, told: &mut impl FnMut(Round)) -> A {
    let (mut question, mut waited) = (pin!(question), Duration::ZERO);
    loop {
        match timeout(limit, question.as_mut()).await {
            Ok(answer) => return answer,
            Err(_) => {
                waited += limit;
                told(Round::Stuck(who, waited));
            }
        }
    }
}

/// None while the agent stops.
async fn is_there(inputs: &Inputs) -> Option<()> {
    let (answer, answered) = oneshot::channel();
    inputs.send(Input::AreYouThere(answer)).await.ok()?;
    answered.await.ok()
}

/// Does nothing where no service manager listens.
fn tell(said: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(said) {
        tracing::warn!("the service manager cannot be told {said:?}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc as threads;
    use tokio::sync::mpsc;

    const EVERY: Duration = Duration::from_millis(20);

    /// A loop that gets on.
    fn lively_loop() -> Inputs {
        let (inputs, mut queue) = mpsc::channel(4);
        tokio::spawn(async move {
            while let Some(input) = queue.recv().await {
                let Input::AreYouThere(answer) = input else { panic!("another question") };
                answer.send(()).unwrap();
            }
        });
        inputs
    }

    fn watch(inputs: Inputs, storage: &Worker<()>) -> mpsc::UnboundedReceiver<Round> {
        let (told, rounds) = mpsc::unbounded_channel();
        tokio::spawn(run(EVERY, inputs, Some(storage.clone()), move |round| {
            let _ = told.send(round);
        }));
        rounds
    }

    /// Three complaints in a row about `who`.
    async fn stuck_thrice(rounds: &mut mpsc::UnboundedReceiver<Round>, who: &str) {
        for times in 1..=3 {
            let Some(Round::Stuck(named, time)) = rounds.recv().await else { panic!("a ping without progress") };
            assert_eq!((named, time), (who, EVERY * times));
        }
    }

    async fn until_answered(rounds: &mut mpsc::UnboundedReceiver<Round>) {
        while rounds.recv().await.unwrap() != Round::Answered {}
    }

    #[tokio::test]
    async fn there_is_no_ping_while_the_store_is_stuck() {
        let storage = Worker::start("store", || ()).unwrap();
        let (release, released) = threads::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let worker = storage.clone();
        let stuck = tokio::spawn(async move {
            let job = move |_: &mut ()| {
                begun.send(()).unwrap();
                Ok(released.recv()?)
            };
            worker.call(job).await
        });
        has_begun.await.unwrap();
        let mut rounds = watch(lively_loop(), &storage);
        stuck_thrice(&mut rounds, "store").await;
        release.send(()).unwrap();
        until_answered(&mut rounds).await;
        until_answered(&mut rounds).await;
        stuck.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn there_is_no_ping_while_the_loop_is_stuck() {
        let storage = Worker::start("store", || ()).unwrap();
        let (inputs, mut queue) = mpsc::channel(4);
        let mut rounds = watch(inputs, &storage);
        let Some(Input::AreYouThere(answer)) = queue.recv().await else { panic!("another question") };
        stuck_thrice(&mut rounds, "loop").await;
        answer.send(()).unwrap();
        until_answered(&mut rounds).await;
        drop(queue);
        while let Some(round) = rounds.recv().await {
            assert_ne!(round, Round::Answered, "a ping for a loop that has ended");
        }
    }
}
