//! Encodes a request (user, time window, number of events) as the bytes of a cache key.
//!
//! Invariant: every part is preceded by its length. So no two requests have the same bytes, and the bytes of a user are
//! a prefix of the keys of that user only. A cache serves one tenant, so keys do not contain it.

/// The key of a request: user, exact window, number of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    bytes: Vec<u8>,
    /// Where the bytes of the user end.
    user: usize,
    /// Where the bytes of the mailbox end: 0 if all users share one mailbox.
    mailbox: usize,
    top: i64,
}

/// The length of the number of events, which ends a key.
const TOP: usize = size_of::<i64>();

impl Key {
    /// Builds the key of a request. `one_mailbox` says that all users share one mailbox.
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

    /// Returns the prefix of all keys of a user.
    pub fn prefix_of(user: Option<&[u8]>) -> Vec<u8> {
        let mut bytes = Vec::new();
        push(&mut bytes, user);
        bytes
    }

    /// Returns the requested number of events.
    pub fn top(&self) -> i64 {
        self.top
    }

    /// Returns how many events of an entry answer this request, if `top` events were requested for the entry.
    pub fn most_of(&self, top: i64) -> usize {
        if top > self.top {
            usize::try_from(self.top).unwrap_or(usize::MAX)
        } else {
            usize::MAX
        }
    }

    /// Returns the key of the same request for another number of events.
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

    /// Returns all bytes, which identify a load.
    pub fn exact(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes of user and window, which identify an entry that serves any smaller number of events.
    pub fn window(&self) -> &[u8] {
        let end = self.bytes.len().saturating_sub(TOP);
        self.bytes.get(..end).unwrap_or_default()
    }

    /// Returns the bytes of the user.
    pub fn user(&self) -> &[u8] {
        self.bytes.get(..self.user).unwrap_or_default()
    }

    /// Returns the bytes of the mailbox, to which a `Retry-After` applies.
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
