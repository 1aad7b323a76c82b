//! Filters: conditions that narrow from which sessions of a catalogue a query may choose. A filter changes no score.
//!
//! A [`Filter`] holds the conditions as text. [`Filter::select`] compiles it for one set of facets into a
//! [`Selection`], which tests a session in O(1). Compiling tests each different time and place once, not each session.
//! It costs O(p + t + n/64 for tags or ids) for p places and t postings of the named tags.
//!
//! Tried and dropped: a bitmap of all sessions by default. It costs 60 ms for ten million sessions, while a query that
//! finds its answer among the first thousand sessions tests only these. [`Selection::to_bitmap`] makes the bitmap for
//! queries that test more.

use super::facet::Facets;
use super::window::Window;
use crate::engine::ranking::bitmap::Bitmap;

/// Finds sessions by tag and by id.
pub trait Lookup {
    /// Calls `visit` with the position of each session that has a lowered tag. Positions may be repeated.
    fn visit_tag(&self, tag: &[u8], visit: &mut dyn FnMut(u32));

    /// Calls `visit` with the position of each session that has an id.
    fn visit_id(&self, id: &[u8], visit: &mut dyn FnMut(u32));
}

/// The conditions that a session must meet. The default admits every session.
///
/// Names of places and tags must be lowered, as in the catalogue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// The session lies in this window.
    pub window: Option<Window>,
    /// The session is at one of these places. An empty list admits no session.
    pub places: Option<Vec<Vec<u8>>>,
    /// The session has all of these tags.
    pub all_tags: Vec<Vec<u8>>,
    /// The session has at least one of these tags. An empty list admits no session.
    pub any_tags: Option<Vec<Vec<u8>>>,
    /// The session has none of these tags.
    pub no_tags: Vec<Vec<u8>>,
    /// The id of the session is none of these.
    pub excluded: Vec<Vec<u8>>,
}

impl Filter {
    /// Returns true if the filter admits every session of every catalogue.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Compiles the filter for the sessions of `facets`. `lookup` must use the same positions.
    pub fn select<'a>(&self, facets: &'a Facets, lookup: &impl Lookup) -> Selection<'a> {
        if self.is_empty() {
            return Selection::Everything;
        }
        match self.compiled(facets, lookup) {
            Err(NothingPasses) => Selection::Nothing,
            Ok(CompiledFilter {
                when: When::Any,
                places: None,
                refused: None,
                ..
            }) => Selection::Everything,
            Ok(compiled) => Selection::Some(compiled),
        }
    }

    fn compiled<'a>(
        &self,
        facets: &'a Facets,
        lookup: &impl Lookup,
    ) -> Result<CompiledFilter<'a>, NothingPasses> {
        Ok(CompiledFilter {
            facets,
            when: self.when(facets)?,
            places: self
                .places
                .as_deref()
                .map(|names| at(names, facets))
                .transpose()?,
            refused: self.refused(facets.len(), lookup)?,
        })
    }

    fn when(&self, facets: &Facets) -> Result<When, NothingPasses> {
        let Some(window) = self.window else {
            return Ok(When::Any);
        };
        if facets.spans.len() > When::MOST_SLOTS {
            return Ok(When::Window(window));
        }
        let slots = Bitmap::from_fn(facets.spans.len(), |slot| {
            facets
                .spans
                .get(slot)
                .is_some_and(|&span| window.admits(span))
        });
        match slots.count() {
            0 => Err(NothingPasses),
            all if all == slots.len() => Ok(When::Any),
            _ => Ok(When::Slots(slots)),
        }
    }

    fn refused(&self, len: usize, lookup: &impl Lookup) -> Result<Option<Bitmap>, NothingPasses> {
        let tagged = |tags: &[Vec<u8>]| {
            let mut having = Bitmap::new(len);
            for tag in tags {
                lookup.visit_tag(tag, &mut |position| having.insert(position));
            }
            having
        };
        let mut wanted = self.any_tags.as_deref().map(tagged);
        for tag in &self.all_tags {
            let having = tagged(core::slice::from_ref(tag));
            match &mut wanted {
                Some(wanted) => wanted.intersect(&having),
                None => wanted = Some(having),
            }
        }
        let mut refused = match wanted {
            Some(wanted) if wanted.count() == 0 => return Err(NothingPasses),
            Some(mut wanted) => {
                wanted.invert();
                wanted
            }
            None if self.no_tags.is_empty() && self.excluded.is_empty() => return Ok(None),
            None => Bitmap::new(len),
        };
        for tag in &self.no_tags {
            lookup.visit_tag(tag, &mut |position| refused.insert(position));
        }
        for id in &self.excluded {
            lookup.visit_id(id, &mut |position| refused.insert(position));
        }
        Ok(Some(refused))
    }
}

/// Stops compiling, because no session can pass.
struct NothingPasses;

/// Returns the numbers of the places with these names.
fn at(names: &[Vec<u8>], facets: &Facets) -> Result<Bitmap, NothingPasses> {
    let mut places = Bitmap::new(facets.place_count());
    let mut found = Err(NothingPasses);
    for place in names.iter().filter_map(|name| facets.find_place(name)) {
        places.insert(place);
        found = Ok(());
    }
    found.map(|()| places)
}

/// The sessions of one catalogue that a filter admits.
#[derive(Clone, Debug)]
pub enum Selection<'a> {
    /// All sessions.
    Everything,
    /// No session.
    Nothing,
    /// The sessions that pass these tests. They may be none or all.
    Some(CompiledFilter<'a>),
}

impl Selection<'_> {
    /// Returns true if the session at a position is admitted.
    #[inline]
    pub fn admits(&self, position: u32) -> bool {
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::Some(compiled) => compiled.admits(position),
        }
    }

    /// Returns the admitted positions below `len`, in O(len).
    pub fn to_bitmap(&self, len: usize) -> Bitmap {
        match self {
            Self::Everything => Bitmap::from_fn(len, |_| true),
            Self::Nothing => Bitmap::new(len),
            Self::Some(compiled) => {
                Bitmap::from_fn(len, |position| compiled.admits(position as u32))
            }
        }
    }
}

/// The tests of a compiled filter.
#[derive(Clone, Debug)]
pub struct CompiledFilter<'a> {
    facets: &'a Facets,
    when: When,
    /// By number of place: true if the place is admitted.
    places: Option<Bitmap>,
    /// By position: true if the session has wrong tags or is excluded.
    refused: Option<Bitmap>,
}

impl CompiledFilter<'_> {
    /// Returns true if the session at a position passes.
    #[inline]
    pub fn admits(&self, position: u32) -> bool {
        if self
            .refused
            .as_ref()
            .is_some_and(|refused| refused.contains(position))
        {
            return false;
        }
        let in_time = match &self.when {
            When::Any => true,
            When::Slots(slots) => {
                let slot = self.facets.slots.get(position as usize);
                slot.is_some_and(|&slot| slots.contains(slot))
            }
            When::Window(window) => window.admits(self.facets.span(position)),
        };
        in_time
            && self.places.as_ref().is_none_or(|places| {
                let place = self.facets.place(position);
                place.is_some_and(|place| places.contains(place))
            })
    }
}

/// How the time of a session is tested.
#[derive(Clone, Debug)]
enum When {
    Any,
    /// By number of span: true if the span is admitted.
    Slots(Bitmap),
    /// There are too many different spans to test all of them beforehand.
    Window(Window),
}

impl When {
    /// The number of spans that are tested in about 10 µs.
    const MOST_SLOTS: usize = 4096;
}
