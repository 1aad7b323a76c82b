//! The simple forms of a word: plurals, `-ing`, `-ed`, `-er`, `-ize` and `-ization`, `-able` and `-ability`, British and
//! American spelling, and how an ending is spelt in other languages: *technologie* is *technology*, *robotik* is
//! *robotics*, *kapitalismus* is *capitalism*.
//!
//! Nothing is stemmed. A word's forms are made by rules and looked up, so a rule that makes no word of the programme
//! does no harm, and *policy* never meets *police*. O(1) forms for each word.

use super::points::Tier;

/// A form and how near it is to the word: [`Tier::PLURAL`], [`Tier::FORM`], [`Tier::AGENT`] or [`Tier::DERIVED`].
pub(super) type Form = (String, Tier);

const INFLECTIONS: [&str; 4] = ["ing", "ed", "er", "ers"];
const SPELLINGS: [(&str, &str); 4] = [
    ("ization", "ize"),
    ("isation", "ise"),
    ("ization", "ise"),
    ("isation", "ize"),
];

/// The ending of a noun, the endings of its verb or adjective, and the stems for which the rule does not hold: *oper*,
/// because an *operation* is no *operating* system.
type Derivation = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const DERIVATIONS: [Derivation; 5] = [
    ("ability", &["able"], &["avail", "cap"]),
    ("ibility", &["ible"], &["respons", "poss"]),
    ("ation", &["ate", "ates", "ated", "ating"], &["oper"]),
    (
        "ction",
        &["ct", "cts", "cted", "cting"],
        &["produ", "proje", "obje", "subje", "contra", "rea"],
    ),
    ("ption", &["pt", "pts", "pted", "pting"], &[]),
];

/// The same ending in British and in American spelling, and what must stand before it: *tour* is no *tor*.
const SPELT_ALIKE: [(&str, &str); 5] = [
    ("our", "or"),
    ("ence", "ense"),
    ("tre", "ter"),
    ("yse", "yze"),
    ("ogue", "og"),
];
const LEAST_SPELT_ALIKE: usize = 3;

/// The same ending in English, German, French and Spanish, folded.
const COGNATES: [&[&str]; 11] = [
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
    &[
        "isch", "ische", "ischen", "ischer", "isches", "ical", "ian", "ique",
    ],
    &["ence", "enz", "encia"],
    &["ance", "anz", "ancia"],
    &["ture", "tur", "tura"],
];
/// The shortest word that may be spelt with `k` in one language and with `c` in another.
const LEAST_SPELT_WITH_K: usize = 5;

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
            for ending in ["en", "n", "e", "es"] {
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
        // *Caring* is no form of *car*, which would be *carring*.
        let stem = (!must_double(base)).then_some(stem);
        for stem in stem.into_iter().chain(doubled.as_deref()) {
            for ending in INFLECTIONS {
                self.add(stem, ending, inflected);
            }
        }
        self.derived(base);
        for (one, other) in SPELT_ALIKE {
            for (one, other) in [(one, other), (other, one)] {
                if let Some(stem) = base.strip_suffix(one)
                    && stem.len() >= LEAST_SPELT_ALIKE
                {
                    let spelt = format!("{stem}{other}");
                    self.add(&spelt, "", tier);
                    self.plurals(&spelt, tier);
                }
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

    /// Adds the verb or adjective of a noun, and the noun of a verb or adjective: *accessible* and *accessibility*.
    fn derived(&mut self, base: &str) {
        for (noun, others, apart) in DERIVATIONS {
            let is_apart = |stem: &str| stem.len() < 3 || apart.contains(&stem);
            if let Some(stem) = base.strip_suffix(noun).filter(|stem| !is_apart(stem)) {
                for other in others {
                    self.add(stem, other, Tier::DERIVED);
                }
            }
            let stem = others.first().and_then(|other| base.strip_suffix(other));
            if let Some(stem) = stem.filter(|stem| !is_apart(stem)) {
                self.add(stem, noun, Tier::DERIVED);
            }
        }
    }

    /// Adds the word as other languages spell it: with another ending, and with `k` for `c`.
    fn cognates(&mut self) {
        let word = self.word;
        self.endings(word);
        if word.len() >= LEAST_SPELT_WITH_K {
            for (one, other) in [(b'c', 'k'), (b'k', 'c')] {
                if let Some(spelt) = with_another_letter(word, one, other) {
                    self.add(&spelt, "", Tier::FORM);
                    self.endings(&spelt);
                }
            }
        }
    }

    fn endings(&mut self, word: &str) {
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
    // *Cares* is no form of *car*. Long words may be Spanish.
    let is_plural = |stem: &&str| {
        stem.len() >= 6 || (stem.len() >= 3 && stem.ends_with(['s', 'x', 'z', 'h', 'o']))
    };
    if let Some(stem) = word.strip_suffix("es").filter(is_plural) {
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
            if !must_double(stem) {
                add(stem.to_owned(), tier);
            }
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

/// Returns true for a word of one syllable that doubles its last letter: *planning*, never *planing*.
fn must_double(base: &str) -> bool {
    doubles(base).is_some() && base.bytes().filter(|&byte| is_vowel(byte)).count() == 1
}

/// Returns a word with one letter instead of another, unless `h`, `k`, `e`, `i` or `y` follows: *kritik* for *critik*. `None`
/// if nothing changes.
fn with_another_letter(word: &str, one: u8, other: char) -> Option<String> {
    let mut bytes = word.bytes().peekable();
    let mut changed = false;
    let mut spelt = String::with_capacity(word.len());
    while let Some(byte) = bytes.next() {
        let keeps = |next: &u8| matches!(next, b'h' | b'k' | b'e' | b'i' | b'y');
        let replace = byte == one && !bytes.peek().is_some_and(keeps) && !spelt.ends_with('c');
        changed |= replace;
        spelt.push(if replace { other } else { char::from(byte) });
    }
    changed.then_some(spelt)
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
            ("accessible", "accessibility"),
            ("automation", "automate"),
            ("detect", "detection"),
            ("encrypt", "encryption"),
            ("licence", "license"),
            ("behaviour", "behavior"),
            ("centre", "center"),
            ("catalogue", "catalog"),
            ("code", "coding"),
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
            ("capitalism", "kapitalismus"),
            ("architecture", "architektur"),
            ("critique", "kritik"),
            ("political", "politische"),
            ("conference", "konferenz"),
            ("project", "projekt"),
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
        for (one, other) in [
            ("cars", "caring"),
            ("cares", "car"),
            ("coding", "cod"),
            ("note", "not"),
            ("operations", "operating"),
            ("production", "product"),
            ("availability", "available"),
            ("tour", "tor"),
            ("kube", "cube"),
        ] {
            assert!(!has(one, other) && !has(other, one), "{one} {other}");
        }
    }
}
