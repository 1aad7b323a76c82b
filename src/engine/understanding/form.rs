//! The simple forms of a word: plurals, `-ing`, `-ed`, `-er`, `-ize` and `-ization`, and how an ending is spelt in other
//! languages: *technologie* is *technology*, *robotik* is *robotics*.
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

/// The same ending in English, German, French and Spanish, folded.
const COGNATES: [&[&str]; 7] = [
    &[
        "ism",
        "ismus",
        "isme",
        "ismo",
        "ist",
        "ists",
        "isten",
        "iste",
        "istes",
        "istische",
        "istischen",
    ],
    &["logy", "logie", "logia"],
    &["graphy", "graphie", "grafie", "grafia"],
    &["cracy", "kratie", "cratie", "cracia"],
    &["ity", "itat", "ite", "idad", "ita"],
    &["tion", "cion", "zione"],
    &["ics", "ik", "ique", "ica", "ic"],
];

/// Returns the forms of a word that `held` holds, without the word, none of them twice.
pub(super) fn forms(word: &str, held: impl Fn(&str) -> bool) -> Vec<Form> {
    let mut forms = Forms {
        word,
        held,
        form: String::with_capacity(word.len() + 8),
        made: Vec::new(),
    };
    if word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        for (base, tier) in bases(word) {
            forms.of_base(&base, tier);
        }
        forms.cognates();
    }
    forms.spelt_out();
    forms.made
}

/// Returns singular and plural, which are all that is tried of an alias.
pub(super) fn plurals(word: &str) -> Vec<Form> {
    let mut forms = Forms {
        word,
        held: |_: &str| true,
        form: String::new(),
        made: Vec::new(),
    };
    if word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        forms.plurals(word, Tier::PLURAL);
        if let Some(singular) = word
            .strip_suffix('s')
            .filter(|singular| singular.len() >= 3 && !singular.ends_with('s'))
        {
            forms.add(singular, "", Tier::PLURAL);
        }
    }
    forms.made
}

struct Forms<'w, H> {
    word: &'w str,
    held: H,
    /// The form that is looked up.
    form: String,
    made: Vec<Form>,
}

impl<H: Fn(&str) -> bool> Forms<'_, H> {
    /// Adds a form that is held, given as a stem and an ending.
    fn add(&mut self, stem: &str, ending: &str, tier: Tier) {
        self.form.clear();
        self.form.push_str(stem);
        self.form.push_str(ending);
        if self.form.len() < 3 || self.form == self.word {
            return;
        }
        match self.made.iter_mut().find(|(held, _)| *held == self.form) {
            Some((_, held)) => *held = (*held).max(tier),
            None if (self.held)(&self.form) => self.made.push((self.form.clone(), tier)),
            None => {}
        }
    }

    fn plurals(&mut self, base: &str, tier: Tier) {
        self.add(base, "s", tier);
        if base.ends_with(['s', 'x', 'z', 'h']) {
            self.add(base, "es", tier);
        }
        if let Some(stem) = base.strip_suffix('y') {
            self.add(stem, "ies", tier);
        }
        if base.ends_with('u') {
            self.add(base, "x", tier);
        }
        if base.len() >= 6 {
            for ending in ["en", "n", "e"] {
                self.add(base, ending, tier);
            }
        }
    }

    fn of_base(&mut self, base: &str, tier: Tier) {
        self.add(base, "", tier);
        self.plurals(base, tier);
        let inflected = tier.min(Tier::FORM);
        let stem = base.strip_suffix('e').unwrap_or(base);
        let doubled = doubles(base).map(|last| format!("{base}{last}"));
        for stem in core::iter::once(stem).chain(doubled.as_deref()) {
            for ending in INFLECTIONS {
                self.add(stem, ending, inflected);
            }
        }
        for (noun, verb) in SPELLINGS {
            if let Some(stem) = base.strip_suffix(verb) {
                self.add(stem, noun, inflected);
            }
        }
        for (one, other) in [("ize", "ise"), ("ise", "ize")] {
            if let Some(stem) = base.strip_suffix(one) {
                self.add(stem, other, tier);
            }
        }
    }

    /// Adds the word with its ending as other languages spell it.
    fn cognates(&mut self) {
        let word = self.word;
        for endings in COGNATES {
            let stem = endings.iter().find_map(|ending| word.strip_suffix(ending));
            if let Some(stem) = stem.filter(|stem| stem.len() >= 3) {
                for ending in endings {
                    self.add(stem, ending, Tier::FORM);
                }
                return;
            }
        }
    }

    /// Adds the word with German vowels that were spelt out: *ueberwachung* is *uberwachung*.
    fn spelt_out(&mut self) {
        if ["ae", "oe", "ue"]
            .iter()
            .any(|spelt| self.word.contains(spelt))
        {
            let folded = ["ae", "oe", "ue"]
                .iter()
                .fold(self.word.to_owned(), |word, spelt| {
                    word.replace(spelt, spelt.get(..1).unwrap_or_default())
                });
            self.add(&folded, "", Tier::PLURAL);
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
            // A *career* is no *care*, and a *container* is not what is *contained*.
            let tier = if ending.starts_with("er") {
                Tier::AGENT
            } else {
                Tier::FORM
            };
            add(stem.to_owned(), tier);
            add(format!("{stem}e"), tier);
            if let [.., before, last] = stem.as_bytes()
                && before == last
                && stem.len() > 3
            {
                add(
                    stem.get(..stem.len() - 1).unwrap_or_default().to_owned(),
                    tier,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn has(word: &str, form: &str) -> bool {
        forms(word, |_| true).iter().any(|(held, _)| held == form)
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
    fn endings_of_other_languages_are_found_both_ways() {
        for (one, other) in [
            ("technology", "technologie"),
            ("robotics", "robotik"),
            ("robotics", "robotique"),
            ("feminism", "feminismus"),
            ("feminismus", "feministische"),
            ("democracy", "democratie"),
            ("university", "universitat"),
            ("geography", "geographie"),
        ] {
            assert!(has(one, other), "{one} {other}");
            assert!(has(other, one), "{other} {one}");
        }
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
                !forms(one, |_| true)
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
