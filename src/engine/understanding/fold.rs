//! Folds letters, so that words are found whatever their case, accents and width.
//!
//! A letter is decomposed (NFKD), its marks are dropped, and the rest is lowered: `É` is `e`, `ß` is `ss`, `Ａ` is `a`.
//! Kana and Hangul stay as they are, because their parts are no accents. O(1) for each character.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Returns true for characters of scripts that are written without spaces: Han, Kana and Hangul.
#[inline]
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x3005 | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af
        | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// Returns true for what a word is made of: letters, digits, and the marks upon them.
#[inline]
pub(super) fn is_word_character(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Calls `emit` with the folded characters of one character; with none for a mark.
#[inline]
pub(super) fn fold(c: char, mut emit: impl FnMut(char)) {
    if c.is_ascii() {
        return emit(c.to_ascii_lowercase());
    }
    if matches!(u32::from(c), 0x3040..=0x30ff | 0xac00..=0xd7af) {
        return emit(c);
    }
    decompose_compatible(c, |part| {
        if is_combining_mark(part) {
            return;
        }
        if let Some(spelling) = spelling(part) {
            spelling.chars().for_each(&mut emit);
        } else {
            part.to_lowercase().for_each(&mut emit);
        }
    });
}

/// Returns how letters are spelt that do not decompose.
fn spelling(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ð' | 'Ð' | 'đ' | 'Đ' => "d",
        'þ' | 'Þ' => "th",
        'ß' | 'ẞ' => "ss",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_width_are_folded_and_kana_and_hangul_are_kept() {
        let folded = |text: &str| {
            let mut out = String::new();
            text.chars().for_each(|c| fold(c, |part| out.push(part)));
            out
        };
        assert_eq!(folded("SÉCURITÉ Über Straße"), "securite uber strasse");
        assert_eq!(folded("Ｃ＋＋ Łódź Ærø"), "c++ lodz aero");
        assert_eq!(folded("e\u{301}"), "e");
        assert_eq!(folded("ガ 한국 資料"), "ガ 한국 資料");
    }
}
