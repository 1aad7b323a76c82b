//! Laws of the score: short cuts give the bits of the long way.

use eventkit::engine::ranking::score::{Number, Scorer, SumRegime, Weights};
use proptest::prelude::*;

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<f64>().prop_map(Number::Float),
        (-1000.0..1000.0).prop_map(Number::Float),
        (0..=100_u32).prop_map(|hundredths| Number::Float(f64::from(hundredths) / 100.0)),
        Just(Number::Float(-0.0)),
        (-5_i64..1000).prop_map(Number::Int),
    ]
}

/// The bits, or that it is not a number.
fn bits(number: Number) -> (bool, u64) {
    match number {
        Number::Int(value) => (true, value.cast_unsigned()),
        Number::Float(value) if value.is_nan() => (false, u64::MAX),
        Number::Float(value) => (false, value.to_bits()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_score_is_the_sum_of_the_contributions(
        interest in number(),
        popularity in number(),
        diversity in number(),
        value in number(),
        hits in 0_u32..6,
        interests in 0_usize..12,
    ) {
        for regime in SumRegime::ALL {
            let weights = Weights { interest, popularity, diversity: Some(diversity) };
            let scorer = Scorer::new(weights, interests, regime);
            let Some(parts) = scorer.contributions(hits, value) else { continue };
            let items = [parts.interest_match, parts.popularity, Number::Float(parts.diversity.unwrap_or(0.0))];
            prop_assert_eq!(bits(scorer.total(&parts)), bits(regime.sum(&items)));
        }
    }
}
