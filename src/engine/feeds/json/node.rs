//! A JSON document whose strings are borrowed from the feed wherever they hold no escape.
//!
//! The number of values is limited, so that a feed of nothing but brackets and zeros cannot take many times its size.

use core::cell::Cell;
use core::fmt;
use std::borrow::Cow;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::engine::feeds::fault::Fault;
use crate::engine::feeds::{html, programme};

/// Values and names that any feed may hold, however small. The densest real feed (AWS re:Invent 2020) has 26 bytes for
/// each, and would have to be 77 MB long to hold too many.
const FREE_VALUES: usize = 1 << 20;
/// Bytes of a feed for each further value or name.
const BYTES_PER_VALUE: usize = 40;

/// One value.
#[derive(Debug)]
pub(in crate::engine::feeds) enum Node<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Members that hold the name of an object, or its English text.
const NAMING: &[&str] = &[
    "en",
    "en-US",
    "en-GB",
    "en_US",
    "name",
    "title",
    "displayValue",
    "label",
    "text",
    "rendered",
    "@value",
    "#text",
];

/// What stands for a member that is not there.
static NULL: Node<'static> = Node::Null;

/// Parses a document. O(bytes).
pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let left = Budget(Cell::new(FREE_VALUES + text.len() / BYTES_PER_VALUE));
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Seed(&left)
        .deserialize(&mut deserializer)
        .and_then(|node| deserializer.end().map(|()| node))
        .map_err(|error| {
            let message = error.to_string();
            let reason = message.split(" at line ").next().unwrap_or_default();
            Fault::at(
                error.line().max(1),
                error.column().max(1),
                format!("not JSON: {reason}"),
            )
        })
}

impl<'a> Node<'a> {
    /// The member of that name, or null. Where a name occurs twice, the last one counts.
    pub(in crate::engine::feeds) fn get(&self, name: &str) -> &Node<'a> {
        self.object()
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map_or(&NULL, |(_, value)| value)
    }

    /// The first of some members that is not null or empty.
    pub(super) fn first(&self, names: &[&str]) -> &Node<'a> {
        names
            .iter()
            .map(|name| self.get(name))
            .find(|node| !node.is_empty())
            .unwrap_or(&NULL)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.object().iter().any(|(key, _)| key == name)
    }

    pub(super) fn object(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn list(&self) -> &[Node<'a>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    /// Whether it says nothing: null, a blank text, an empty list or object.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            _ => false,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The text of a string, as it is written; of anything else, nothing.
    pub(super) fn str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Whether it is a state of what does not take place.
    pub(super) fn is_cancelled(&self) -> bool {
        programme::is_cancelled(self.str())
    }

    /// A string or a number as an id.
    pub(super) fn id(&self) -> Cow<'a, str> {
        match self {
            Self::Text(_) => self.line(),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Float(value) => Cow::Owned(value.to_string()),
            _ => Cow::Borrowed(""),
        }
    }

    /// The string that is meant: itself, or that of one language (English, else the first) where it is translated. An
    /// object that names something (`{"name": …}`) is its name.
    pub(super) fn label(&self) -> Option<&Cow<'a, str>> {
        if let Self::Text(text) = self {
            return Some(text);
        }
        let named = self.first(NAMING);
        if !named.is_empty() {
            return named.label();
        }
        self.object()
            .iter()
            .filter(|_| self.is_translated())
            .find(|(_, text)| !text.is_empty())
            .and_then(|(_, text)| text.label())
    }

    /// Whether it is an object whose names all are codes of languages, such as `de` and `zh-hant`.
    fn is_translated(&self) -> bool {
        let code = |name: &str| {
            let head = name.split(['-', '_']).next().unwrap_or_default();
            (2..=3).contains(&head.len()) && head.bytes().all(|byte| byte.is_ascii_lowercase())
        };
        let members = self.object();
        !members.is_empty() && members.iter().all(|(name, _)| code(name) && name != "id")
    }

    /// The label, on one line.
    pub(super) fn line(&self) -> Cow<'a, str> {
        self.label()
            .map_or(Cow::Borrowed(""), |text| cleaned(text, html::line))
    }

    /// The label, as plain text.
    pub(super) fn block(&self) -> Cow<'a, str> {
        self.label()
            .map_or(Cow::Borrowed(""), |text| cleaned(text, html::block))
    }
}

fn cleaned<'a>(text: &Cow<'a, str>, clean: for<'t> fn(&'t str) -> Cow<'t, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => clean(text),
        Cow::Owned(text) => Cow::Owned(clean(text).into_owned()),
    }
}

/// How many values and names may still come.
struct Budget(Cell<usize>);

impl Budget {
    fn take<E: serde::de::Error>(&self) -> Result<(), E> {
        let left = self.0.get().checked_sub(1);
        let left =
            left.ok_or_else(|| E::custom("more values than a feed of this size can hold"))?;
        self.0.set(left);
        Ok(())
    }
}

/// Reads one value, and counts it.
struct Seed<'c>(&'c Budget);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Node<'de>, D::Error> {
        self.0.take()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(i64::try_from(value).map_or(Node::Float(value as f64), Node::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node<'de>, E> {
        // It is copied, which takes more than its node.
        self.0.take()?;
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = members.next_key_seed(Name)? {
            self.0.take()?;
            object.push((name, members.next_value_seed(Seed(self.0))?));
        }
        Ok(Node::Object(object))
    }
}

/// Reads the name of a member.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
