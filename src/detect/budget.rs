//! How many sources of a component are searched: all components share one bound.

/// A component with few sources is not short of any because another has very many.
const FEWEST: usize = 12;

/// The number of sources up to which each component is searched, so that together they stay within `all`:
/// what small components leave of their share goes to the larger ones.
pub(super) fn share(sources: impl IntoIterator<Item = usize>, all: usize) -> usize {
    let mut sources: Vec<usize> = sources.into_iter().collect();
    sources.sort_unstable();
    let mut left = all;
    for (index, count) in sources.iter().enumerate() {
        let share = left / (sources.len() - index);
        if *count > share {
            return share.max(FEWEST);
        }
        left -= count;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn large_components_take_what_small_ones_leave() {
        assert_eq!(share([10, 1000, 20], 830), 800);
        assert_eq!(share([500, 600, 700], 900), 300);
        assert_eq!(share([400, 400], 800), usize::MAX);
        assert_eq!(share([], 800), usize::MAX);
        assert_eq!(share([100; 200], 800), 12);
    }
}
