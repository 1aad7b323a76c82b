//! Some sessions of a catalogue, compiled once and shared by every catalogue that holds them.

use rayon::ThreadPool;

use super::directory::{Directory, DirectoryBuilder};
use super::error::Error;
use super::facet::{FacetBuilder, Facets};
use super::filter::Lookup;
use super::index::{Index, Sessions, TagId};
use super::json::{Loaded, SessionText};
use super::moment::Span;
use super::score::Number;
use super::text::with_lowered;
use super::vocabulary::Vocabulary;

/// Compiled sessions, by position within the segment.
#[derive(Debug)]
pub struct Segment {
    /// Finds the best.
    pub index: Index,
    /// The tags.
    pub vocabulary: Vocabulary,
    /// By lowered title.
    pub titles: Directory,
    /// The first session whose title is missing or no string: a search for a title ends there.
    pub untitled: Option<u32>,
    /// By id: a string as it is, anything else as JSON.
    pub ids: Directory,
    /// When and where sessions are.
    pub facets: Facets,
    /// The sessions themselves, where the engine holds them.
    pub text: Option<SessionText>,
}

impl Segment {
    /// The number of sessions.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The memory it holds, in bytes.
    pub fn nbytes(&self) -> usize {
        self.index.nbytes()
            + self.vocabulary.nbytes()
            + self.titles.nbytes()
            + self.ids.nbytes()
            + self.facets.nbytes()
            + self.text.as_ref().map_or(0, SessionText::nbytes)
    }
}

impl Segment {
    /// Compiles what was loaded; the locations that are not ASCII are lowered by the caller.
    ///
    /// # Errors
    ///
    /// More sessions, tags or place names than 32 bits can number.
    pub fn from_loaded(
        loaded: Loaded,
        lower: &dyn Fn(&str) -> Vec<u8>,
        pool: &ThreadPool,
    ) -> Result<Self, Error> {
        let index = pool.install(|| Index::build(&loaded.sessions(), loaded.vocabulary.len()))?;
        let facets = facets(&loaded, lower)?;
        Ok(Self {
            index,
            vocabulary: loaded.vocabulary,
            titles: Directory::from_sorted(loaded.titles.into()),
            untitled: None,
            ids: Directory::from_sorted(loaded.ids.into()),
            facets,
            text: Some(loaded.text),
        })
    }
}

fn facets(loaded: &Loaded, lower: &dyn Fn(&str) -> Vec<u8>) -> Result<Facets, Error> {
    let mut builder = FacetBuilder::with_capacity(loaded.len());
    for (position, spans) in loaded.spans.iter().enumerate() {
        let view = loaded.text.get(position);
        let member = |offset: Option<u32>| view?.value_at(offset?)?.as_str();
        let (start, end) = (member(spans.start()), member(spans.end()));
        let span = Span::parse(start.as_deref().unwrap_or_default(), end.as_deref().unwrap_or_default());
        match member(spans.location()) {
            None => builder.push(span, None)?,
            Some(place) if place.is_ascii() => with_lowered(&place, |place| builder.push(span, Some(place)))?,
            Some(place) => builder.push(span, Some(&lower(&String::from_utf8_lossy(&place))))?,
        }
    }
    Ok(builder.finish())
}

impl Lookup for Segment {
    fn visit_tag(&self, tag: &[u8], visit: &mut dyn FnMut(u32)) {
        if let Some(tag) = self.vocabulary.get(tag) {
            self.index.visit(tag, visit);
        }
    }

    /// Ids are found by their hash: two ids of one hash in 2³² would be taken for the same.
    fn visit_id(&self, id: &[u8], visit: &mut dyn FnMut(u32)) {
        self.ids.candidates(id).for_each(visit);
    }
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

    /// Adds a tag, lowered, of the session that the next [`Self::push`] closes; `None` when it holds too many.
    pub fn push_tag(&mut self, lowered: &[u8]) -> Option<()> {
        let tag = self.vocabulary.intern(lowered)?;
        self.tags.push(tag);
        Some(())
    }

    /// Takes back the tags pushed for the session that is not closed yet.
    pub fn clear_tags(&mut self) {
        let start = self.offsets.last().copied().unwrap_or_default();
        self.tags.truncate(start as usize);
    }

    /// Notes the lowered title of the session, or that it has none that a search could read.
    pub fn push_title(&mut self, lowered: Option<&[u8]>) {
        let position = self.position();
        match lowered {
            Some(lowered) => self.titles.push(position, lowered),
            None => self.untitled = self.untitled.or(Some(position)),
        }
    }

    /// Notes the id of the session.
    pub fn push_id(&mut self, id: &[u8]) {
        self.ids.push(self.position(), id);
    }

    /// Closes the session.
    ///
    /// # Errors
    ///
    /// More tags or place names than 32 bits can number.
    pub fn push(&mut self, popularity: Number, span: Span, place: Option<&[u8]>) -> Result<(), Error> {
        const LIMIT: usize = u32::MAX as usize;
        let end = u32::try_from(self.tags.len());
        let end = end.map_err(|_| Error::too_large("tags", self.tags.len(), LIMIT))?;
        self.facets.push(span, place)?;
        self.offsets.push(end);
        self.popularity.push(popularity);
        Ok(())
    }

    /// Compiles what was collected.
    ///
    /// # Errors
    ///
    /// More sessions than the index can number.
    pub fn finish(self) -> Result<Segment, Error> {
        let sessions = Sessions {
            popularity: &self.popularity,
            offsets: &self.offsets,
            tags: &self.tags,
        };
        let index = Index::build(&sessions, self.vocabulary.len())?;
        Ok(Segment {
            index,
            vocabulary: self.vocabulary,
            titles: self.titles.finish(),
            untitled: self.untitled,
            ids: self.ids.finish(),
            facets: self.facets.finish(),
            text: None,
        })
    }
}
