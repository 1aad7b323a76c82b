//! Ranks the sessions of a catalogue by the points of interests that were understood.
//!
//! The words of a segment are compiled when they are first needed, or when the caller asks for it, and they are kept
//! with the segment. So a catalogue with a few other sessions compiles the words of those only.

use core::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::ceiling::{Ceiling, Popularity};
use super::segment::Segment;
use super::{Best, Catalog, Narrow, Place};
use crate::engine::error::Error;
use crate::engine::json::{Member, SessionText};
use crate::engine::ranking::bitmap::Bitmap;
use crate::engine::ranking::score::Scorer;
use crate::engine::threads;
use crate::engine::understanding::sorted::{SortedWords, compile};
use crate::engine::understanding::{Field, Matches, Piece, TextBuilder, TextIndex, Texts, matched};

/// The sessions that are collected before the best of them are chosen.
const LEAST_COLLECTED: usize = 64;

impl Segment {
    /// Compiles the words of a segment that holds the text of its sessions. Does nothing if that is done already, or if
    /// the sessions are elsewhere.
    ///
    /// # Errors
    ///
    /// More words than 32 bits can number.
    pub fn compile_words(&self) -> Result<(), Error> {
        let (Some(text), None) = (&self.text, self.words.get()) else {
            return Ok(());
        };
        let words = words(text)?;
        let _ = self.words.set(words);
        Ok(())
    }

    /// Returns the popularity of the sessions.
    pub(super) fn popularity(&self) -> &Popularity {
        self.popularity
            .get_or_init(|| Popularity::new(self.index.popularity_by_position()))
    }
}

/// Compiles the words of sessions. Each thread reads a piece of the sessions, if there are many.
fn words(text: &SessionText) -> Result<TextIndex, Error> {
    let members = MEMBERS.map(|(_, name)| text.member(name));
    let Pieces { pool, ranges } = Pieces::of(text.len());
    let read = |piece| words_of(text, &members, piece);
    match pool {
        None => compile(&[read(0..text.len())?]),
        Some(pool) => {
            let sorted = ranges.into_par_iter().map(read);
            let sorted: Result<Vec<_>, Error> = pool.install(|| sorted.collect());
            compile(&sorted?)
        }
    }
}

/// The members of a session that are read, each with its field, in the order of the fields. Of each field, the first
/// member that a session has counts.
pub const MEMBERS: [(Field, &str); 6] = [
    (Field::Tags, "tags"),
    (Field::Title, "title"),
    (Field::Abstract, "abstract"),
    (Field::Abstract, "description"),
    (Field::Track, "track"),
    (Field::Speakers, "speakers"),
];

fn words_of(
    text: &SessionText,
    members: &[Member; MEMBERS.len()],
    piece: Range<usize>,
) -> Result<SortedWords, Error> {
    let mut builder = TextBuilder::default();
    let name = text.member("name");
    for position in piece {
        if let Some(view) = text.get(position) {
            let mut read = None;
            for ((field, _), value) in MEMBERS.into_iter().zip(view.get_each(members)) {
                let value = value.filter(|value| read != Some(field) && !value.is_null());
                if let Some(value) = value {
                    value.each_text(&name, &mut |text| {
                        builder.push(field, &String::from_utf8_lossy(text));
                    });
                    read = Some(field);
                }
            }
        }
        builder.finish_session()?;
    }
    Ok(builder.sorted())
}

/// Compiles the words of sessions that are elsewhere. This thread copies the texts of each piece in order, by `copy`, and
/// the threads of the pool read the copies.
///
/// # Errors
///
/// The outer error is that of `copy`. The inner one is for words that are too many, or for which there is no memory.
pub fn compile_pieces<E>(
    sessions: usize,
    mut copy: impl FnMut(&Range<usize>) -> Result<Piece, E>,
) -> Result<Result<TextIndex, Error>, E> {
    let Pieces { pool, ranges } = Pieces::of(sessions);
    let mut sorted: Vec<_> = ranges.iter().map(|_| None).collect();
    let mut places = sorted.iter_mut().zip(&ranges);
    match pool {
        None => places.try_for_each(|(place, range)| -> Result<(), E> {
            *place = Some(copy(range)?.sorted());
            Ok(())
        })?,
        Some(pool) => pool.in_place_scope(|scope| {
            places.try_for_each(|(place, range)| -> Result<(), E> {
                let piece = copy(range)?;
                scope.spawn(move |_| *place = Some(piece.sorted()));
                Ok(())
            })
        })?,
    }
    let sorted: Result<Vec<_>, _> = sorted.into_iter().flatten().collect();
    Ok(sorted.and_then(|sorted| compile(&sorted)))
}

/// How sessions are shared among the threads that read their words.
struct Pieces {
    /// The threads; `None` for few sessions.
    pool: Option<Arc<ThreadPool>>,
    /// The positions of each piece.
    ranges: Vec<Range<usize>>,
}

/// The sessions for which it pays to start a thread.
const LEAST_SHARED: usize = 512;
/// Every piece has words of its own, which are joined afterwards.
const MOST_PIECES: usize = 8;

impl Pieces {
    /// Shares sessions among the threads of this process. Without memory for threads there is one piece.
    fn of(sessions: usize) -> Self {
        let pool = (sessions >= LEAST_SHARED)
            .then(|| threads::pool().ok())
            .flatten();
        let threads = pool.as_ref().map_or(1, |pool| pool.current_num_threads());
        let size = sessions.div_ceil(threads.min(MOST_PIECES)).max(1);
        let starts = (0..sessions).step_by(size);
        Self {
            pool: pool.filter(|_| threads > 1),
            ranges: starts
                .map(|start| start..sessions.min(start + size))
                .collect(),
        }
    }
}

impl Catalog {
    /// Returns the words of all sessions; `None` if some segment's words are not compiled.
    pub fn texts(&self) -> Option<Texts<'_>> {
        let mut texts = Texts::default();
        for part in &self.parts {
            texts.push(part.segment.words.get()?, &part.removed);
        }
        Some(texts)
    }

    /// Returns the best `k` of sessions with points, by (score descending, position ascending).
    ///
    /// Returns `None` where the order is not provable: a score is NaN, or an int leaves the exact range. Sessions that
    /// cannot be among the best are not scored; their scores are numbers, or there is no [`Ceiling`].
    pub fn best_understood(
        &self,
        texts: &Texts<'_>,
        sessions: &[(u32, u32)],
        scorer: &Scorer,
        k: usize,
        narrow: Option<Narrow<'_>>,
    ) -> Option<Vec<Best>> {
        let admitted = narrow.map(|narrow| self.admitted_by_part(narrow));
        // The best `k` are chosen each time that as many again were collected.
        let most = k.saturating_mul(2).max(LEAST_COLLECTED);
        let ceiling = Ceiling::new(self, scorer).filter(|_| (1..sessions.len()).contains(&k));
        let mut best = Vec::with_capacity(sessions.len().min(most));
        let mut worst = f64::NEG_INFINITY;
        // Sessions with fewer points score less than the worst of the best.
        let mut open = 0;
        for &(number, points) in sessions {
            if points < open {
                continue;
            }
            let (part, local) = texts.place(number);
            if let Some(ceiling) = &ceiling {
                if ceiling.of_session(points, Place { part, local }) < worst {
                    if ceiling.of_points(points) < worst {
                        open = points.saturating_add(1);
                    }
                    continue;
                }
                if best.len() >= most {
                    worst = keep_best(&mut best, k);
                }
            }
            let admits = |parts: &Vec<Bitmap>| {
                let part = parts.get(part as usize);
                part.is_some_and(|admitted| admitted.contains(local))
            };
            if admitted.as_ref().is_none_or(admits) {
                best.push(self.scored(Place { part, local }, points, scorer)?);
            }
        }
        keep_best(&mut best, k);
        best.sort_unstable_by(by_score);
        Some(best)
    }

    /// Returns the admitted sessions that `matching` lacks, best first. They have no points.
    ///
    /// Returns `None` as [`Self::best_understood`] does.
    pub fn without_points(
        &self,
        matching: &[Best],
        scorer: &Scorer,
        narrow: Option<Narrow<'_>>,
    ) -> Option<Vec<Best>> {
        let places = matching.iter().map(|best| best.place);
        let held: HashSet<Place, FixedState> = places.collect();
        let all = narrow.map_or_else(|| self.places().collect(), |narrow| self.admitted(narrow));
        let rest = all.into_iter().filter(|place| !held.contains(place));
        let rest: Option<Vec<Best>> = rest.map(|place| self.scored(place, 0, scorer)).collect();
        let mut rest = rest?;
        rest.sort_unstable_by(by_score);
        Some(rest)
    }

    /// Returns a session with its score.
    pub(super) fn scored(&self, place: Place, points: u32, scorer: &Scorer) -> Option<Best> {
        let popularity = self.parts.get(place.part as usize)?;
        let popularity = &popularity.segment.popularity().by_position;
        let popularity = *popularity.get(place.local as usize)?;
        let matched = matched(points);
        let score = scorer.score_of(matched, popularity)?.as_f64();
        (!score.is_nan()).then_some(Best {
            place,
            matched,
            popularity,
            score,
        })
    }

    /// Returns for each of the ranked sessions the numbers of the interests that it counts for, in order.
    ///
    /// A session may match several interests, some of them in passing. It counts for the one that it is nearest to, and
    /// for several if they are equally near. The nearness is the session's points for an interest, divided by the most
    /// points that any session has for it.
    ///
    /// Measured on 8 profiles and on 160 random ones of `make relevance`: if a session counts for all that it matches, 83 %
    /// of the random profiles' interests have two good sessions among ten. With this rule, 93 % have, and with any
    /// share of the nearest from one half up, 94 %. But then a session that mentions an interest took a place of a good one.
    pub fn counts_for(
        &self,
        texts: &Texts<'_>,
        matches: &[Matches],
        ranked: &[Best],
    ) -> Vec<Vec<u32>> {
        let mut held: HashMap<u32, Vec<Nearness>, FixedState> = HashMap::default();
        for (interest, matches) in (0..).zip(matches) {
            let most = matches.sessions.iter().map(|&(_, points)| points).max();
            for &(number, points) in &matches.sessions {
                held.entry(number).or_default().push(Nearness {
                    interest,
                    points: points.into(),
                    most: most.unwrap_or(1).into(),
                });
            }
        }
        let counted = |best: &Best| {
            let number = texts.number(best.place.part, best.place.local);
            let all = number.and_then(|number| held.get(&number));
            let all = all.map_or(&[][..], Vec::as_slice);
            let counts = |one: &&Nearness| all.iter().all(|other| one.is_as_near(other));
            let counting = all.iter().filter(counts);
            counting.map(|nearness| nearness.interest).collect()
        };
        ranked.iter().map(counted).collect()
    }

    fn admitted_by_part(&self, narrow: Narrow<'_>) -> Vec<Bitmap> {
        let parts = (0..).zip(&self.parts);
        let bitmap = |(number, part): (u32, &super::Part)| {
            narrow
                .select(number, &part.segment)
                .to_bitmap(part.segment.len())
        };
        parts.map(bitmap).collect()
    }
}

/// How near a session is to an interest.
struct Nearness {
    interest: u32,
    /// The session's points.
    points: u64,
    /// The most points that a session has.
    most: u64,
}

impl Nearness {
    /// Returns true if it is at least as great as another one. Exact: points have at most 32 bits.
    fn is_as_near(&self, other: &Self) -> bool {
        self.points * other.most >= other.points * self.most
    }
}

/// Removes all but the best `k`, and returns the score of the worst of them.
fn keep_best(best: &mut Vec<Best>, k: usize) -> f64 {
    let mut worst = f64::NEG_INFINITY;
    if 0 < k && k < best.len() {
        let (_, last, _) = best.select_nth_unstable_by(k - 1, by_score);
        worst = last.score;
    }
    best.truncate(k);
    worst
}

/// Returns the order of an answer: the highest score first, then the first position.
fn by_score(a: &Best, b: &Best) -> core::cmp::Ordering {
    let scores = b.score.partial_cmp(&a.score);
    let scores = scores.unwrap_or(core::cmp::Ordering::Equal);
    scores.then(a.place.cmp(&b.place))
}
