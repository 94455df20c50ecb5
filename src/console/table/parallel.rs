//! How work on many rows is shared by the processor's cores.

use std::ops::Range;
use std::sync::OnceLock;
use std::thread;

/// Does work on `0..total` in shares of at least `least`, at most four at a time, and gives back
/// what came of each, in order. What is small is done here and now.
pub fn split<T: Send>(
    total: usize,
    least: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Vec<T> {
    // Asking for the number reads files, which takes longer than many a search.
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from));
    let shares = cores.min(4).min(total / least.max(1)).max(1);
    let share = total.div_ceil(shares);
    let range = move |number: usize| (number * share).min(total)..((number + 1) * share).min(total);
    if shares == 1 {
        return vec![work(0..total)];
    }
    thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = (1..shares)
            .map(|number| {
                let begun = thread::Builder::new().spawn_scoped(scope, move || work(range(number)));
                (number, begun)
            })
            .collect();
        let mut done = vec![work(range(0))];
        for (number, begun) in others {
            // Where no thread was to be had, the work is done here.
            let ended = begun.ok().and_then(|thread| thread.join().ok());
            done.push(ended.unwrap_or_else(|| work(range(number))));
        }
        done
    })
}

/// Does two things to two pieces of memory, at once where that can be.
pub fn both<A: Send + ?Sized, B: ?Sized>(
    one: &mut A,
    to_one: impl Fn(&mut A) + Send + Sync,
    other: &mut B,
    to_other: impl FnOnce(&mut B),
) {
    let done = thread::scope(|scope| {
        let one = &mut *one;
        let begun = thread::Builder::new().spawn_scoped(scope, || to_one(one));
        to_other(other);
        begun.is_ok_and(|thread| thread.join().is_ok())
    });
    // There was no thread to be had.
    if !done {
        to_one(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_done_once_and_in_order() {
        for total in [0, 1, 2, 3, 10, 1001] {
            let pieces = split(total, 1, Iterator::collect::<Vec<usize>>);
            assert_eq!(pieces.concat(), (0..total).collect::<Vec<_>>());
        }
    }
}
