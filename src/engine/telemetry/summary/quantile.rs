//! Computes percentiles as numpy does by default: linear between two ranks, equal to the last bit.

/// The percentiles of a summary.
pub(super) const PERCENTS: [f64; 3] = [50.0, 95.0, 99.0];

/// Returns the two ranks, counted from 0, between which a percentile of `count` values lies, and the share of the way.
pub(super) fn ranks(percent: f64, count: u64) -> (u64, u64, f64) {
    let last = count.saturating_sub(1);
    let place = (percent / 100.0) * last as f64;
    #[allow(clippy::cast_sign_loss)] // A percentage of a count.
    let low = (place.floor() as u64).min(last);
    (low, (low + 1).min(last), place - place.floor())
}

/// Interpolates between two values.
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
