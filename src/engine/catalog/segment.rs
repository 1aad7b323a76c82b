//! A segment: sessions that were compiled together. Catalogues that hold the same sessions share their segments.

use std::borrow::Cow;

use std::sync::OnceLock;

use rayon::ThreadPool;

use super::ceiling::Popularity;
use super::directory::{Directory, DirectoryBuilder, hash};
use super::facet::{FacetBuilder, Facets};
use super::lexicon::Lexicon;
use super::vocabulary::Vocabulary;
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};
use crate::engine::json::{Loaded, Member, SessionText};
use crate::engine::ranking::index::{Index, Sessions, TagId};
use crate::engine::ranking::score::Number;
use crate::engine::text::with_lowered;
use crate::engine::time::Span;
use crate::engine::understanding::TextIndex;

/// Compiled sessions, by position within the segment.
#[derive(Debug)]
pub struct Segment {
    /// The index, which finds the best sessions.
    pub index: Index,
    /// The lowered tags.
    pub vocabulary: Lexicon,
    /// Finds sessions by lowered title.
    pub titles: Directory,
    /// The first session whose title is missing or not a string. A search for a title ends there.
    pub untitled: Option<u32>,
    /// Finds sessions by id: a string as it is, any other value as JSON.
    pub ids: Directory,
    /// The times and places of the sessions.
    pub facets: Facets,
    /// The text of the sessions, if the engine holds it.
    pub text: Option<SessionText>,
    /// The words of the sessions, once they are compiled.
    pub words: OnceLock<TextIndex>,
    /// By position, once it is needed.
    pub(super) popularity: OnceLock<Popularity>,
}

impl Segment {
    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns true if there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Returns the memory used, in bytes.
    pub fn nbytes(&self) -> usize {
        self.index.nbytes()
            + self.vocabulary.nbytes()
            + self.titles.nbytes()
            + self.ids.nbytes()
            + self.facets.nbytes()
            + self.text.as_ref().map_or(0, SessionText::nbytes)
            + self.words.get().map_or(0, TextIndex::nbytes)
            + self.popularity.get().map_or(0, Popularity::nbytes)
    }
}

/// Returns a hash that is stored in each file. It reveals a file of a build with another hash function.
fn hashing() -> u32 {
    hash(b"eventkit")
}

impl Segment {
    /// The stored value that means that every title is a string.
    const TITLED: u64 = u64::MAX;

    /// Writes the segment.
    ///
    /// # Errors
    ///
    /// Fails as [`Writer::column`] does.
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.value("hashing", hashing())?;
        self.index.save(&mut writer.under("index"))?;
        self.vocabulary.save(&mut writer.under("tags"))?;
        self.titles.save(writer, "titles")?;
        writer.value("untitled", self.untitled.map_or(Self::TITLED, u64::from))?;
        self.ids.save(writer, "ids")?;
        self.facets.save(&mut writer.under("facets"))?;
        if let Some(text) = &self.text {
            text.save(&mut writer.under("text"))?;
        }
        match self.words.get() {
            Some(words) => words.save(&mut writer.under("words")),
            None => Ok(()),
        }
    }

    /// Opens what [`Segment::save`] wrote, in O(sections + tags). Sessions are read when they are used.
    ///
    /// Using the segment neither panics nor loops, even if the file is damaged.
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::column`] does, and if the parts contradict each other.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        let text = reader.under("text");
        let untitled = match reader.value("untitled")? {
            Self::TITLED => None,
            position => Some(u32::try_from(position).unwrap_or(u32::MAX)),
        };
        let segment = Self {
            index: Index::open(&reader.under("index"))?,
            vocabulary: Lexicon::open(&reader.under("tags"))?,
            titles: Directory::open(reader, "titles")?,
            untitled,
            ids: Directory::open(reader, "ids")?,
            facets: Facets::open(&reader.under("facets"))?,
            text: text
                .contains("ends")
                .then(|| SessionText::open(&text))
                .transpose()?,
            words: OnceLock::new(),
            popularity: OnceLock::new(),
        };
        let words = reader.under("words");
        if words.contains("len") {
            let _ = segment.words.set(TextIndex::open(&words)?);
        }
        if reader.value::<u32>("hashing")? != hashing() {
            return Err(reader.refuse("written by a build with another hash function"));
        }
        if !segment.fits() {
            return Err(reader.refuse("its parts belong to different catalogues"));
        }
        Ok(segment)
    }

    /// Returns true if all parts have the same number of sessions and tags.
    fn fits(&self) -> bool {
        let len = self.len();
        self.index.tag_count() == self.vocabulary.len()
            && self.facets.len() == len
            && self.titles.places().len() <= len
            && self.ids.places().len() <= len
            && self
                .untitled
                .is_none_or(|position| (position as usize) < len)
            && self.text.as_ref().is_none_or(|text| text.len() == len)
            && self.words.get().is_none_or(|words| words.len() == len)
    }

    /// Compiles loaded sessions. The caller lowers the locations that are not ASCII.
    ///
    /// # Errors
    ///
    /// Fails if there are more sessions, tags or place names than 32 bits can number.
    pub fn from_loaded(
        loaded: Loaded,
        lower: &dyn Fn(&str) -> Vec<u8>,
        pool: &ThreadPool,
    ) -> Result<Self, Error> {
        let index = pool.install(|| Index::build(&loaded.sessions(), loaded.vocabulary.len()))?;
        let facets = facets(&loaded, lower)?;
        Ok(Self {
            index,
            vocabulary: loaded.vocabulary.into(),
            titles: Directory::from_sorted(loaded.titles.into()),
            untitled: None,
            ids: Directory::from_sorted(loaded.ids.into()),
            facets,
            text: Some(loaded.text),
            words: OnceLock::new(),
            popularity: OnceLock::new(),
        })
    }
}

fn facets(loaded: &Loaded, lower: &dyn Fn(&str) -> Vec<u8>) -> Result<Facets, Error> {
    let mut builder = FacetBuilder::with_capacity(loaded.len());
    // Full times beside those of the schema, in a programme that was read from a feed.
    let dated = loaded
        .text
        .known("start_at")
        .map(|start| (start, loaded.text.member("end_at")));
    for (position, spans) in loaded.spans.iter().enumerate() {
        let view = loaded.text.get(position);
        let member = |offset: Option<u32>| view?.value_at(offset?)?.as_str();
        let parse = |start: Option<Cow<'_, [u8]>>, end: Option<Cow<'_, [u8]>>| {
            Span::parse(
                start.as_deref().unwrap_or_default(),
                end.as_deref().unwrap_or_default(),
            )
        };
        let named = |name: &Member| view?.get(name)?.as_str();
        let full = dated.as_ref().map_or(Span::default(), |(start, end)| {
            parse(named(start), named(end))
        });
        let span = match full.start.scale() {
            Some(_) => full,
            None => parse(member(spans.start()), member(spans.end())),
        };
        match member(spans.location()) {
            None => builder.push(span, None)?,
            Some(place) if place.is_ascii() => {
                with_lowered(&place, |place| builder.push(span, Some(place)))?;
            }
            Some(place) => builder.push(span, Some(&lower(&String::from_utf8_lossy(&place))))?,
        }
    }
    Ok(builder.finish())
}

/// Collects the sessions of a segment in order.
#[derive(Debug)]
pub struct SegmentBuilder {
    popularity: Vec<Number>,
    offsets: Vec<u32>,
    tags: Vec<TagId>,
    vocabulary: Vocabulary,
    titles: DirectoryBuilder,
    untitled: Option<u32>,
    ids: DirectoryBuilder,
    facets: FacetBuilder,
}

impl Default for SegmentBuilder {
    fn default() -> Self {
        Self {
            popularity: Vec::new(),
            offsets: vec![0],
            tags: Vec::new(),
            vocabulary: Vocabulary::default(),
            titles: DirectoryBuilder::default(),
            untitled: None,
            ids: DirectoryBuilder::default(),
            facets: FacetBuilder::default(),
        }
    }
}

impl SegmentBuilder {
    fn position(&self) -> u32 {
        self.popularity.len() as u32
    }

    /// Adds a lowered tag to the session that the next [`Self::push`] ends. Returns `None` if there are too many tags.
    pub fn push_tag(&mut self, lowered: &[u8]) -> Option<()> {
        let tag = self.vocabulary.intern(lowered)?;
        self.tags.push(tag);
        Some(())
    }

    /// Removes the tags of the session that is not ended yet.
    pub fn clear_tags(&mut self) {
        let start = self.offsets.last().copied().unwrap_or_default();
        self.tags.truncate(start as usize);
    }

    /// Adds the lowered title of the session, or `None` if it has no title that a search could read.
    pub fn push_title(&mut self, lowered: Option<&[u8]>) {
        let position = self.position();
        match lowered {
            Some(lowered) => self.titles.push(position, lowered),
            None => self.untitled = self.untitled.or(Some(position)),
        }
    }

    /// Adds the id of the session.
    pub fn push_id(&mut self, id: &[u8]) {
        self.ids.push(self.position(), id);
    }

    /// Ends the session.
    ///
    /// # Errors
    ///
    /// Fails if there are more tags or place names than 32 bits can number.
    pub fn push(
        &mut self,
        popularity: Number,
        span: Span,
        place: Option<&[u8]>,
    ) -> Result<(), Error> {
        const LIMIT: usize = u32::MAX as usize;
        let end = u32::try_from(self.tags.len());
        let end = end.map_err(|_| Error::too_large("tags", self.tags.len(), LIMIT))?;
        self.facets.push(span, place)?;
        self.offsets.push(end);
        self.popularity.push(popularity);
        Ok(())
    }

    /// Compiles the sessions that were added.
    ///
    /// # Errors
    ///
    /// Fails if there are more sessions than the index can number.
    pub fn finish(self) -> Result<Segment, Error> {
        let sessions = Sessions {
            popularity: &self.popularity,
            offsets: &self.offsets,
            tags: &self.tags,
        };
        let index = Index::build(&sessions, self.vocabulary.len())?;
        Ok(Segment {
            index,
            vocabulary: self.vocabulary.into(),
            titles: self.titles.finish(),
            untitled: self.untitled,
            ids: self.ids.finish(),
            facets: self.facets.finish(),
            text: None,
            words: OnceLock::new(),
            popularity: OnceLock::new(),
        })
    }
}
