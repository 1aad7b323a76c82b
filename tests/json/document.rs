//! Values of JSON, written in many ways, and what Python's `json.dumps` makes of each.

#![allow(missing_docs, unreachable_pub, clippy::expect_used)]

use std::fmt::Write;

use proptest::prelude::*;

/// A value that JSON text spells; members may repeat.
#[derive(Clone, Debug)]
pub enum Value {
    Word(&'static str),
    Int(i64),
    Float(f64),
    Str(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// What `json.dumps` writes.
    pub fn dumps(&self) -> String {
        match self {
            Self::Word(word) => (*word).into(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => python_float(*value),
            Self::Str(text) => quoted(text, |_| true),
            Self::Array(values) => format!(
                "[{}]",
                values
                    .iter()
                    .map(Self::dumps)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            Self::Object(members) => {
                let mut held: Vec<(&str, String)> = Vec::new();
                for (name, value) in members {
                    match held.iter_mut().find(|(other, _)| other == name) {
                        Some((_, text)) => *text = value.dumps(),
                        None => held.push((name, value.dumps())),
                    }
                }
                let member =
                    |(name, value): &(&str, String)| format!("{}: {value}", quoted(name, |_| true));
                format!(
                    "{{{}}}",
                    held.iter().map(member).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    /// The value as somebody may have written it: bit 0 of `style` breaks lines, the others choose escapes, spaces,
    /// digits.
    pub fn render(&self, style: u64) -> String {
        let next = style.rotate_right(1) & !1 | style & 1;
        let space = if style & 1 == 1 { "\n \t" } else { "" };
        let space = if style & 2 == 2 { " " } else { space };
        match self {
            Self::Word(word) => (*word).into(),
            Self::Int(0) if style & 4 == 4 => "-0".into(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => match style >> 2 & 3 {
                0 => python_float(*value),
                1 => format!("{value:e}").replace('e', ".0e").replacen(
                    ".0e",
                    if format!("{value:e}").contains('.') {
                        "e"
                    } else {
                        ".0e"
                    },
                    1,
                ),
                2 => format!("{value:E}"),
                _ => format!("{value:?}")
                    .replace('e', "00e")
                    .replacen("00e", "e", 1),
            },
            Self::Str(text) => quoted(text, |character| match style >> 2 & 3 {
                0 => !character.is_ascii(),
                1 => true,
                _ => false,
            }),
            Self::Array(values) => {
                let values: Vec<_> = values
                    .iter()
                    .map(|value| format!("{space}{}{space}", value.render(next)))
                    .collect();
                format!("[{space}{}]", values.join(","))
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| {
                    let name = Self::Str(name.clone()).render(next);
                    format!("{space}{name}{space}:{space}{}{space}", value.render(next))
                };
                format!(
                    "{{{space}{}}}",
                    members.iter().map(member).collect::<Vec<_>>().join(",")
                )
            }
        }
    }
}

/// `repr` of a float: as many digits as the standard library needs, rounded half to even as Python rounds.
///
/// The standard library's own shortest digits end in the larger of two that are equally near.
pub fn python_float(value: f64) -> String {
    let shortest = format!("{value:e}");
    let digits = shortest
        .split('e')
        .next()
        .map_or(0, |mantissa| mantissa.matches(char::is_numeric).count());
    let rounded = format!("{value:.0$e}", digits - 1);
    let text = if rounded.parse() == Ok(value) {
        rounded
    } else {
        shortest
    };
    let (mantissa, exponent) = text.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("a number");
    if (-4..16).contains(&exponent) {
        let places = usize::try_from(digits as i32 - 1 - exponent).unwrap_or_default();
        return format!("{value:.0$}", places.max(1));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A string in quotes; `escapes` chooses among the characters that need no escape in JSON.
fn quoted(text: &str, escapes: impl Fn(char) -> bool) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\u{8}' => out += "\\b",
            '\u{c}' => out += "\\f",
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            ' '..='~' => out.push(character),
            '\u{7f}'.. if !escapes(character) => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").expect("strings take everything");
                }
            }
        }
    }
    out + "\""
}

/// Whether two values are equal for Python, where the one reader keeps the sign of an int zero and the other does not.
pub fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (one, other) {
        (Number(one), Number(other)) => one.as_f64() == other.as_f64(),
        (Array(one), Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Object(one), Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

/// Text of the kinds that strings, and mistakes, are made of.
pub fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z :-]{0,24}",
        2 => "[\\PC\"\\\\/\u{0}-\u{20}\u{7f}]{0,8}",
        2 => "[\\[\\]{}:,\"\\\\0-9.eE+ntfu -]{0,4}",
        1 => any::<String>(),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        (-3_i64..100).prop_map(Value::Int),
        (0_u32..=100).prop_map(|value| Value::Float(f64::from(value) / 100.0)),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(Value::Float),
        (any::<i32>(), -20_i32..20)
            .prop_map(|(digits, power)| Value::Float(f64::from(digits) * 10_f64.powi(power))),
    ]
}

/// Any value.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["true", "false", "null"]).prop_map(Value::Word),
        number(),
        any_text().prop_map(Value::Str),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..4).prop_map(Value::Object),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]",
        "[a-e]{2}",
        any_text(),
        Just("title".to_owned()),
        Just("start".to_owned())
    ]
}

/// A session: a title, and any other members in any order.
pub fn session() -> impl Strategy<Value = Value> {
    let tags = prop::collection::vec(any_text().prop_map(Value::Str), 0..4).prop_map(Value::Array);
    let member = prop_oneof![
        3 => any_text().prop_map(|text| ("title".to_owned(), Value::Str(text))),
        3 => tags.prop_map(|tags| ("tags".to_owned(), tags)),
        2 => number().prop_map(|number| ("popularity".to_owned(), number)),
        4 => (prop::sample::select(vec!["id", "start", "end", "location"]), value()).prop_map(|(name, value)| (name.to_owned(), value)),
        4 => (name(), value()).prop_filter("a title is a string", |(name, _)| name != "title" && name != "tags"),
    ];
    let members = prop::collection::vec(member, 0..8);
    (any_text(), members, any::<prop::sample::Index>()).prop_map(|(title, mut members, at)| {
        let at = at.index(members.len() + 1);
        members.insert(at, ("title".to_owned(), Value::Str(title)));
        Value::Object(members)
    })
}

/// A few sessions.
pub fn document() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(session(), 0..6)
}

/// An array of sessions, or a manifest, by `style`.
pub fn render(sessions: &[Value], style: u64) -> String {
    let array = Value::Array(sessions.to_vec());
    if style >> 40 & 1 == 0 {
        return array.render(style);
    }
    let before = (
        "weights".to_owned(),
        Value::Object(vec![("interest".to_owned(), Value::Float(2.0))]),
    );
    let after = (
        "n\u{e9}".to_owned(),
        Value::Array(vec![Value::Int(0), Value::Word("null")]),
    );
    Value::Object(vec![before, ("sessions".to_owned(), array), after]).render(style)
}
