//! Whose turn it is: a queue for each project, and round robin between projects.
//!
//! One project that asks a thousand questions delays another by at most one question for each place: a project's next
//! question runs after every other waiting project has had its turn.
//!
//! Must never: look at a question, hold a place for somebody who has gone (a dropped [`FairQueue::turn`] leaves the queue at
//! once), or grow without end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governance::Refusal;
use tokio::sync::oneshot;

use super::no;

/// How many questions may run and wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Questions that run at a time. Each may use two threads and its limit of memory.
    pub running: usize,
    /// Of these, questions of one project.
    pub running_per_project: usize,
    /// Questions of one project that wait.
    pub waiting_per_project: usize,
    /// Questions that wait in all.
    pub waiting: usize,
    /// How long one waits.
    pub wait: Duration,
}

impl Default for QueueLimits {
    /// For the reference machine of two cores and 24 GB: two questions of 2 GiB at a time, never both of one project, so
    /// that a long one cannot hold up everybody. A notebook asks one question at a time; 32 waiting are a loop that forgot to
    /// wait for its answers. Five minutes are longer than any question may run (two), twice.
    fn default() -> Self {
        Self {
            running: 2,
            running_per_project: 1,
            waiting_per_project: 32,
            waiting: 512,
            wait: Duration::from_secs(300),
        }
    }
}

/// The queue. Clones are the same queue.
#[derive(Debug, Clone)]
pub struct FairQueue {
    inner: Arc<Inner>,
}

/// The right to run one question; given back when dropped.
#[derive(Debug)]
pub struct Turn {
    inner: Arc<Inner>,
    project: String,
}

#[derive(Debug)]
struct Inner {
    limits: QueueLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    waiting: usize,
    number: u64,
    projects: HashMap<String, Lane>,
    /// Projects of which a question waits, the one whose turn is next in front.
    round: VecDeque<String>,
}

#[derive(Debug, Default)]
struct Lane {
    running: usize,
    waiting: VecDeque<(u64, oneshot::Sender<Turn>)>,
}

/// Leaves the queue when the one who waits has gone.
struct Place<'a> {
    inner: &'a Arc<Inner>,
    project: &'a str,
    number: u64,
}

impl FairQueue {
    /// An empty queue.
    #[must_use]
    pub fn new(limits: QueueLimits) -> Self {
        let state = Mutex::new(State::default());
        Self {
            inner: Arc::new(Inner { limits, state }),
        }
    }

    /// Waits for a turn of this project. Dropping the future leaves the queue.
    ///
    /// # Errors
    /// A refusal when too many wait already, or after waiting for as long as the limits say.
    pub async fn turn(&self, project: &str) -> Result<Turn, Refusal> {
        let (sender, turn) = oneshot::channel();
        let limits = &self.inner.limits;
        let number = {
            let mut state = self.inner.state();
            let lane = state.projects.entry(project.to_owned()).or_default();
            let first = lane.waiting.is_empty();
            if lane.waiting.len() >= limits.waiting_per_project {
                state.tidy(project);
                return Err(too_many_waiting(limits.waiting_per_project));
            }
            if state.waiting >= limits.waiting {
                state.tidy(project);
                return Err(too_many_waiting(limits.waiting));
            }
            state.number += 1;
            let number = state.number;
            state.waiting += 1;
            if first {
                state.round.push_back(project.to_owned());
            }
            if let Some(lane) = state.projects.get_mut(project) {
                lane.waiting.push_back((number, sender));
            }
            number
        };
        let _place = Place {
            inner: &self.inner,
            project,
            number,
        };
        self.inner.next();
        match tokio::time::timeout(limits.wait, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(waited_too_long(limits.wait.as_secs())),
        }
    }

    /// Questions that run and that wait, for figures.
    #[must_use]
    pub fn figures(&self) -> (usize, usize) {
        let state = self.inner.state();
        (state.running, state.waiting)
    }
}

fn too_many_waiting(limit: usize) -> Refusal {
    Refusal::new(
        "too-many-waiting",
        no::LIMITS,
        format!("{limit} questions wait already, which is as many as may"),
        "wait for your earlier answers before you ask again",
    )
}

fn waited_too_long(seconds: u64) -> Refusal {
    Refusal::new(
        "waited-too-long",
        no::LIMITS,
        format!("the question waited {seconds} seconds for its turn"),
        "ask again later; questions of all projects take turns",
    )
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // the state is whole between any two lines that can panic: there are none
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives turns to those who are next, as long as there is room.
    fn next(self: &Arc<Self>) {
        loop {
            let given = self.state().give(&self.limits);
            let Some((project, sender)) = given else {
                return;
            };
            let inner = Arc::clone(self);
            // one who has gone sends the turn back: dropping it gives it to the next, so nothing is lost
            drop(sender.send(Turn { inner, project }));
        }
    }
}

impl State {
    /// The next question that may run, if any may.
    fn give(&mut self, limits: &QueueLimits) -> Option<(String, oneshot::Sender<Turn>)> {
        if self.running >= limits.running {
            return None;
        }
        for _ in 0..self.round.len() {
            let project = self.round.pop_front()?;
            let Some(lane) = self.projects.get_mut(&project) else {
                continue;
            };
            if lane.running >= limits.running_per_project {
                self.round.push_back(project);
                continue;
            }
            let Some((_, sender)) = lane.waiting.pop_front() else {
                continue;
            };
            lane.running += 1;
            let more = !lane.waiting.is_empty();
            self.running += 1;
            self.waiting -= 1;
            if more {
                self.round.push_back(project.clone());
            }
            return Some((project, sender));
        }
        None
    }

    /// Forgets a project of which nothing runs or waits.
    fn tidy(&mut self, project: &str) {
        let idle = |lane: &Lane| lane.running == 0 && lane.waiting.is_empty();
        if self.projects.get(project).is_some_and(idle) {
            self.projects.remove(project);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        let Some(lane) = state.projects.get_mut(self.project) else {
            return;
        };
        let before = lane.waiting.len();
        lane.waiting.retain(|(number, _)| *number != self.number);
        let (gone, none) = (before - lane.waiting.len(), lane.waiting.is_empty());
        state.waiting -= gone;
        if gone > 0 && none {
            state.round.retain(|p| p != self.project);
        }
        state.tidy(self.project);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.inner.state();
            state.running -= 1;
            if let Some(lane) = state.projects.get_mut(&self.project) {
                lane.running -= 1;
            }
            state.tidy(&self.project);
        }
        self.inner.next();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn queue(running: usize, per_project: usize) -> FairQueue {
        FairQueue::new(QueueLimits {
            running,
            running_per_project: per_project,
            waiting_per_project: 10,
            waiting: 15,
            wait: Duration::from_secs(5),
        })
    }

    /// Lets every task that can go on do so.
    async fn settle() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    type Order = Arc<Mutex<Vec<String>>>;

    fn wait(
        queue: &FairQueue,
        project: &'static str,
        order: &Order,
    ) -> tokio::task::JoinHandle<()> {
        let (queue, order) = (queue.clone(), Arc::clone(order));
        tokio::spawn(async move {
            let turn = queue.turn(project).await.unwrap();
            order.lock().unwrap().push(project.to_owned());
            tokio::task::yield_now().await;
            drop(turn);
        })
    }

    #[tokio::test]
    async fn projects_take_turns() {
        let queue = queue(1, 1);
        let order = Order::default();
        let first = queue.turn("z").await.unwrap();
        let mut tasks = Vec::new();
        for project in ["a", "a", "a", "a", "b", "c", "b"] {
            tasks.push(wait(&queue, project, &order));
            settle().await;
        }
        assert_eq!(queue.figures(), (1, 7));
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.lock().unwrap().join("");
        assert_eq!(order, "abcabaa");
        assert_eq!(queue.figures(), (0, 0));
        assert!(queue.inner.state().projects.is_empty());
        assert!(queue.inner.state().round.is_empty());
    }

    #[tokio::test]
    async fn one_project_does_not_fill_every_place() {
        let queue = queue(2, 1);
        let order = Order::default();
        let long = queue.turn("a").await.unwrap();
        let waits = wait(&queue, "a", &order);
        settle().await;
        let other = wait(&queue, "b", &order);
        other.await.unwrap();
        assert_eq!(order.lock().unwrap().join(""), "b");
        drop(long);
        waits.await.unwrap();
        assert_eq!(order.lock().unwrap().join(""), "ba");
    }

    #[tokio::test]
    async fn whoever_leaves_loses_the_place_and_nobody_elses() {
        let queue = queue(1, 1);
        let order = Order::default();
        let first = queue.turn("z").await.unwrap();
        let gone = wait(&queue, "a", &order);
        settle().await;
        let stays = wait(&queue, "b", &order);
        settle().await;
        gone.abort();
        settle().await;
        assert_eq!(queue.figures(), (1, 1));
        drop(first);
        stays.await.unwrap();
        assert_eq!(queue.figures(), (0, 0));
        assert_eq!(order.lock().unwrap().join(""), "b");
    }

    #[tokio::test]
    async fn queues_are_bounded() {
        let queue = queue(1, 1);
        let order = Order::default();
        let first = queue.turn("a").await.unwrap();
        let mut tasks: Vec<_> = (0..10).map(|_| wait(&queue, "a", &order)).collect();
        settle().await;
        assert_eq!(queue.turn("a").await.unwrap_err().code, "too-many-waiting");
        tasks.extend((0..5).map(|_| wait(&queue, "b", &order)));
        settle().await;
        assert_eq!(queue.turn("c").await.unwrap_err().code, "too-many-waiting");
        assert!(!queue.inner.state().projects.contains_key("c"));
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(queue.figures(), (0, 0));
    }

    #[tokio::test]
    async fn waiting_ends() {
        let queue = FairQueue::new(QueueLimits {
            wait: Duration::from_millis(20),
            ..QueueLimits::default()
        });
        let _first = queue.turn("a").await.unwrap();
        let no = queue.turn("a").await.unwrap_err();
        assert_eq!(
            (no.code.as_ref(), queue.figures()),
            ("waited-too-long", (1, 0))
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn never_more_than_the_limits() {
        let queue = FairQueue::new(QueueLimits {
            running: 3,
            running_per_project: 2,
            waiting_per_project: 1_000,
            waiting: 1_000,
            wait: Duration::from_secs(60),
        });
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..200)
            .map(|i| {
                let (queue, running, most) =
                    (queue.clone(), Arc::clone(&running), Arc::clone(&most));
                tokio::spawn(async move {
                    let turn = queue.turn(["a", "b", "c", "d"][i % 4]);
                    if i % 7 == 0 {
                        // some give up while they wait
                        let _ = tokio::time::timeout(Duration::from_micros(10), turn).await;
                        return;
                    }
                    let _turn = turn.await.unwrap();
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_micros(50)).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(most.load(Ordering::SeqCst) <= 3);
        assert_eq!(queue.figures(), (0, 0));
        assert!(queue.inner.state().projects.is_empty());
    }
}
