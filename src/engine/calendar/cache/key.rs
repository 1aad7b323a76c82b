//! Who asked for which events, as bytes.
//!
//! Invariant: each part says how long it is, so that no two requests have the same bytes and the bytes of a user are a
//! prefix of that user's keys and of nobody else's. The tenant is one for a cache and stands in no key of it.

/// One request: user, exact window, number of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    bytes: Vec<u8>,
    /// Where the bytes of the user end.
    user: usize,
    /// What of them names the mailbox: nothing where one mailbox stands behind all users.
    mailbox: usize,
    top: i64,
}

/// The length of the number at the end.
const TOP: usize = size_of::<i64>();

impl Key {
    /// The key of a request. `one_mailbox`: the service is asked without a user.
    pub fn new(
        user: Option<&[u8]>,
        start: Option<&[u8]>,
        end: Option<&[u8]>,
        top: i64,
        one_mailbox: bool,
    ) -> Self {
        let mut bytes = Vec::with_capacity(64);
        push(&mut bytes, user);
        let user = bytes.len();
        push(&mut bytes, start);
        push(&mut bytes, end);
        bytes.extend_from_slice(&top.to_le_bytes());
        Self {
            bytes,
            user,
            mailbox: if one_mailbox { 0 } else { user },
            top,
        }
    }

    /// The beginning of all keys of a user.
    pub fn prefix_of(user: Option<&[u8]>) -> Vec<u8> {
        let mut bytes = Vec::new();
        push(&mut bytes, user);
        bytes
    }

    /// How many events are asked for.
    pub fn top(&self) -> i64 {
        self.top
    }

    /// The same for another number of events.
    #[must_use]
    pub fn with_top(&self, top: i64) -> Self {
        let mut bytes = self.window().to_vec();
        bytes.extend_from_slice(&top.to_le_bytes());
        Self {
            bytes,
            top,
            ..*self
        }
    }

    /// All of it: what a flight answers.
    pub fn exact(&self) -> &[u8] {
        &self.bytes
    }

    /// User and window: what an entry answers that holds the first events in order.
    pub fn window(&self) -> &[u8] {
        let end = self.bytes.len().saturating_sub(TOP);
        self.bytes.get(..end).unwrap_or_default()
    }

    /// The user.
    pub fn user(&self) -> &[u8] {
        self.bytes.get(..self.user).unwrap_or_default()
    }

    /// The mailbox that is asked: what a Retry-After holds for.
    pub fn mailbox(&self) -> &[u8] {
        self.bytes.get(..self.mailbox).unwrap_or_default()
    }
}

fn push(bytes: &mut Vec<u8>, part: Option<&[u8]>) {
    let Some(part) = part else {
        bytes.push(0);
        return;
    };
    bytes.push(1);
    bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    bytes.extend_from_slice(part);
}
