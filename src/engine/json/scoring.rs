//! Writes the scores of an answer as `json.dumps` does.

use super::number::write_number;
use crate::engine::ranking::score::{Contributions, Number};

/// Appends the rest of an entry of an answer's `scoring`, after its title: the score and the contributions.
pub fn write_scoring(parts: &Contributions, total: Number, out: &mut Vec<u8>) {
    out.extend_from_slice(b", \"score\": ");
    write_number(out, total);
    out.extend_from_slice(b", \"contributions\": {\"interest_match\": ");
    write_number(out, parts.interest_match);
    out.extend_from_slice(b", \"popularity\": ");
    write_number(out, parts.popularity);
    if let Some(diversity) = parts.diversity {
        out.extend_from_slice(b", \"diversity\": ");
        write_number(out, Number::Float(diversity));
    }
    out.extend_from_slice(b"}}");
}
