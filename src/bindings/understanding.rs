//! Reads the words of a catalogue's sessions, and answers queries that are understood instead of compared.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::answer::{self, Chosen};
use super::catalog_data::CatalogData;
use super::errors::{Answer, OrDecline, no_memory, room, unwind};
use super::filter::Filter;
use super::input;
use super::intern::intern;
use super::object;
use super::search::{CatalogBase, UNREADABLE, settled};
use crate::engine::catalog::understood::{matched, members};
use crate::engine::catalog::{Catalog, Place};
use crate::engine::understanding::matching::total;
use crate::engine::understanding::words::words_of;
use crate::engine::understanding::{
    Aliases, Field, Fields, How, Interest, Level, Matches, POINT, Term, TextBuilder, TextIndex,
    Texts,
};

/// What is said where the engine cannot score a session or an argument exactly.
const UNPROVEN: &str = "understanding needs sessions that are dicts with a title, a popularity that is a float or an \
                        int of at most 52 bits, and weights of these types";

/// How interests are read: aliases, the fields that count, and whether prefixes and misspellings are tried.
#[pyclass(frozen, name = "Reading", module = "eventkit._eventkit")]
pub(super) struct Reading {
    aliases: Aliases,
    fields: Fields,
    fuzzy: bool,
}

#[pymethods]
impl Reading {
    #[new]
    #[allow(clippy::needless_pass_by_value)] // Arguments of Python are extracted.
    fn new(
        same: Vec<(String, String)>,
        narrower: Vec<(Vec<String>, Vec<String>)>,
        fields: Vec<String>,
        fuzzy: bool,
    ) -> PyResult<Self> {
        let mut aliases = Aliases::default();
        for (one, other) in &same {
            aliases.push_same(one, other);
        }
        for (heads, terms) in &narrower {
            for head in heads {
                for term in terms {
                    aliases.push_narrower(head, term);
                }
            }
        }
        let field = |name: &String| {
            let field = Field::ALL.into_iter().find(|field| field.name() == name);
            let names = Field::ALL.map(Field::name).join(", ");
            field.ok_or_else(|| {
                PyValueError::new_err(format!("fields holds {name:?}, expected some of {names}"))
            })
        };
        let fields: PyResult<Vec<Field>> = fields.iter().map(field).collect();
        Ok(Self {
            aliases,
            fields: Fields::of(fields?),
            fuzzy,
        })
    }
}

impl CatalogData {
    /// Compiles the words of the segments that have none yet.
    pub(super) fn compile_words(&self, py: Python<'_>) -> PyResult<()> {
        for (number, segment) in (0..).zip(self.catalog.segments()) {
            if segment.words.get().is_some() {
                continue;
            }
            let refused =
                |error: crate::engine::error::Error| PyValueError::new_err(error.to_string());
            if segment.text.is_some() {
                let compiled = py.detach(|| unwind(|| segment.compile_words()))?;
                compiled.map_err(refused)?;
            } else {
                let words = settled(unwind(|| self.words_of_objects(py, number)), UNREADABLE)?;
                let _ = segment.words.set(words);
            }
        }
        Ok(())
    }

    fn words_of_objects(&self, py: Python<'_>, part: u32) -> Answer<TextIndex> {
        let mut builder = TextBuilder::default();
        let refused = |error: crate::engine::error::Error| no_memory(&error);
        for session in self.sessions_of(py, part) {
            room("the words", 0)?;
            push_session(&mut builder, &session)?;
            builder.finish_session().map_err(refused)?;
        }
        Ok(builder.finish().map_err(refused)?)
    }
}

/// Adds the texts of a session. A value of another type is left out.
fn push_session(builder: &mut TextBuilder, session: &Bound<'_, PyAny>) -> Answer<()> {
    let py = session.py();
    for field in Field::ALL {
        for name in members(field) {
            let name = PyString::intern(py, name);
            let value = match session.cast_exact::<PyDict>() {
                Ok(plain) => plain.get_item(name)?,
                Err(_) => session.call_method1(intern!(py, "get"), (name,)).ok(),
            };
            if let Some(value) = value.filter(|value| !value.is_none()) {
                push_value(builder, field, &value, 0)?;
                break;
            }
        }
    }
    Ok(())
}

fn push_value(
    builder: &mut TextBuilder,
    field: Field,
    value: &Bound<'_, PyAny>,
    depth: usize,
) -> Answer<()> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return input::with_bytes(text, |text| {
            builder.push(field, &String::from_utf8_lossy(text));
        });
    }
    if depth > 1 {
        return Ok(());
    }
    if let Ok(list) = value.cast_exact::<PyList>() {
        return list
            .iter()
            .try_for_each(|item| push_value(builder, field, &item, depth + 1));
    }
    if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        return tuple
            .iter()
            .try_for_each(|item| push_value(builder, field, &item, depth + 1));
    }
    if let Ok(object) = value.cast_exact::<PyDict>()
        && let Some(name) = object.get_item(intern!(value.py(), "name"))?
    {
        return push_value(builder, field, &name, depth + 1);
    }
    Ok(())
}

/// The interests of a query and the sessions that match each.
struct Query<'c> {
    texts: Texts<'c>,
    asked: Vec<String>,
    interests: Vec<Interest>,
    matches: Vec<Matches>,
    fields: Fields,
}

impl<'c> Query<'c> {
    fn run(catalog: &'c Catalog, interests: &Bound<'_, PyList>, reading: &Reading) -> Answer<Self> {
        let texts = catalog.texts().or_decline()?;
        room("the query", interests.len().saturating_mul(1 << 10))?;
        let mut asked = Vec::with_capacity(interests.len());
        for interest in interests {
            let text = input::exact_str(&interest)?;
            asked.push(input::with_bytes(text, |text| {
                String::from_utf8_lossy(text).into_owned()
            })?);
        }
        let texts_of = asked.iter().map(String::as_str);
        let interests = texts.interests(texts_of, &reading.aliases, reading.fuzzy);
        let matches = interests
            .iter()
            .map(|interest| texts.matches(interest, reading.fields));
        let matches = matches.collect();
        Ok(Self {
            texts,
            asked,
            interests,
            matches,
            fields: reading.fields,
        })
    }

    fn rows(&self) -> impl Iterator<Item = (&str, &Interest, &Matches)> {
        let rows = self.asked.iter().zip(&self.interests).zip(&self.matches);
        rows.map(|((asked, interest), matches)| (asked.as_str(), interest, matches))
    }

    /// Builds what each interest matched.
    fn understood<'py>(&self, py: Python<'py>, catalog: &Catalog) -> PyResult<Bound<'py, PyList>> {
        let rows = self.rows().map(|(asked, interest, matches)| {
            let row = PyDict::new(py);
            row.set_item(intern!(py, "interest"), asked)?;
            row.set_item(intern!(py, "sessions"), matches.sessions.len())?;
            row.set_item(intern!(py, "level"), interest.level.map(Level::name))?;
            let (found, unmatched) = found(py, interest, matches)?;
            let nothing = matches.sessions.is_empty();
            row.set_item(intern!(py, "matches"), found)?;
            row.set_item(intern!(py, "unmatched"), unmatched)?;
            let nearest = if nothing {
                nearest(catalog, asked)
            } else {
                Vec::new()
            };
            row.set_item(intern!(py, "nearest"), nearest)?;
            Ok(row)
        });
        let rows: PyResult<Vec<_>> = rows.collect();
        PyList::new(py, rows?)
    }
}

/// Returns the matches of an interest, and the words that matched nothing.
fn found<'py>(
    py: Python<'py>,
    interest: &Interest,
    matches: &Matches,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyList>)> {
    let (list, unmatched) = (PyList::empty(py), PyList::empty(py));
    let push = |word: &str, term: &str, how: How, sessions: u32| -> PyResult<()> {
        let row = PyDict::new(py);
        row.set_item(intern!(py, "word"), word)?;
        row.set_item(intern!(py, "term"), term)?;
        row.set_item(intern!(py, "how"), how.name())?;
        row.set_item(intern!(py, "sessions"), sessions)?;
        list.append(row)
    };
    for (tag, &count) in interest.whole.iter().zip(&matches.whole) {
        if count > 0 {
            let words = tag.term.trim_start_matches('=');
            push(words, words, How::Exact, count)?;
        }
    }
    for (group, counts) in interest.groups.iter().zip(&matches.counts) {
        for (alternative, count) in group.alternatives.iter().zip(counts) {
            let said = count.in_abstracts_only && alternative.how == How::Word;
            let how = if said { How::Text } else { alternative.how };
            if count.sessions > 0 {
                push(&group.asked, &alternative.term, how, count.sessions)?;
            }
        }
        if counts.iter().all(|count| count.sessions == 0) {
            unmatched.append(group.asked.as_str())?;
        }
    }
    Ok((list, unmatched))
}

/// Returns the lowered tags of a catalogue, sorted and without repetition.
fn tags(catalog: &Catalog) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for (number, segment) in (0..).zip(catalog.segments()) {
        // Sessions that were removed leave their tags behind.
        let complete = catalog.removed_of(number).is_empty();
        let ids = (0..segment.vocabulary.len() as u32).map(crate::engine::ranking::index::TagId);
        let bytes = ids.map(|id| segment.vocabulary.bytes(id));
        let bytes = bytes.filter(|bytes| complete || catalog.has_tag(bytes));
        tags.extend(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
    }
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Returns the three tags that share the most pairs of neighbouring letters with an interest.
fn nearest(catalog: &Catalog, asked: &str) -> Vec<String> {
    let pairs = |text: &str| -> Vec<(char, char)> {
        let letters: Vec<char> = text.chars().flat_map(char::to_lowercase).take(64).collect();
        let mut pairs: Vec<_> = letters
            .iter()
            .copied()
            .zip(letters.iter().copied().skip(1))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    };
    let wanted = pairs(asked);
    let likeness = |tag: &String| {
        let held = pairs(tag);
        let common = held
            .iter()
            .filter(|pair| wanted.binary_search(pair).is_ok())
            .count();
        // In whole numbers: 0 to 1,000.
        2000 * common / (held.len() + wanted.len()).max(1)
    };
    let mut tags: Vec<(usize, String)> = tags(catalog)
        .into_iter()
        .map(|tag| (likeness(&tag), tag))
        .collect();
    tags.sort_by_key(|&(likeness, _)| core::cmp::Reverse(likeness));
    tags.truncate(3);
    tags.into_iter().map(|(_, tag)| tag).collect()
}

/// Compiles the words of a catalogue's sessions. Returns the bytes of all the words' indexes.
#[pyfunction]
pub(super) fn compile_words(py: Python<'_>, catalog: &Bound<'_, CatalogBase>) -> PyResult<usize> {
    let data = &catalog.get().data;
    data.check()?;
    let compiled = data.compile_words(py);
    data.settled(compiled)?;
    let sizes = data
        .catalog
        .segments()
        .filter_map(|segment| segment.words.get());
    Ok(sizes.map(TextIndex::size).sum())
}

/// Tells what interests match. Returns a dict for each, and the tags that say the same to the exact functions.
#[pyfunction]
pub(super) fn understand_interests<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyList>,
    reading: &Bound<'py, Reading>,
) -> PyResult<(Bound<'py, PyList>, Vec<Vec<String>>)> {
    let data = &catalog.get().data;
    data.check()?;
    data.compile_words(py)?;
    let query = unwind(|| Query::run(&data.catalog, interests, reading.get()));
    let query = settled(query, UNPROVEN)?;
    let tags = tags(&data.catalog);
    let tags: Vec<(&String, Vec<String>)> = tags.iter().map(|tag| (tag, words_of(tag))).collect();
    let meant = query.interests.iter().map(|interest| {
        let held = tags.iter().filter(|(_, words)| interest.is_meant_by(words));
        held.map(|(tag, _)| (*tag).clone()).collect()
    });
    let meant = meant.collect();
    data.settled(
        query
            .understood(py, &data.catalog)
            .map(|rows| (rows, meant)),
    )
}

/// Recommends for interests that are understood. Sessions that match none of them are left out.
#[pyfunction]
pub(super) fn recommend_understood<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyList>,
    top: &Bound<'py, PyAny>,
    weights: Option<&Bound<'py, PyAny>>,
    filter: Option<&Bound<'py, Filter>>,
    reading: &Bound<'py, Reading>,
) -> PyResult<Bound<'py, PyAny>> {
    let base = catalog.get();
    let data = &base.data;
    data.check()?;
    data.compile_words(py)?;
    let filter = settled(unwind(|| base.narrowed(py, filter)), UNREADABLE)?;
    let answer = unwind(|| {
        let (_, scorer) = base.query(interests, weights)?;
        let query = Query::run(&data.catalog, interests, reading.get())?;
        let sessions = total(&query.matches, query.texts.numbers());
        let most = input::slice_end(top, sessions.len())?;
        room("the answer", sessions.len().saturating_mul(64))?;
        let narrow = filter.as_ref().map(super::search::Narrowed::narrow);
        let best = data
            .catalog
            .best_understood(&query.texts, &sessions, &scorer, most, narrow);
        let mut chosen = Vec::new();
        for best in best.or_decline()? {
            chosen.push(Chosen {
                session: data.plain_session(py, best.place)?,
                matched: best.matched,
                popularity: best.popularity,
            });
        }
        let answer = answer::finish(py, chosen, &scorer)?;
        let fields = input::exact_dict(&answer)?;
        fields.set_item(
            intern!(py, "understood"),
            query.understood(py, &data.catalog)?,
        )?;
        Ok(answer)
    });
    data.settled(settled(answer, UNPROVEN))
}

/// What each interest matched; and the positions of all sessions that match, in order, with the points of each
/// interest.
type Points<'py> = (Bound<'py, PyList>, Vec<usize>, Vec<Vec<u32>>);

/// Returns the points of all sessions that match, for callers that choose among them.
#[pyfunction]
pub(super) fn understood_points<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyList>,
    filter: Option<&Bound<'py, Filter>>,
    reading: &Bound<'py, Reading>,
) -> PyResult<Points<'py>> {
    let base = catalog.get();
    let data = &base.data;
    data.check()?;
    data.compile_words(py)?;
    let filter = settled(unwind(|| base.narrowed(py, filter)), UNREADABLE)?;
    let query = unwind(|| Query::run(&data.catalog, interests, reading.get()));
    let query = settled(query, UNPROVEN)?;
    let mut admitted = filter.map(|filter| data.catalog.admitted(filter.narrow()));
    if let Some(admitted) = &mut admitted {
        admitted.sort_unstable();
    }
    let mut sessions = std::collections::BTreeMap::new();
    for (column, matches) in query.matches.iter().enumerate() {
        for &(number, points) in &matches.sessions {
            let (part, local) = query.texts.place(number);
            let place = Place { part, local };
            let admits = |admitted: &Vec<Place>| admitted.binary_search(&place).is_ok();
            if admitted.as_ref().is_none_or(admits) {
                let row = sessions
                    .entry(place)
                    .or_insert_with(|| vec![0; query.matches.len()]);
                if let Some(cell) = row.get_mut(column) {
                    *cell = points;
                }
            }
        }
    }
    let understood = query.understood(py, &data.catalog)?;
    let positions = sessions
        .keys()
        .filter_map(|&place| data.catalog.position(place))
        .collect();
    data.settled(Ok((
        understood,
        positions,
        sessions.into_values().collect(),
    )))
}

/// Explains the score of the first session with this title, with each term of its match; `None` if there is none.
#[pyfunction]
pub(super) fn explain_understood<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    title: &Bound<'py, PyString>,
    interests: &Bound<'py, PyList>,
    weights: Option<&Bound<'py, PyAny>>,
    reading: &Bound<'py, Reading>,
) -> PyResult<Bound<'py, PyAny>> {
    let base = catalog.get();
    let data = &base.data;
    data.check()?;
    data.compile_words(py)?;
    let answer = unwind(|| {
        let (_, scorer) = base.query(interests, weights)?;
        let Some(place) = base.find_title(py, title)? else {
            return answer::not_found(title);
        };
        let query = Query::run(&data.catalog, interests, reading.get())?;
        let number = query.texts.number(place.part, place.local).or_decline()?;
        let terms = query.rows().map(|(asked, interest, matches)| {
            (
                asked,
                query.texts.terms(interest, matches, query.fields, number),
            )
        });
        let terms: Vec<(&str, Vec<Term>)> = terms.collect();
        let session = data.plain_session(py, place)?;
        let points = terms
            .iter()
            .flat_map(|(_, terms)| terms)
            .map(|term| term.points)
            .sum();
        let tags = matched_tags(&session, &terms)?;
        let popularity = input::popularity(&session)?;
        let chosen = Chosen {
            session,
            matched: matched(points),
            popularity,
        };
        let answer = answer::explained_with(py, chosen, &scorer, tags)?;
        input::exact_dict(&answer)?.set_item(intern!(py, "terms"), shown(py, &terms)?)?;
        Ok(answer)
    });
    data.settled(settled(answer, UNPROVEN))
}

/// Returns the session's tags that hold a term.
fn matched_tags<'py>(
    session: &Bound<'py, PyDict>,
    terms: &[(&str, Vec<Term>)],
) -> Answer<Vec<Bound<'py, PyAny>>> {
    let terms = || terms.iter().flat_map(|(_, terms)| terms);
    let mut matched = Vec::new();
    input::Tags::of(session)?.try_for_each(|tag| {
        let held = input::with_bytes(tag, |tag| words_of(&String::from_utf8_lossy(tag)))?;
        let is_held = |term: &Term| {
            term.fields.contains(&Field::Tags)
                && term
                    .term
                    .split(' ')
                    .all(|word| held.iter().any(|held| held == word))
        };
        if terms().any(is_held) {
            matched.push(tag.clone().into_any());
        }
        Ok(())
    })?;
    Ok(matched)
}

fn shown<'py>(py: Python<'py>, terms: &[(&str, Vec<Term>)]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (asked, terms) in terms {
        for term in terms {
            let row = PyDict::new(py);
            row.set_item(intern!(py, "interest"), asked)?;
            row.set_item(intern!(py, "word"), &term.asked)?;
            row.set_item(intern!(py, "term"), &term.term)?;
            row.set_item(intern!(py, "how"), term.how.name())?;
            let fields: Vec<&str> = term.fields.iter().map(|field| field.name()).collect();
            row.set_item(intern!(py, "fields"), fields)?;
            let weight = f64::from(term.points) / f64::from(POINT);
            row.set_item(intern!(py, "weight"), object::new_float(py, weight)?)?;
            list.append(row)?;
        }
    }
    Ok(list)
}

/// Answers a call of `recommend` or `explain` with `understand=True` in Python, which knows the aliases.
pub(super) fn in_python<'py>(
    py: Python<'py>,
    name: &str,
    arguments: impl pyo3::call::PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "eventkit.understanding"))?
        .getattr(PyString::new(py, name))?
        .call1(arguments)
}

/// Refuses an argument that only `understand=True` uses.
pub(super) fn refuse_embed(embed: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    match embed {
        Some(_) => Err(PyTypeError::new_err("embed needs understand=True")),
        None => Ok(()),
    }
}
