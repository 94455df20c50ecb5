//! What a page is about: looked up once for every tab of its kind, under the word about how old it
//! is.

use super::page::Page;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::ipam::estate::ServerView;

/// What a subject names, with all that its pages tell of it.
pub(super) trait About<'w>: Sized {
    /// What the subject names; `None` where it is of another kind, or has gone.
    fn find(subject: &'w Subject, world: &'w World) -> Option<Self>;

    /// From whose readings its pages are told.
    fn sources(&self) -> impl Iterator<Item = &'w ServerView>;

    /// Fills a page about it, below what its sources have to say of their age. The page stays
    /// empty where there is nothing that it could be about.
    fn fill(
        page: &mut Page<'_>,
        subject: &'w Subject,
        world: &'w World,
        fill: impl FnOnce(&mut Page<'_>, &Self),
    ) {
        let Some(about) = Self::find(subject, world) else {
            return;
        };
        for view in about.sources() {
            page.source(world, view);
        }
        fill(page, &about);
    }
}
