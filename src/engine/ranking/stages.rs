//! Measures the stages of a recommendation, or nothing at no cost.

use std::time::Instant;

/// A stage of `recommend`.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// The sessions are found, and the snapshot is proven to be current.
    Load,
    /// Each session is scored.
    Score,
    /// The best sessions are put in order.
    Sort,
    /// The time slots that are used more than once are counted.
    Conflicts,
    /// The answer is built.
    Format,
}

/// Is told when a stage of `recommend` ends.
pub trait Stages {
    /// Is told that a stage has ended.
    fn ended(&mut self, stage: Stage);

    /// Is told that an index ranks the sessions, so that none is scanned.
    fn uses_index(&mut self);
}

/// Measures nothing.
impl Stages for () {
    #[inline]
    fn ended(&mut self, _: Stage) {}

    #[inline]
    fn uses_index(&mut self) {}
}

/// The time of each stage, in the order of [`Stage`].
#[derive(Debug)]
pub struct StageTimes {
    since: Instant,
    /// The milliseconds of each stage.
    pub milliseconds: [f64; 5],
    /// Whether an index ranked the sessions.
    pub indexed: bool,
}

impl StageTimes {
    /// Starts the clock of the first stage.
    pub fn start() -> Self {
        Self {
            since: Instant::now(),
            milliseconds: [0.0; 5],
            indexed: false,
        }
    }
}

impl Stages for StageTimes {
    fn ended(&mut self, stage: Stage) {
        let now = Instant::now();
        if let Some(time) = self.milliseconds.get_mut(stage as usize) {
            *time = (now - self.since).as_secs_f64() * 1e3;
        }
        self.since = now;
    }

    fn uses_index(&mut self) {
        self.indexed = true;
    }
}
