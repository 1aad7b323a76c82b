//! Mailboxes that may not be asked before a moment, and what the source said when it asked for that.

use core::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// No source closes a mailbox for longer: what asks for more is taken for a mistake (RFC 9110 sets no bound).
pub const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Debug)]
struct Gate<E> {
    opens: Duration,
    error: E,
}

/// See the module.
#[derive(Debug)]
pub struct Gates<E> {
    gates: HashMap<Box<[u8]>, Gate<E>, RandomState>,
    most: usize,
}

impl<E: Clone> Gates<E> {
    /// No gates, and never more than `most`.
    pub fn new(most: usize) -> Self {
        Self {
            gates: HashMap::default(),
            most: most.max(1),
        }
    }

    /// What closes a mailbox now, and for how long.
    pub fn closed(&self, mailbox: &[u8], now: Duration) -> Option<(E, Duration)> {
        if self.gates.is_empty() {
            return None;
        }
        let gate = self.gates.get(mailbox)?;
        let wait = gate.opens.checked_sub(now)?;
        (!wait.is_zero()).then(|| (gate.error.clone(), wait))
    }

    /// Closes a mailbox; what must be dropped.
    pub fn close(&mut self, mailbox: &[u8], wait: Duration, error: E, now: Duration) -> Vec<E> {
        let mut gone = Vec::new();
        if self.gates.len() >= self.most && !self.gates.contains_key(mailbox) {
            let open = self.gates.extract_if(|_, gate| gate.opens <= now);
            gone.extend(open.map(|(_, gate)| gate.error));
            if self.gates.len() >= self.most {
                // All of them closed: one has to open early, so that a flood of users cannot fill the memory.
                let first = self.gates.iter().min_by_key(|(_, gate)| gate.opens);
                let first = first.map(|(mailbox, _)| mailbox.clone());
                let first = first.and_then(|mailbox| self.gates.remove(&mailbox));
                gone.extend(first.map(|gate| gate.error));
            }
        }
        let opens = now.saturating_add(wait.min(LONGEST));
        // Of two that came at once, the one that asks for more patience holds; no success of a third opens the gate.
        let later = self.gates.get(mailbox).filter(|gate| gate.opens > opens);
        if later.is_some() {
            gone.push(error);
            return gone;
        }
        let before = self.gates.insert(mailbox.into(), Gate { opens, error });
        gone.extend(before.map(|gate| gate.error));
        gone
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.gates.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.gates.is_empty()
    }
}
