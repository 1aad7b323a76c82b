//! The simple forms of a word: plurals, `-ing`, `-ed`, `-er`, `-ize` and `-ization`.
//!
//! Nothing is stemmed. A word's forms are made by rules and looked up, so a rule that makes no word of the programme
//! does no harm, and *policy* never meets *police*. O(1) forms for each word.

use super::points::Tier;

/// A form and how near it is to the word: [`Tier::PLURAL`] or [`Tier::FORM`].
pub(super) type Form = (String, Tier);

const INFLECTIONS: [&str; 4] = ["ing", "ed", "er", "ers"];
const SPELLINGS: [(&str, &str); 4] = [
    ("ization", "ize"),
    ("isation", "ise"),
    ("ization", "ise"),
    ("isation", "ize"),
];

/// Returns the forms of a word, without the word, none of them twice.
pub(super) fn forms(word: &str) -> Vec<Form> {
    let mut forms = Forms {
        word,
        made: Vec::new(),
    };
    if word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        for (base, tier) in bases(word) {
            forms.of_base(&base, tier);
        }
    }
    spelt_out(word, &mut forms);
    forms.made
}

/// Returns singular and plural, which are all that is tried of an alias.
pub(super) fn plurals(word: &str) -> Vec<Form> {
    let mut forms = Forms {
        word,
        made: Vec::new(),
    };
    if word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        forms.plurals(word, Tier::PLURAL);
        if let Some(singular) = word
            .strip_suffix('s')
            .filter(|singular| singular.len() >= 3 && !singular.ends_with('s'))
        {
            forms.add(singular.to_owned(), Tier::PLURAL);
        }
    }
    forms.made
}

struct Forms<'w> {
    word: &'w str,
    made: Vec<Form>,
}

impl Forms<'_> {
    fn add(&mut self, form: String, tier: Tier) {
        if form.len() < 3 || form == self.word {
            return;
        }
        match self.made.iter_mut().find(|(held, _)| *held == form) {
            Some((_, held)) => *held = (*held).max(tier),
            None => self.made.push((form, tier)),
        }
    }

    fn plurals(&mut self, base: &str, tier: Tier) {
        self.add(format!("{base}s"), tier);
        if base.ends_with(['s', 'x', 'z', 'h']) {
            self.add(format!("{base}es"), tier);
        }
        if let Some(stem) = base.strip_suffix('y') {
            self.add(format!("{stem}ies"), tier);
        }
        if base.ends_with('u') {
            self.add(format!("{base}x"), tier);
        }
        if base.len() >= 6 {
            for ending in ["en", "n", "e"] {
                self.add(format!("{base}{ending}"), tier);
            }
        }
    }

    fn of_base(&mut self, base: &str, tier: Tier) {
        self.add(base.to_owned(), tier);
        self.plurals(base, tier);
        let inflected = tier.min(Tier::FORM);
        let stem = base.strip_suffix('e').unwrap_or(base);
        let doubled = doubles(base).map(|last| format!("{base}{last}"));
        for stem in core::iter::once(stem).chain(doubled.as_deref()) {
            for ending in INFLECTIONS {
                self.add(format!("{stem}{ending}"), inflected);
            }
        }
        for (noun, verb) in SPELLINGS {
            if let Some(stem) = base.strip_suffix(verb) {
                self.add(format!("{stem}{noun}"), inflected);
            }
        }
        for (one, other) in [("ize", "ise"), ("ise", "ize")] {
            if let Some(stem) = base.strip_suffix(one) {
                self.add(format!("{stem}{other}"), tier);
            }
        }
    }
}

/// Returns what a word may be a form of, and the word itself.
fn bases(word: &str) -> Vec<Form> {
    let mut bases = vec![(word.to_owned(), Tier::PLURAL)];
    let mut add = |base: String, tier: Tier| {
        if base.len() >= 3 && bases.iter().all(|(held, _)| *held != base) {
            bases.push((base, tier));
        }
    };
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() >= 2) {
        add(format!("{stem}y"), Tier::PLURAL);
    }
    if let Some(stem) = word.strip_suffix("es").filter(|stem| stem.len() >= 3) {
        add(stem.to_owned(), Tier::PLURAL);
    }
    if let Some(stem) = word
        .strip_suffix('s')
        .filter(|stem| stem.len() >= 3 && !stem.ends_with('s'))
    {
        add(stem.to_owned(), Tier::PLURAL);
    }
    if word.ends_with("aux") && word.len() > 4 {
        add(word.trim_end_matches('x').to_owned(), Tier::PLURAL);
    }
    for ending in INFLECTIONS {
        let stem = word.strip_suffix(ending);
        if let Some(stem) = stem.filter(|stem| stem.len() >= 3 && stem.bytes().any(is_vowel)) {
            add(stem.to_owned(), Tier::FORM);
            add(format!("{stem}e"), Tier::FORM);
            if let [.., before, last] = stem.as_bytes()
                && before == last
                && stem.len() > 3
            {
                add(
                    stem.get(..stem.len() - 1).unwrap_or_default().to_owned(),
                    Tier::FORM,
                );
            }
        }
    }
    for (noun, verb) in SPELLINGS {
        if let Some(stem) = word.strip_suffix(noun) {
            add(format!("{stem}{verb}"), Tier::FORM);
        }
    }
    bases
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// Returns the last letter of a short word that doubles it: *plan*, *planning*.
fn doubles(base: &str) -> Option<char> {
    match *base.as_bytes() {
        [.., third, second, last]
            if base.len() <= 5
                && b"bdgklmnprt".contains(&last)
                && is_vowel(second)
                && !is_vowel(third) =>
        {
            Some(char::from(last))
        }
        _ => None,
    }
}

/// Adds the word with German vowels that were spelt out: *ueberwachung* is *uberwachung*.
fn spelt_out(word: &str, forms: &mut Forms<'_>) {
    let folded = ["ae", "oe", "ue"]
        .iter()
        .fold(word.to_owned(), |word, spelt| {
            word.replace(spelt, spelt.get(..1).unwrap_or_default())
        });
    forms.add(folded, Tier::PLURAL);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(word: &str, form: &str) -> bool {
        forms(word).iter().any(|(held, _)| held == form)
    }

    #[test]
    fn simple_forms_are_found_both_ways() {
        for (one, other) in [
            ("game", "games"),
            ("game", "gaming"),
            ("test", "testing"),
            ("host", "hosted"),
            ("library", "libraries"),
            ("plan", "planning"),
            ("monetize", "monetization"),
            ("optimisation", "optimise"),
        ] {
            assert!(has(one, other), "{one} {other}");
            assert!(has(other, one), "{other} {one}");
        }
        assert!(has("ueberwachung", "uberwachung"));
        assert!(has("games", "gaming"));
    }

    #[test]
    fn words_that_only_look_alike_are_no_forms() {
        for (one, other) in [
            ("accessibility", "access"),
            ("access", "accessibility"),
            ("policy", "police"),
            ("llm", "llvm"),
            ("ai", "air"),
            ("news", "new"),
        ] {
            assert!(
                !forms(one)
                    .iter()
                    .any(|(form, tier)| form == other && *tier > Tier::PLURAL),
                "{one} {other}"
            );
        }
        assert!(!has("accessibility", "access") && !has("access", "accessibility"));
        assert!(!has("policy", "police") && !has("police", "policy"));
        assert!(!has("llm", "llvm") && !has("ai", "air"));
    }
}
