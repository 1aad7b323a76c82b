//! The fixed word lists: function words, names that are spelt like words, levels.
//!
//! All words are folded. They hold what a sentence is made of besides its subject, in the languages of the
//! programmes that this was developed with: English, French, German, Spanish. Chinese and Japanese need none here.

use std::sync::LazyLock;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::distance::distance;

/// Words that are dropped from the texts, and from an interest that has others.
const FUNCTION_WORDS: &str = "\
a an the and or of for in at to from by with without into onto about as is are was were be been being am do does did \
done have has had having can could should would will shall may might must \
i me my we our us you your he she its it they them their this that these those what which who whom whose how why \
when where there here if then than so not no yes all any some each every more most much many few other another such own \
same too very just also on \
up out off via per vs etc \
le la les un une des du de et au aux dans avec sans ce cet cette ces je tu il elle nous vous ils elles mon ma mes ta \
tes sa ses notre votre leur leurs que qui quoi dont suis sont etre avons avez ont \
der das den dem des ein eine einen einem einer eines und oder vom zum zur mit ohne fur uber ich du sie wir ihr mein \
meine dein ist sind auch nicht kein keine aus auf bei nach wie wann warum wieso aber mochte \
el los las del con por para una unos unas como soy";

/// Words that people wrap an interest in, in English, German, French and Spanish. They are dropped from an interest that
/// has others, unless they are part of a known phrase (*internet of things*).
const CONVERSATION: &str = "\
get gets got getting goes going gone make makes made making let lets want wants wanted like likes need needs needed \
know learn look looking interested interest interests interesting find finding attend hear listen try trying \
something anything everything stuff things thing bit lot really please hello hi thanks talk talks session sessions \
event events lecture lectures topic topics related using use used uses \
lernen lerne kennenlernen wissen erfahren gerne interesse interessiere interessiert etwas mehr vortrag vortrage \
apprendre savoir decouvrir cherche voudrais aimerais interesse interessee conference conferences \
aprender saber busco quiero quisiera gustaria interesa interesado interesada";

/// Function words of one language that are words or names in another. An interest drops them if it holds one of the
/// language's own words too.
const AMBIGUOUS: [(&str, &str); 3] = [
    (
        "le la les un une des du de et au aux dans avec sans ce cet cette ces je tu il elle nous vous ils elles mon ma mes \
         ta tes sa ses notre votre leur leurs que qui quoi dont suis sont etre avons avez ont en pour",
        "en sur pour par comment plus pas ne on est ai as d l pourquoi quand mais donc si tres veux voudrais son ton me se \
         sa a apprendre",
    ),
    (
        "der das den dem des ein eine einen einem einer eines und oder vom zum zur mit ohne fur uber ich du sie wir ihr \
         mein meine dein ist sind auch nicht kein keine die",
        "die von zu im am er es war was wer will",
    ),
    (
        "el los las del con por para una unos unas como soy de la y en",
        "y o en es son mi tu su se lo que no quien sobre quiero al sin",
    ),
];

/// Names that are spelt like a function word. In a text they count only as names: `Go`, `IT`.
const NAMES: [&str; 2] = ["go", "it"];

/// Words after which `go` is the verb.
const PARTICLES: &str = "\
to beyond from into through wrong live further deeper big home back on off out up down ahead viral there away over \
under for wild get see by all around along after forth too as in deep about";

/// How a text says its level.
const LEVELS: [(Level, &str); 3] = [
    (
        Level::Beginner,
        "beginner beginners newcomer newcomers newbie newbies noob noobs novice novices intro introduction introductory \
         basics fundamentals primer 101 junior debutant debutants debutante debutantes debute debuter initiation \
         decouverte einsteiger einsteigerin einsteigerinnen anfanger anfangerin anfangerinnen einstieg einfuhrung \
         grundlagen principiante principiantes introduccion",
    ),
    (
        Level::Intermediate,
        "intermediate intermediaire intermediaires intermedio fortgeschrittene",
    ),
    (
        Level::Advanced,
        "advanced expert experts deepdive avance avancee avances avancees experte experten avanzado avanzados",
    ),
];

/// The same in scripts without spaces: looked for inside a run of characters.
const UNSPACED_LEVELS: [(Level, &str); 3] = [
    (
        Level::Beginner,
        "入門 入门 新手 初學 初学 初心者 初心 初級 初级 基礎 はじめて 입문 초보",
    ),
    (Level::Intermediate, "中階 中级 中級 중급"),
    (Level::Advanced, "進階 进阶 高階 高级 上級 고급"),
];

/// What people wrap an interest in, in scripts without spaces. The longer ones stand first.
const UNSPACED_CONVERSATION: &str = "\
我想學習 我想学习 我想了解 想學習 想学习 想了解 我想學 我想学 感興趣 感兴趣 我對 我对 關於 关于 有關 有关 的演講 的演讲 的議程 的议程 相關的 相关的 \
相關 相关 について学びたい を学びたい 学びたい について知りたい を知りたい 知りたい 勉強したい に興味がある に興味 についての について に関する に関して \
のための 者向けの 者向け 向けの 向け のセッション のトーク 에대해 에대한 대해 관련 배우고 싶어요 관심";

/// Two words that say a level.
const LEVEL_PAIRS: [(Level, &str, &str); 8] = [
    (Level::Beginner, "new", "to"),
    (Level::Beginner, "getting", "started"),
    (Level::Beginner, "get", "started"),
    (Level::Beginner, "first", "steps"),
    (Level::Beginner, "erste", "schritte"),
    (Level::Beginner, "premiers", "pas"),
    (Level::Beginner, "primeros", "pasos"),
    (Level::Advanced, "deep", "dive"),
];

/// How much a session asks its visitors to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For newcomers.
    Beginner,
    /// For those who know the basics.
    Intermediate,
    /// For experts.
    Advanced,
}

impl Level {
    pub(super) const ALL: [Self; 3] = [Self::Beginner, Self::Intermediate, Self::Advanced];

    /// The name that is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beginner => "beginner",
            Self::Intermediate => "intermediate",
            Self::Advanced => "advanced",
        }
    }

    /// The words that say this level, in any script.
    pub(super) fn words(self) -> impl Iterator<Item = &'static str> {
        let lists = LEVELS.iter().chain(&UNSPACED_LEVELS);
        let lists = lists.filter(move |(level, _)| *level == self);
        lists.flat_map(|(_, words)| words.split_ascii_whitespace())
    }

    /// The level that a word says.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        listed(word).level
    }

    /// The level that two words say.
    pub(super) fn of_pair(first: &str, second: &str) -> Option<Self> {
        LEVEL_PAIRS
            .iter()
            .find(|(_, a, b)| *a == first && *b == second)
            .map(|&(level, _, _)| level)
    }

    /// Returns the level that a misspelt word means. A word of six letters or more may be one edit away from that of the
    /// list, but not only in its last letter; a word of nine letters or more may be two edits away.
    pub(super) fn of_misspelt(word: &str) -> Option<Self> {
        const LEAST: usize = 6;
        const LEAST_FOR_TWO_EDITS: usize = 9;
        if word.len() < LEAST || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        let most = if word.len() < LEAST_FOR_TWO_EDITS {
            1
        } else {
            2
        };
        let lists = LEVELS.iter();
        let mut all = lists
            .flat_map(|(level, words)| words.split_ascii_whitespace().map(|word| (*level, word)));
        all.find(|(_, said)| {
            said.len() >= LEAST
                && distance(word, said, most).is_some()
                && !differs_in_last_letter(word, said)
        })
        .map(|(level, _)| level)
    }

    /// The levels that stand inside a text without spaces, with their words.
    pub(super) fn inside(text: &str) -> impl Iterator<Item = (Self, &'static str)> {
        let lists: &[(Self, &str)] = if text.is_ascii() {
            &[]
        } else {
            &UNSPACED_LEVELS
        };
        let all = lists
            .iter()
            .flat_map(|(level, words)| words.split_whitespace().map(move |word| (*level, word)));
        all.filter(move |(_, word)| text.contains(word))
    }
}

/// What is known of a fixed word.
#[derive(Clone, Copy, Debug, Default)]
struct Listed {
    function: bool,
    conversation: bool,
    level: Option<Level>,
    /// For each language: its own function word, and one that is ambiguous.
    own: [bool; AMBIGUOUS.len()],
    ambiguous: [bool; AMBIGUOUS.len()],
}

/// The lists, by word: an interest asks for each of its words.
static LISTED: LazyLock<HashMap<&'static str, Listed, FixedState>> = LazyLock::new(|| {
    let mut listed: HashMap<&'static str, Listed, FixedState> = HashMap::default();
    let mut note = |words: &'static str, note: &dyn Fn(&mut Listed)| {
        for word in words.split_ascii_whitespace() {
            note(listed.entry(word).or_default());
        }
    };
    note(FUNCTION_WORDS, &|word| word.function = true);
    note(CONVERSATION, &|word| word.conversation = true);
    for (level, words) in LEVELS {
        note(words, &|word| word.level = Some(level));
    }
    for (language, (own, ambiguous)) in AMBIGUOUS.iter().enumerate() {
        note(own, &|word| word.own[language] = true);
        note(ambiguous, &|word| word.ambiguous[language] = true);
    }
    listed
});

fn listed(word: &str) -> Listed {
    LISTED.get(word).copied().unwrap_or_default()
}

/// Returns true for a function word.
pub(super) fn is_function_word(word: &str) -> bool {
    listed(word).function
}

/// Returns true for a word that says nothing of the subject.
pub(super) fn is_conversation(word: &str) -> bool {
    listed(word).conversation
}

/// Returns true for a name that is spelt like a function word, and for every single letter.
pub(super) fn is_name(word: &str) -> bool {
    (word.len() == 1 && word.as_bytes().iter().all(u8::is_ascii_alphabetic))
        || NAMES.contains(&word)
}

/// Returns true for words after which a name such as `go` is a verb.
pub(super) fn is_particle(word: &str) -> bool {
    PARTICLES.split_ascii_whitespace().any(|held| held == word)
}

/// Returns a text without what people wrap an interest in, in scripts without spaces. `None` if nothing changes.
pub(super) fn without_conversation(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut rest: Option<String> = None;
    for said in UNSPACED_CONVERSATION.split_ascii_whitespace() {
        let held = rest.as_deref().unwrap_or(text);
        if held.contains(said) {
            rest = Some(held.replace(said, " "));
        }
    }
    rest
}

/// Drops the function words of an interest, except those at places that are kept. The answer is empty if it has no other
/// words.
pub(super) fn drop_function_words(words: &mut Vec<String>, keep: impl Fn(usize) -> bool) {
    let all: Vec<Listed> = words.iter().map(|word| listed(word)).collect();
    let spoken = |language: usize| all.iter().any(|word| word.own[language]);
    let spoken: Vec<bool> = (0..AMBIGUOUS.len()).map(spoken).collect();
    let mut all = (0..).zip(all);
    words.retain(|_| {
        let (place, word) = all.next().unwrap_or_default();
        let ambiguous = word
            .ambiguous
            .iter()
            .zip(&spoken)
            .any(|(&word, &spoken)| word && spoken);
        keep(place) || (!word.function && !ambiguous)
    });
}

/// Returns true if two words have the same length and differ in their last letter only: *policy* and *police*.
pub(super) fn differs_in_last_letter(one: &str, other: &str) -> bool {
    let cut = |word: &str| word.char_indices().last().map_or(0, |(at, _)| at);
    one.get(..cut(one)) == other.get(..cut(other))
}

/// Returns true for the title of a break: what its tags and track say is not its subject.
pub(super) fn is_break(title: &str) -> bool {
    const NAMES: &[&str] = &[
        "break",
        "lunch",
        "breakfast",
        "dinner",
        "pause",
        "mittagspause",
        "kaffeepause",
        "mittagessen",
        "dejeuner",
        "almuerzo",
        "descanso",
        "registration",
    ];
    const BESIDE: &[&str] = &[
        "coffee",
        "tea",
        "morning",
        "afternoon",
        "evening",
        "short",
        "and",
        "und",
        "et",
        "cafe",
        "kaffee",
        "de",
    ];
    const LONGEST: usize = 40;
    if title.len() > LONGEST {
        return false;
    }
    let same = |word: &str, list: &[&str]| list.iter().any(|held| held.eq_ignore_ascii_case(word));
    let words = || {
        title
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
    };
    words().any(|word| same(word, NAMES))
        && words().all(|word| same(word, NAMES) || same(word, BESIDE))
}

/// Returns true for the title of a welcome or a closing: it names the room, not the subject of a talk.
pub(super) fn is_welcome(title: &str) -> bool {
    const ANYWHERE: [&str; 6] = [
        "welcome",
        "bienvenue",
        "willkommen",
        "bienvenidos",
        "accueil",
        "歡迎",
    ];
    const FIRST: [&str; 6] = [
        "opening",
        "closing",
        "ouverture",
        "cloture",
        "eroffnung",
        "abschluss",
    ];
    let same = |word: &[u8], list: &[&str]| {
        let mut list = list.iter();
        list.any(|held| held.as_bytes().eq_ignore_ascii_case(word))
    };
    let says = |words: &mut dyn Iterator<Item = &[u8]>| {
        let mut words = words.filter(|word| !word.is_empty());
        words
            .next()
            .is_some_and(|word| same(word, &FIRST) || same(word, &ANYWHERE))
            || words.any(|word| same(word, &ANYWHERE))
    };
    if title.is_ascii() {
        says(&mut title.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()))
    } else {
        let words = title.split(|c: char| !c.is_alphanumeric());
        says(&mut words.map(str::as_bytes))
    }
}
