//! Computes percentiles as numpy does by default: linear between the two nearest ranks, to the last bit.

/// The percentiles that a summary tells.
pub(super) const PERCENTS: [f64; 3] = [50.0, 95.0, 99.0];

/// The ranks, counted from 0, that a percentile of `count` values lies between, and how far from the first.
pub(super) fn ranks(percent: f64, count: u64) -> (u64, u64, f64) {
    let last = count.saturating_sub(1);
    let place = (percent / 100.0) * last as f64;
    #[allow(clippy::cast_sign_loss)] // A percentage of a count.
    let low = (place.floor() as u64).min(last);
    (low, (low + 1).min(last), place - place.floor())
}

/// The value so far between two.
pub(super) fn between(low: f64, high: f64, part: f64) -> f64 {
    let difference = high - low;
    // From the nearer end, as numpy does.
    if part >= 0.5 {
        high - difference * (1.0 - part)
    } else {
        low + difference * part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_small_counts() {
        assert_eq!(ranks(50.0, 1), (0, 0, 0.0));
        assert_eq!(ranks(50.0, 2), (0, 1, 0.5));
        assert_eq!(ranks(50.0, 3), (1, 2, 0.0));
        assert_eq!(ranks(99.0, 101), (99, 100, 0.0));
    }
}
