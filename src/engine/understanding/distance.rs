//! Finds words that differ by one or two edits: a letter more, less or other, or two neighbours swapped.

/// The longest word that is looked for, in bytes.
pub(super) const LONGEST: usize = 31;

/// An automaton that accepts what is at most `most` edits of bytes away from a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near<'w> {
    word: &'w [u8],
    most: u8,
}

impl<'w> Near<'w> {
    /// `None` for words that are too long.
    pub(super) fn new(word: &'w str, most: u8) -> Option<Self> {
        (word.len() <= LONGEST).then_some(Self {
            word: word.as_bytes(),
            most,
        })
    }
}

/// Two rows of the table of distances: those of the last two prefixes of what was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    row: [u8; LONGEST + 1],
    before: [u8; LONGEST + 1],
    byte: u8,
    read: u8,
}

impl Near<'_> {
    /// Returns the state before the first byte.
    pub(super) fn start(&self) -> Rows {
        let mut row = [u8::MAX / 2; LONGEST + 1];
        for (distance, cell) in (0..=self.word.len() as u8).zip(&mut row) {
            *cell = distance;
        }
        Rows {
            row,
            before: [u8::MAX / 2; LONGEST + 1],
            byte: 0,
            read: 0,
        }
    }

    /// Returns true if what was read is near.
    pub(super) fn is_match(&self, rows: &Rows) -> bool {
        rows.row
            .get(self.word.len())
            .is_some_and(|&distance| distance <= self.most)
    }

    /// Returns false if nothing that starts with what was read is near.
    pub(super) fn can_match(&self, rows: &Rows) -> bool {
        let least = |row: &[u8]| row.iter().copied().min().unwrap_or(u8::MAX);
        let held = self.word.len() + 1;
        least(rows.row.get(..held).unwrap_or_default()) <= self.most
            || least(rows.before.get(..held).unwrap_or_default()) < self.most
    }

    /// Reads a byte.
    pub(super) fn accept(&self, rows: &Rows, byte: u8) -> Rows {
        let mut next = [u8::MAX / 2; LONGEST + 1];
        let mut left = rows.read.saturating_add(1).min(u8::MAX / 2);
        next[0] = left;
        let mut previous = 0;
        for (at, &wanted) in self.word.iter().enumerate() {
            let [diagonal, above] = [rows.row[at], rows.row[at + 1]];
            let mut cell = (diagonal + u8::from(wanted != byte))
                .min(above + 1)
                .min(left + 1);
            if at > 0 && rows.read > 0 && wanted == rows.byte && previous == byte {
                cell = cell.min(rows.before[at - 1] + 1);
            }
            next[at + 1] = cell.min(u8::MAX / 2);
            left = next[at + 1];
            previous = wanted;
        }
        Rows {
            row: next,
            before: rows.row,
            byte,
            read: rows.read.saturating_add(1),
        }
    }
}

/// Returns how many edits of characters apart two words are; `None` if there are more than `most`.
pub(super) fn distance(one: &str, other: &str, most: usize) -> Option<usize> {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut cell = (row[j] + usize::from(a != b))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if i > 0 && j > 0 && one[i - 1] == *b && other[j - 1] == *a {
                cell = cell.min(before[j - 1] + 1);
            }
            next.push(cell);
        }
        before = core::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|&distance| distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(word: &str, most: u8, text: &str) -> bool {
        let near = Near::new(word, most).expect("short");
        let mut rows = near.start();
        for byte in text.bytes() {
            if !near.can_match(&rows) {
                return false;
            }
            rows = near.accept(&rows, byte);
        }
        near.is_match(&rows)
    }

    #[test]
    fn the_automaton_and_the_table_agree() {
        let words = [
            "",
            "a",
            "python",
            "pyhton",
            "pythons",
            "kubernetes",
            "kuberntes",
            "kubrnets",
            "ypthon",
            "android",
            "andriod",
        ];
        for one in words {
            for other in words {
                for most in 0..3_u8 {
                    let expected = distance(one, other, most.into()).is_some();
                    assert_eq!(accepts(one, most, other), expected, "{one} {other} {most}");
                }
            }
        }
        assert_eq!(distance("pyhton", "python", 2), Some(1));
        assert_eq!(distance("llm", "llvm", 2), Some(1));
    }
}
