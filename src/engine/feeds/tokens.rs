//! Splits the text of a cell into times of day and the words of a date.

use super::clock;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A number and how many digits it has.
    Number(i64, usize),
    Word(String),
    Mark(char),
}

/// A time of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    hour: i64,
    minute: i64,
    /// Whether it is in the second half of the day, where the cell says so.
    pub(super) half: Option<bool>,
    /// Whether it is an hour from 1 to 7, or of two digits to 5, and has no half.
    pub(super) early: bool,
}

impl Time {
    pub(super) fn ms(self, half: Option<bool>) -> i64 {
        let hour = match half {
            Some(second) => self.hour % 12 + if second { 12 } else { 0 },
            None => self.hour,
        };
        (hour * 60 + self.minute) * clock::MINUTE
    }
}

/// The times of a range, of which only the second may have `am` or `pm`: `11:30 - 1:00 pm` begins before noon.
pub(super) fn halves(
    first: Option<Time>,
    second: Option<Time>,
) -> Result<[Option<i64>; 2], &'static str> {
    let (Some(start), Some(end)) = (first, second) else {
        return Ok([first.map(|time| time.ms(time.half)), None]);
    };
    let until = end.ms(end.half);
    let begin = match (start.half, end.half) {
        (None, Some(half)) if (1..=12).contains(&start.hour) => {
            let same = start.ms(Some(half));
            if same < until {
                same
            } else {
                start.ms(Some(!half))
            }
        }
        (Some(_), None) if (1..=12).contains(&end.hour) => {
            return Err("has am or pm at its first time only");
        }
        _ => start.ms(start.half),
    };
    Ok([Some(begin), Some(until)])
}

/// Splits a cell into times and the words of a date.
pub(super) struct Reader {
    tokens: Vec<Token>,
    pub(super) times: Vec<Time>,
    /// What is no time: the words of a date.
    pub(super) words: Vec<Token>,
    /// Minutes from UTC.
    pub(super) offset: Option<i64>,
    /// Whether the times are digits alone.
    pub(super) digits: bool,
    /// Whether letters stand for a zone.
    pub(super) lettered: bool,
}

impl Reader {
    pub(super) fn new(text: &str) -> Self {
        let text = text
            .replace("a.m.", "am")
            .replace("p.m.", "pm")
            .replace("A.M.", "am")
            .replace("P.M.", "pm")
            .replace('\u{a0}', " ")
            .replace("a. m.", "am")
            .replace("p. m.", "pm");
        // `Fri May 01 2026 09:00:00 GMT+0200 (Central European Summer Time)`, as JavaScript writes it.
        let text = match text.split_once(" (") {
            Some((before, _)) if before.contains("GMT") => before,
            _ => &text,
        };
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let width = |test: fn(char) -> bool| {
                rest.find(|character| !test(character))
                    .unwrap_or(rest.len())
            };
            let length = if first.is_ascii_digit() {
                let length = width(|character| character.is_ascii_digit());
                let digits = rest.get(..length).unwrap_or_default();
                tokens.push(Token::Number(digits.parse().unwrap_or(i64::MAX), length));
                length
            } else if first.is_alphabetic() {
                let length = width(char::is_alphabetic);
                tokens.push(Token::Word(
                    rest.get(..length).unwrap_or_default().to_lowercase(),
                ));
                length
            } else {
                if !first.is_whitespace() {
                    tokens.push(Token::Mark(first));
                }
                first.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        Self {
            tokens,
            times: Vec::new(),
            words: Vec::new(),
            offset: None,
            digits: false,
            lettered: false,
        }
    }

    pub(super) fn read(&mut self) -> Result<(), &'static str> {
        if let Some(times) = bare_times(&self.tokens) {
            self.times = times;
            self.digits = true;
            return Ok(());
        }
        let mut at = 0;
        let mut half = None;
        while let Some(token) = self.tokens.get(at) {
            let rest = self.tokens.get(at..).unwrap_or_default();
            let follows = at.checked_sub(1).and_then(|before| self.tokens.get(before));
            if let Some((mut time, length)) = time_at(rest, follows)? {
                if let Some(half) = half.take().filter(|_| time.hour <= 12) {
                    (time.half, time.early) = (Some(half), false);
                }
                self.times.push(time);
                at += length;
                if let Some((offset, length)) = offset_after(&self.tokens, at)? {
                    self.offset = Some(offset);
                    at += length;
                }
                continue;
            }
            let mut length = 1;
            match token {
                Token::Word(word) if matches!(word.as_str(), "午前" | "上午" | "오전") => {
                    half = Some(false);
                }
                Token::Word(word) if matches!(word.as_str(), "午後" | "下午" | "오후") => {
                    half = Some(true);
                }
                Token::Word(word) if NOISE.contains(&word.as_str()) => {}
                Token::Word(word) if word == "utc" || word == "gmt" => {
                    (self.offset, length) = offset_at(rest)?;
                }
                Token::Word(word) if LETTERS.contains(&word.as_str()) => self.lettered = true,
                token => self.words.push(token.clone()),
            }
            at += length;
        }
        match self.times.len() {
            0..=2 => Ok(()),
            _ => Err("holds more than two times"),
        }
    }
}

/// Words that say nothing.
const NOISE: &[&str] = &[
    "at", "um", "uhr", "from", "to", "bis", "von", "of", "the", "th", "st", "nd", "rd", "t", "h",
    "er", "de", "del", "den", "le", "a", "à", "y", "and", "年", "月", "日", "分", "년", "월", "일",
    "분",
];

/// Letters that stand for a zone, and often for several.
const LETTERS: &[&str] = &[
    "cet", "cest", "met", "mez", "mesz", "bst", "wet", "eet", "eest", "msk", "est", "edt", "cst",
    "cdt", "mst", "mdt", "pst", "pdt", "et", "ct", "mt", "pt", "ist", "jst", "kst", "sgt", "hkt",
    "aest", "aedt", "acst", "acdt", "awst", "nzst", "nzdt", "brt", "sast",
];

/// Minutes from UTC: `UTC`, `GMT+1`, `UTC-05:30`; and how many tokens they are.
fn offset_at(tokens: &[Token]) -> Result<(Option<i64>, usize), &'static str> {
    let (sign, hours, minutes, length) = match tokens {
        [
            _,
            Token::Mark(sign @ ('+' | '-' | '−')),
            Token::Number(hours, 1..=2),
            Token::Mark(':'),
            Token::Number(minutes, 2),
            ..,
        ] => (*sign, *hours, *minutes, 5),
        [
            _,
            Token::Mark(sign @ ('+' | '-' | '−')),
            Token::Number(hours, 1..=2),
            ..,
        ] => (*sign, *hours, 0, 3),
        [
            _,
            Token::Mark(sign @ ('+' | '-' | '−')),
            Token::Number(both, 4),
            ..,
        ] => (*sign, both / 100, both % 100, 3),
        _ => ('+', 0, 0, 1),
    };
    if hours > 14 || minutes > 59 {
        return Err("has no offset from UTC that exists");
    }
    let total = hours * 60 + minutes;
    Ok((Some(if sign == '+' { total } else { -total }), length))
}

/// The offset right behind a time, as mail programs write it: `09:00:00 +0200`. With a minus, the time needs seconds:
/// `09:00-1000` are two times.
fn offset_after(tokens: &[Token], at: usize) -> Result<Option<(i64, usize)>, &'static str> {
    let has_seconds = matches!(
        tokens.get(at.saturating_sub(5)..at),
        Some([
            Token::Number(..),
            Token::Mark(':'),
            Token::Number(..),
            Token::Mark(':'),
            Token::Number(..)
        ])
    );
    let is_offset = match tokens.get(at..).unwrap_or_default() {
        [Token::Mark('+'), Token::Number(_, 4), ..] => true,
        [Token::Mark('-' | '−'), Token::Number(_, 4)] => has_seconds,
        _ => false,
    };
    if !is_offset {
        return Ok(None);
    }
    let (offset, length) = offset_at(tokens.get(at - 1..).unwrap_or_default())?;
    Ok(offset.map(|offset| (offset, length - 1)))
}

/// Times of four digits, `0930` or `0930-1015`, whose minutes are multiples of five: years seldom are.
fn bare_times(tokens: &[Token]) -> Option<Vec<Time>> {
    let time = |token: &Token| match token {
        Token::Number(value, 4) if value % 5 == 0 && value % 100 < 60 && *value < 2400 => {
            Some(Time {
                hour: value / 100,
                minute: value % 100,
                half: None,
                early: false,
            })
        }
        _ => None,
    };
    match tokens {
        [only] => Some(vec![time(only)?]),
        [first, Token::Mark(mark), second] if is_dash(*mark) => {
            Some(vec![time(first)?, time(second)?])
        }
        _ => None,
    }
}

fn is_dash(mark: char) -> bool {
    matches!(mark, '-' | '–' | '—' | '→' | '~' | '〜' | '～')
}

/// Programmes that run past midnight write `25:30` for half past one of the next morning.
const LATEST_HOUR: i64 = 35;

/// Reads the time of day that tokens start with: `9:30`, `09:30:00`, `9:30 pm`, `9 pm`, `9h30`. `before` is the token
/// before them.
fn time_at(
    tokens: &[Token],
    before: Option<&Token>,
) -> Result<Option<(Time, usize)>, &'static str> {
    let is_hour = |unit: &str| matches!(unit, "h" | "時" | "时" | "시" | "点");
    let (hour, minute, mut length) = match tokens {
        [Token::Number(12, 1..=2), Token::Word(noon), ..] if noon == "noon" => (12, 0, 2),
        [Token::Word(noon), ..] if matches!(noon.as_str(), "noon" | "mittags" | "midi") => {
            (12, 0, 1)
        }
        [
            Token::Number(hour, 1..=2),
            Token::Mark(':' | '：'),
            Token::Number(minute, 2),
            ..,
        ] => (*hour, *minute, 3),
        [
            Token::Number(hour, 1..=2),
            Token::Word(unit),
            Token::Number(minute, 2),
            ..,
        ] if is_hour(unit) => (*hour, *minute, 3),
        [Token::Number(hour, 1..=2), Token::Word(half), ..] if half == "am" || half == "pm" => {
            (*hour, 0, 1)
        }
        [Token::Number(hour, 1..=2), Token::Word(unit), ..] if is_hour(unit) || unit == "uhr" => {
            (*hour, 0, 2)
        }
        [
            Token::Number(hour, 1..=2),
            Token::Mark('.'),
            Token::Number(minute, 2),
            Token::Word(unit),
            ..,
        ] if matches!(unit.as_str(), "uhr" | "am" | "pm" | "h") => (
            *hour,
            *minute,
            if unit == "uhr" || unit == "h" { 4 } else { 3 },
        ),
        // `9.00-10.15` are two times, and not dates.
        [
            Token::Number(hour, 1..=2),
            Token::Mark('.'),
            Token::Number(minute, 2),
            Token::Mark(dash),
            Token::Number(_, 1..=2),
            Token::Mark('.'),
            Token::Number(_, 2),
        ] if is_dash(*dash) => (*hour, *minute, 3),
        [
            Token::Number(hour, 1..=2),
            Token::Mark('.'),
            Token::Number(minute, 2),
        ] if matches!(before, Some(Token::Mark(dash)) if is_dash(*dash)) => (*hour, *minute, 3),
        // The first hour of `9-10:30` and `9-11 am`.
        [Token::Number(hour, 1..=2), Token::Mark(dash), rest @ ..]
            if is_dash(*dash)
                && !matches!(before, Some(Token::Number(..) | Token::Mark(_)))
                && time_at(rest, None).is_ok_and(|next| next.is_some()) =>
        {
            (*hour, 0, 1)
        }
        _ => return Ok(None),
    };
    if let [Token::Mark(':'), Token::Number(_, 2), ..] = tokens.get(length..).unwrap_or_default() {
        length += 2;
    }
    let mut half = None;
    // `9:00a`, but not the Spanish `9 a 10`.
    let short = !matches!(tokens.get(length + 1), Some(Token::Number(..)));
    if let Some(Token::Word(word)) = tokens.get(length)
        && (matches!(word.as_str(), "am" | "pm") || short && matches!(word.as_str(), "a" | "p"))
    {
        // `0:00 am` is midnight.
        if hour > 12 || (hour == 0 && word.starts_with('p')) {
            return Err("is no time");
        }
        half = Some(word.starts_with('p'));
        length += 1;
    }
    if hour > LATEST_HOUR || minute > 59 {
        return Err("is no time");
    }
    let one_digit = matches!(tokens.first(), Some(Token::Number(_, 1)));
    // With two digits, `06:30` and `07:00` are plain mornings.
    let early = half.is_none() && (1..=if one_digit { 7 } else { 5 }).contains(&hour);
    Ok(Some((
        Time {
            hour,
            minute,
            half,
            early,
        },
        length,
    )))
}
