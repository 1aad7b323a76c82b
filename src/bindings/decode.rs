//! Makes Python objects of sessions that the engine holds as packed JSON, equal to what `json.loads` makes.

use pyo3::exceptions::PyUnicodeDecodeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};

use super::errors::{Answer, OrDecline, Stop};
use super::object;
use crate::engine::json::{Scalar, SessionView, Token, Tokens, decode};

/// Returns the session as a new dict.
pub(super) fn session<'py>(py: Python<'py>, view: SessionView<'_>) -> Answer<Bound<'py, PyDict>> {
    let session = value(py, &view, view.packed())?;
    session.cast_into_exact::<PyDict>().ok().or_decline()
}

/// Returns one value of a session, from its packed text.
pub(super) fn value<'py>(
    py: Python<'py>,
    view: &SessionView<'_>,
    packed: &[u8],
) -> Answer<Bound<'py, PyAny>> {
    let mut tokens = Tokens::new(packed);
    let first = tokens.next().or_decline()?;
    nested(py, view, first, &mut tokens, 0)
}

/// Returns the value that begins with `token`. The loader limits the depth, and a damaged file is cut at the same
/// depth.
fn nested<'py>(
    py: Python<'py>,
    view: &SessionView<'_>,
    token: Token<'_>,
    tokens: &mut Tokens<'_>,
    depth: usize,
) -> Answer<Bound<'py, PyAny>> {
    const MOST_DEPTH: usize = 512;
    (depth < MOST_DEPTH).then_some(()).or_decline()?;
    match token {
        Token::BeginObject => {
            let object = object::new_dict(py)?;
            loop {
                let name = match tokens.next().or_decline()? {
                    Token::EndObject => return Ok(object.into_any()),
                    Token::Comma => continue,
                    Token::Key(id) => PyString::intern(py, view.name(id)),
                    Token::Name(raw) => text(py, raw)?,
                    _ => return Err(Stop::Declined),
                };
                let token = tokens.next().or_decline()?;
                object.set_item(name, nested(py, view, token, tokens, depth + 1)?)?;
            }
        }
        Token::BeginArray => {
            let mut items = Vec::new();
            loop {
                match tokens.next().or_decline()? {
                    Token::EndArray => return Ok(object::new_list(py, items)?.into_any()),
                    Token::Comma => {}
                    token => items.push(nested(py, view, token, tokens, depth + 1)?),
                }
            }
        }
        Token::Str(raw) => Ok(text(py, raw)?.into_any()),
        Token::Scalar(raw) => scalar(py, raw),
        Token::EndObject | Token::EndArray | Token::Comma | Token::Key(_) | Token::Name(_) => {
            Err(Stop::Declined)
        }
    }
}

/// Makes the string that `raw` spells. Declines bytes that are not UTF-8, which only a damaged file holds.
fn text<'py>(py: Python<'py>, raw: &[u8]) -> Answer<Bound<'py, PyString>> {
    match object::new_str(py, &decode(raw)) {
        Ok(text) => Ok(text),
        Err(error) if error.is_instance_of::<PyUnicodeDecodeError>(py) => Err(Stop::Declined),
        Err(error) => Err(Stop::Raised(error)),
    }
}

fn scalar<'py>(py: Python<'py>, raw: &[u8]) -> Answer<Bound<'py, PyAny>> {
    Ok(match Scalar::read(raw).or_decline()? {
        Scalar::Null => py.None().into_bound(py),
        Scalar::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
        Scalar::Float(value) => object::new_float(py, value)?,
        Scalar::Int(value) => object::new_int(py, value)?,
        Scalar::LongInt(digits) => py.get_type::<PyInt>().call1((digits,))?,
    })
}
