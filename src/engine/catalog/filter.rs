//! Filters: which sessions of a catalogue a query may choose from. None changes a score.
//!
//! A [`Filter`] says what is wanted, in words; [`Filter::select`] compiles it for one set of facets into a
//! [`Selection`] that answers for a session in O(1). Compiling costs O(p + t + n/64 for tags or ids) for p places and t
//! postings of the named tags: times and places are settled once for each different one, not for each session.
//!
//! Not kept: a bitmap of all sessions by default. Ten million sessions cost it 60 ms, where a query that finds what it
//! wants among the first thousand tests a thousand; [`Selection::to_bitmap`] is there for queries that do not.

use super::facet::Facets;
use super::window::Window;
use crate::engine::ranking::bitmap::Bitmap;

/// Finds sessions by tag and by id.
pub trait Lookup {
    /// Calls `visit` with the position of every session that has a tag, given lowered; more than once is allowed.
    fn visit_tag(&self, tag: &[u8], visit: &mut dyn FnMut(u32));

    /// Calls `visit` with the position of every session that has an id.
    fn visit_id(&self, id: &[u8], visit: &mut dyn FnMut(u32));
}

/// What a session must be to be chosen; the default admits every session.
///
/// Names and tags are bytes in the form in which the catalogue holds them: lowered, if it lowers them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// It lies in this window.
    pub window: Option<Window>,
    /// It is at one of these places; at none of an empty list.
    pub places: Option<Vec<Vec<u8>>>,
    /// It has all of these tags.
    pub all_tags: Vec<Vec<u8>>,
    /// It has one of these tags; none of an empty list.
    pub any_tags: Option<Vec<Vec<u8>>>,
    /// It has none of these tags.
    pub no_tags: Vec<Vec<u8>>,
    /// Its id is none of these.
    pub excluded: Vec<Vec<u8>>,
}

impl Filter {
    /// Whether it admits every session of every catalogue.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Compiles the filter for the sessions of `facets`, which `lookup` knows by the same positions.
    pub fn select<'a>(&self, facets: &'a Facets, lookup: &impl Lookup) -> Selection<'a> {
        if self.is_empty() {
            return Selection::Everything;
        }
        match self.sieve(facets, lookup) {
            Err(Nobody) => Selection::Nothing,
            Ok(Sieve {
                when: When::Any,
                places: None,
                barred: None,
                ..
            }) => Selection::Everything,
            Ok(sieve) => Selection::Some(sieve),
        }
    }

    fn sieve<'a>(&self, facets: &'a Facets, lookup: &impl Lookup) -> Result<Sieve<'a>, Nobody> {
        Ok(Sieve {
            facets,
            when: self.when(facets)?,
            places: self
                .places
                .as_deref()
                .map(|names| at(names, facets))
                .transpose()?,
            barred: self.barred(facets.len(), lookup)?,
        })
    }

    fn when(&self, facets: &Facets) -> Result<When, Nobody> {
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
            0 => Err(Nobody),
            all if all == slots.len() => Ok(When::Any),
            _ => Ok(When::Slots(slots)),
        }
    }

    fn barred(&self, len: usize, lookup: &impl Lookup) -> Result<Option<Bitmap>, Nobody> {
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
        let mut barred = match wanted {
            Some(wanted) if wanted.count() == 0 => return Err(Nobody),
            Some(mut wanted) => {
                wanted.invert();
                wanted
            }
            None if self.no_tags.is_empty() && self.excluded.is_empty() => return Ok(None),
            None => Bitmap::new(len),
        };
        for tag in &self.no_tags {
            lookup.visit_tag(tag, &mut |position| barred.insert(position));
        }
        for id in &self.excluded {
            lookup.visit_id(id, &mut |position| barred.insert(position));
        }
        Ok(Some(barred))
    }
}

/// Why compiling stops: no session passes.
struct Nobody;

/// The numbers of the places of these names.
fn at(names: &[Vec<u8>], facets: &Facets) -> Result<Bitmap, Nobody> {
    let mut places = Bitmap::new(facets.place_count());
    let mut found = Err(Nobody);
    for place in names.iter().filter_map(|name| facets.find_place(name)) {
        places.insert(place);
        found = Ok(());
    }
    found.map(|()| places)
}

/// The sessions that a filter leaves of one catalogue.
#[derive(Clone, Debug)]
pub enum Selection<'a> {
    /// All.
    Everything,
    /// None.
    Nothing,
    /// Those that pass; it may be that none or all do.
    Some(Sieve<'a>),
}

impl Selection<'_> {
    /// Whether the session at a position may be chosen.
    #[inline]
    pub fn admits(&self, position: u32) -> bool {
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::Some(sieve) => sieve.admits(position),
        }
    }

    /// The positions below `len` that may be chosen, in O(len).
    pub fn to_bitmap(&self, len: usize) -> Bitmap {
        match self {
            Self::Everything => Bitmap::from_fn(len, |_| true),
            Self::Nothing => Bitmap::new(len),
            Self::Some(sieve) => Bitmap::from_fn(len, |position| sieve.admits(position as u32)),
        }
    }
}

/// A compiled filter that has something to test.
#[derive(Clone, Debug)]
pub struct Sieve<'a> {
    facets: &'a Facets,
    when: When,
    /// By number of place.
    places: Option<Bitmap>,
    /// By position: wrong tags, or excluded.
    barred: Option<Bitmap>,
}

impl Sieve<'_> {
    /// Whether the session at a position passes.
    #[inline]
    pub fn admits(&self, position: u32) -> bool {
        if self
            .barred
            .as_ref()
            .is_some_and(|barred| barred.contains(position))
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

/// How a session's time is tested.
#[derive(Clone, Debug)]
enum When {
    Any,
    /// By number of span.
    Slots(Bitmap),
    /// There are too many different spans to settle before anybody asks.
    Window(Window),
}

impl When {
    /// So many spans are settled in about 10 µs.
    const MOST_SLOTS: usize = 4096;
}
