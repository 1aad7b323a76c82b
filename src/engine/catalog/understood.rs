//! Ranks the sessions of a catalogue by the points of interests that were understood.
//!
//! The words of a segment are compiled when they are first needed, or when the caller asks for it, and they are kept
//! with the segment. So a catalogue with a few other sessions compiles the words of those only.

use super::segment::Segment;
use super::{Catalog, Narrow, Place};
use crate::engine::error::Error;
use crate::engine::json::{SessionText, SessionView, ValueView};
use crate::engine::ranking::bitmap::Bitmap;
use crate::engine::ranking::score::{Number, Scorer};
use crate::engine::understanding::{Field, POINT, TextBuilder, TextIndex, Texts};

/// One session of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Understood {
    /// Where it is.
    pub place: Place,
    /// Its match: the sum of its points, in tags of the exact functions.
    pub matched: Number,
    /// Its popularity.
    pub popularity: Number,
    /// Its score.
    pub score: f64,
}

/// The match that points stand for.
pub fn matched(points: u32) -> Number {
    // Exact: a number of at most 32 bits over a power of two.
    Number::Float(f64::from(points) / f64::from(POINT))
}

/// The names of a session's members that hold the text of a field: the first that it has counts.
pub fn members(field: Field) -> &'static [&'static str] {
    match field {
        Field::Abstract => &["abstract", "description"],
        Field::Tags => &["tags"],
        Field::Title => &["title"],
        Field::Track => &["track"],
        Field::Speakers => &["speakers"],
    }
}

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

    /// The popularity of a session.
    fn popularity(&self, local: u32) -> Option<Number> {
        let by_position = self
            .popularity
            .get_or_init(|| self.index.popularity_by_position());
        by_position.get(local as usize).copied()
    }
}

fn words(text: &SessionText) -> Result<TextIndex, Error> {
    let fields = Field::ALL.map(|field| {
        let members = members(field).iter().map(|name| text.member(name));
        (field, members.collect::<Vec<_>>())
    });
    let mut builder = TextBuilder::default();
    for position in 0..text.len() {
        if let Some(view) = text.get(position) {
            for (field, members) in &fields {
                let held = members
                    .iter()
                    .find_map(|member| SessionView::get(&view, member));
                if let Some(value) = held {
                    push(&mut builder, *field, &value);
                }
            }
        }
        builder.finish_session()?;
    }
    builder.finish()
}

fn push(builder: &mut TextBuilder, field: Field, value: &ValueView<'_>) {
    match value.as_str() {
        Some(text) => builder.push(field, &String::from_utf8_lossy(&text)),
        None => value
            .strings()
            .for_each(|text| builder.push(field, &String::from_utf8_lossy(&text))),
    }
}

impl Catalog {
    /// The words of all sessions; `None` if some segment's words are not compiled.
    pub fn texts(&self) -> Option<Texts<'_>> {
        let mut texts = Texts::default();
        for part in &self.parts {
            texts.push(part.segment.words.get()?, &part.removed);
        }
        Some(texts)
    }

    /// The best `k` of sessions with points, by (score descending, position ascending).
    ///
    /// `None` where the order is not provable: a score is NaN, or an int leaves the exact range.
    pub fn best_understood(
        &self,
        texts: &Texts<'_>,
        sessions: &[(u32, u32)],
        scorer: &Scorer,
        k: usize,
        narrow: Option<Narrow<'_>>,
    ) -> Option<Vec<Understood>> {
        let admitted = narrow.map(|narrow| self.admitted_by_part(narrow));
        let mut best = Vec::with_capacity(sessions.len());
        for &(number, points) in sessions {
            let (part, local) = texts.place(number);
            let place = Place { part, local };
            let admits = |parts: &Vec<Bitmap>| {
                let part = parts.get(part as usize);
                part.is_some_and(|admitted| admitted.contains(local))
            };
            if !admitted.as_ref().is_none_or(admits) {
                continue;
            }
            let popularity = self.parts.get(part as usize)?.segment.popularity(local)?;
            let matched = matched(points);
            let parts = scorer.contributions_of(matched, popularity)?;
            let score = scorer.total(&parts).as_f64();
            if score.is_nan() {
                return None;
            }
            best.push(Understood {
                place,
                matched,
                popularity,
                score,
            });
        }
        let order = |a: &Understood, b: &Understood| {
            let by_score = b.score.partial_cmp(&a.score);
            let by_score = by_score.unwrap_or(core::cmp::Ordering::Equal);
            by_score.then(a.place.cmp(&b.place))
        };
        if k == 0 {
            best.clear();
        } else if k < best.len() {
            best.select_nth_unstable_by(k - 1, order);
            best.truncate(k);
        }
        best.sort_unstable_by(order);
        Some(best)
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
