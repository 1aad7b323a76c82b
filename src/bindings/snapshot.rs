//! A compiled list of a caller's sessions, and the proof that the list has not changed since.
//!
//! The list is an ordinary one, which its owner may change at any time between two calls. A snapshot answers only after
//! [`Fingerprint`] has shown that every session is the same dict with the same contents. It owns strings, and one list
//! of strings as a witness, but no session. So it keeps no object of the caller's alive whose loss could be noticed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use super::errors::{Answer, OrDecline, room};
use super::fingerprint::Fingerprint;
use super::input::{self, Tags};
use super::intern::intern;
use super::object;
use crate::engine::catalog::directory::{Directory, DirectoryBuilder};
use crate::engine::catalog::vocabulary::Vocabulary;
use crate::engine::ranking::index::{Index, Ranked, Sessions, TagId};
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Number, Scorer};

/// The bytes that compiling takes for a session, at most, while its columns grow, without tags and text.
const SESSION: usize = 256;

/// A compiled list of sessions.
pub(super) struct Snapshot {
    fingerprint: Fingerprint,
    witness: Option<Py<PyList>>,
    vocabulary: Vocabulary,
    index: Index,
    titles: OnceLock<Titles>,
    searches: AtomicU32,
}

impl Snapshot {
    /// The number of searches after which titles are indexed. Until then scanning for them is cheaper in total.
    const FIRST_SEARCH: u32 = 2;

    /// Compiles a list. Declines it if a later change could not be detected. O(sessions + tags).
    pub(super) fn compile(sessions: &Bound<'_, PyList>) -> Answer<Self> {
        let count = u32::try_from(sessions.len()).ok().or_decline()? as usize;
        room("the sessions", count.saturating_mul(SESSION))?;
        let mut fingerprint = Fingerprint::begin(sessions.py())?.or_decline()?;
        let mut vocabulary = Vocabulary::default();
        let mut tags: Vec<TagId> = Vec::new();
        let mut popularity: Vec<Number> = Vec::with_capacity(count);
        let mut witness = None;
        for session in sessions {
            room("the sessions", 0)?;
            let session = input::exact_dict(&session)?;
            let mark = Fingerprint::mark(session).or_decline()?;
            let list = match Tags::of(session)? {
                Tags::Missing => None,
                Tags::List(list) => Some(list),
                Tags::Tuple(_) => return Err(super::errors::Stop::Declined),
            };
            for tag in list.iter().flatten() {
                let tag = input::exact_str(&tag)?;
                tags.push(number_of(tag, &mut vocabulary)?);
                fingerprint.push_tag(tag);
            }
            popularity.push(input::popularity(session)?);
            fingerprint.push_session(mark, list.as_ref()).or_decline()?;
            // Owned by its session and, for now, by `list`: when the session goes, only the snapshot is left.
            let own = |list: &Bound<'_, PyList>| object::owners(list.as_any()) == 2;
            if witness.is_none() {
                witness = list.filter(own).map(Bound::unbind);
            }
        }
        // A key with a hostile `__eq__` may have run code during the lookups.
        (fingerprint.len() == count && fingerprint.same(sessions))
            .then_some(())
            .or_decline()?;
        fingerprint.shrink_to_fit();
        let columns = Sessions {
            popularity: &popularity,
            offsets: fingerprint.offsets(),
            tags: &tags,
        };
        room("the index", count.saturating_mul(SESSION))?;
        let index = Index::build(&columns, vocabulary.len()).ok().or_decline()?;
        Ok(Self {
            fingerprint,
            witness,
            vocabulary,
            index,
            titles: OnceLock::new(),
            searches: AtomicU32::new(0),
        })
    }

    /// Returns the number of sessions.
    pub(super) fn len(&self) -> usize {
        self.fingerprint.len()
    }

    /// Returns the memory beyond the caller's objects, in bytes.
    pub(super) fn nbytes(&self) -> usize {
        size_of::<Self>()
            + self.fingerprint.nbytes()
            + self.vocabulary.nbytes()
            + self.index.nbytes()
            + self
                .titles
                .get()
                .map_or(0, |titles| titles.directory.nbytes())
    }

    /// Returns true if the list holds what it held when it was compiled. O(sessions + tags), a few nanoseconds a
    /// session.
    pub(super) fn is_current(&self, sessions: &Bound<'_, PyList>) -> bool {
        self.fingerprint.same(sessions)
    }

    /// Returns true if the compiled list is gone: only the snapshot still owns a list of tags that it had.
    pub(super) fn is_abandoned(&self, py: Python<'_>) -> bool {
        let witness = self.witness.as_ref();
        witness.is_some_and(|list| object::owners(list.bind(py)) == 1)
    }

    /// Returns the best `k` sessions, or `None` if only a scan is exact.
    pub(super) fn rank(
        &self,
        interests: &InterestSet,
        scorer: &Scorer,
        k: usize,
    ) -> Option<Vec<Ranked>> {
        let query: Vec<TagId> = interests
            .iter()
            .filter_map(|interest| self.vocabulary.get(interest))
            .collect();
        self.index.top_k(&query, scorer, k)
    }

    /// Counts a search for a title. Returns true once there were enough of them for an index of the titles to pay.
    pub(super) fn is_searched(&self) -> bool {
        self.titles.get().is_some()
            || self.searches.fetch_add(1, Ordering::Relaxed) + 1 >= Self::FIRST_SEARCH
    }

    /// Returns the position of the first session with this lowered title, or `None` if there is none.
    ///
    /// Declines if the list changed up to there, or if the search would meet a title that is not a string.
    pub(super) fn find(
        &self,
        sessions: &Bound<'_, PyList>,
        lowered: &[u8],
    ) -> Answer<Option<usize>> {
        if self.titles.get().is_none() {
            // Titles are read from the list as it is now: all of it must still be what was compiled.
            self.is_current(sessions).then_some(()).or_decline()?;
            let titles = titles(sessions)?;
            let _ = self.titles.set(titles);
        }
        let titles = self.titles.get().or_decline()?;
        for candidate in titles.directory.candidates(lowered) {
            let position = candidate as usize;
            self.fingerprint
                .same_dicts(sessions, position + 1)
                .then_some(())
                .or_decline()?;
            let session = sessions.get_item(position)?;
            let title = input::exact_dict(&session)?.get_item(intern!(sessions.py(), "title"))?;
            if is_title(&title.or_decline()?, lowered)? {
                return Ok(Some(position));
            }
        }
        let complete = !titles.stops_early;
        (complete && self.fingerprint.same_dicts(sessions, self.len()))
            .then_some(None)
            .or_decline()
    }
}

/// Returns the number of a tag, by its lowered form.
#[inline]
fn number_of(tag: &Bound<'_, PyString>, vocabulary: &mut Vocabulary) -> Answer<TagId> {
    input::with_lowered(tag, |lowered| vocabulary.intern(lowered))?.or_decline()
}

/// The titles of a list, up to the first that is missing or not a string. There a search ends with an error.
struct Titles {
    directory: Directory,
    stops_early: bool,
}

fn titles(sessions: &Bound<'_, PyList>) -> Answer<Titles> {
    let mut directory = DirectoryBuilder::default();
    let mut stops_early = false;
    for (position, session) in (0_u32..).zip(sessions) {
        let title = input::exact_dict(&session)?.get_item(intern!(session.py(), "title"))?;
        let Some(title) = title.and_then(|title| title.cast_into_exact::<PyString>().ok()) else {
            stops_early = true;
            break;
        };
        input::with_lowered(&title, |lowered| directory.push(position, lowered))?;
    }
    Ok(Titles {
        directory: directory.finish(),
        stops_early,
    })
}

/// Returns true if `title.lower()` is this.
#[inline]
pub(super) fn is_title(title: &Bound<'_, PyAny>, lowered: &[u8]) -> Answer<bool> {
    input::with_lowered(input::exact_str(title)?, |title| title == lowered)
}
