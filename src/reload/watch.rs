use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

/// Watches the files of a policy, on a thread of its own; made by
/// `ConnLint::watch`. Dropped, it stops.
///
/// ```ignore
/// use tower_conn_lint::{ConnLint, Policy};
///
/// let policy = Policy::from_file_or_builtin("conn-lint.toml");
/// let lint = ConnLint::builder().policy(policy).build();
/// let _watch = lint.watch();
/// ```
#[derive(Debug)]
#[must_use = "dropped, it stops watching"]
pub struct PolicyWatch {
    /// None where there is nothing to watch.
    thread: Option<(Arc<AtomicBool>, SyncSender<()>)>,
}

/// The directories that are watched: a file that is replaced is another file under its name.
struct Directories {
    files: Vec<PathBuf>,
    /// None where the system has no way to tell, or no more of it.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// Whether that is all of them: one may not be there yet.
    sees_all: bool,
}

/// Editors and orchestrators replace a file in several steps.
const QUIET: Duration = Duration::from_millis(100);

/// Where steps never end.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often files are looked at without an event: events get lost, and some file systems have
/// none.
const LOOK: Duration = Duration::from_secs(15);
const LOOK_WITHOUT_EVENTS: Duration = Duration::from_secs(1);

/// How many links lead to a file.
const LINKS: usize = 16;

// === impl PolicyWatch ===

impl PolicyWatch {
    /// Calls `look` whenever the files may have changed, and now and then. It says which files are
    /// to be watched from then on; none ends the watch.
    pub(crate) fn new(
        files: Vec<PathBuf>,
        look: impl FnMut() -> Option<Vec<PathBuf>> + Send + 'static,
    ) -> io::Result<PolicyWatch> {
        if files.is_empty() {
            return Ok(PolicyWatch { thread: None });
        }
        // One place: an event more tells nothing more.
        let (sender, events) = sync_channel(1);
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = (stopped.clone(), sender.clone());
        // Before it is returned, so that no change after that is missed.
        let directories = Directories::new(files, sender);
        let watch = move || run(directories, &events, &stopped, look);
        thread::Builder::new().name("conn-lint-policy".to_owned()).spawn(watch)?;
        Ok(PolicyWatch { thread: Some(thread) })
    }
}

impl Drop for PolicyWatch {
    fn drop(&mut self) {
        if let Some((stopped, wake)) = &self.thread {
            stopped.store(true, Ordering::Relaxed);
            _ = wake.try_send(());
        }
    }
}

fn run(
    mut directories: Directories,
    events: &Receiver<()>,
    stopped: &AtomicBool,
    mut look: impl FnMut() -> Option<Vec<PathBuf>>,
) {
    // A file may be written to while the watch is started.
    settle(events);
    while !stopped.load(Ordering::Relaxed) {
        let Some(files) = look() else { return };
        directories.files = files;
        // Links may lead elsewhere now. What happened meanwhile is an event of the next turn.
        directories.follow();
        match events.recv_timeout(directories.interval()) {
            Ok(()) => settle(events),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Waits until the steps of a replacement are done.
fn settle(events: &Receiver<()>) {
    let first = Instant::now();
    while first.elapsed() < PATIENCE && events.recv_timeout(QUIET).is_ok() {}
}

// === impl Directories ===

impl Directories {
    fn new(files: Vec<PathBuf>, sender: SyncSender<()>) -> Directories {
        let told = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !changes(event.kind)) {
                return;
            }
            _ = sender.try_send(());
        };
        let watcher = notify::recommended_watcher(told).ok();
        let mut directories =
            Directories { files, watcher, watched: BTreeSet::new(), sees_all: false };
        directories.follow();
        directories
    }

    /// Watches where the files are now, and no longer where they were.
    fn follow(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        let wanted: BTreeSet<PathBuf> =
            self.files.iter().flat_map(|file| on_the_way(file)).collect();
        for gone in self.watched.difference(&wanted) {
            _ = watcher.unwatch(gone);
        }
        // A directory may be another one under its name, so that each is asked for again.
        let all = wanted.len();
        self.watched = wanted
            .into_iter()
            .filter(|directory| watcher.watch(directory, RecursiveMode::NonRecursive).is_ok())
            .collect();
        self.sees_all = self.watched.len() == all;
    }

    fn interval(&self) -> Duration {
        if self.sees_all { LOOK } else { LOOK_WITHOUT_EVENTS }
    }
}

/// To read a file is no change, and would be told for ever.
fn changes(kind: EventKind) -> bool {
    !kind.is_access() || kind == EventKind::Access(AccessKind::Close(AccessMode::Write))
}

/// The directories of a path and of each link that it leads through: a change in any of them may
/// change what is read. A ConfigMap's file is a link through a link that is swapped.
fn on_the_way(file: &Path) -> BTreeSet<PathBuf> {
    let mut directories = BTreeSet::new();
    let mut left = LINKS;
    follow(file, &mut left, &mut directories);
    directories
}

fn follow(path: &Path, left: &mut usize, directories: &mut BTreeSet<PathBuf>) {
    let mut so_far = PathBuf::new();
    for part in path.components() {
        let parent = if so_far.as_os_str().is_empty() { Path::new(".") } else { &so_far };
        let step = parent.join(part);
        if let Ok(target) = fs::read_link(&step) {
            directories.insert(parent.to_owned());
            if *left == 0 {
                return;
            }
            *left -= 1;
            follow(&parent.join(target), left, directories);
        }
        so_far = step;
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    directories.insert(parent.unwrap_or(Path::new(".")).to_owned());
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::mpsc::channel;

    use super::*;

    /// A directory of the test's own; it ends with its value.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path =
                std::env::temp_dir().join(format!("conn-lint-{name}-{}", std::process::id()));
            _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).expect("a directory is made");
            Scratch(path)
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().expect("it is in a directory")).expect("it is made");
            fs::write(&path, text).expect("a file is written");
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    /// What a file reads each time that it is looked at, and other than before.
    fn watched(file: &Path) -> (PolicyWatch, Receiver<String>) {
        let (sender, texts) = channel();
        let mut last = None;
        let path = file.to_owned();
        let look = move || {
            let text = fs::read_to_string(&path).ok();
            if text.is_some() && text != last {
                last.clone_from(&text);
                sender.send(text.unwrap_or_default()).ok()?;
            }
            Some(vec![path.clone()])
        };
        (PolicyWatch::new(vec![file.to_owned()], look).expect("a thread starts"), texts)
    }

    /// Within the two seconds that are promised, and far below the look without an event.
    fn next(texts: &Receiver<String>) -> String {
        texts.recv_timeout(Duration::from_secs(2)).expect("the change is seen within two seconds")
    }

    #[test]
    fn a_file_that_is_written_to_or_replaced_is_seen() {
        let scratch = Scratch::new("replaced");
        let file = scratch.write("conn-lint.toml", "one");
        let (_watch, texts) = watched(&file);
        assert_eq!(next(&texts), "one");
        fs::write(&file, "two").expect("it is written in place");
        assert_eq!(next(&texts), "two");
        for text in ["three", "four"] {
            // As editors do.
            fs::rename(scratch.write("conn-lint.toml~", text), &file).expect("it is replaced");
            assert_eq!(next(&texts), text);
        }
        fs::remove_file(&file).expect("it is removed");
        fs::write(&file, "five").expect("it comes back");
        assert_eq!(next(&texts), "five");
    }

    #[test]
    fn the_swap_of_a_config_map_is_seen_each_time() {
        let scratch = Scratch::new("config-map");
        let mount = scratch.0.join("etc");
        scratch.write("etc/..2026_11_01/conn-lint.toml", "one");
        symlink("..2026_11_01", mount.join("..data")).expect("the link of the data");
        symlink("..data/conn-lint.toml", mount.join("conn-lint.toml")).expect("that of the file");
        // A service may link to the mount in its turn.
        symlink(mount.join("conn-lint.toml"), scratch.0.join("mine.toml")).expect("one more");
        let (_watch, texts) = watched(&scratch.0.join("mine.toml"));
        assert_eq!(next(&texts), "one");
        for (day, text) in [(2, "two"), (3, "three"), (4, "four")] {
            scratch.write(&format!("etc/..2026_11_0{day}/conn-lint.toml"), text);
            symlink(format!("..2026_11_0{day}"), mount.join("..data_tmp")).expect("the next one");
            fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("the swap");
            fs::remove_dir_all(mount.join(format!("..2026_11_0{}", day - 1))).expect("it goes");
            assert_eq!(next(&texts), text);
        }
    }

    #[test]
    fn a_watch_that_is_dropped_stops_looking() {
        let scratch = Scratch::new("dropped");
        let file = scratch.write("conn-lint.toml", "one");
        let (watch, texts) = watched(&file);
        assert_eq!(next(&texts), "one");
        drop(watch);
        let ended = loop {
            // Its thread drops the sender as it ends.
            match texts.recv_timeout(Duration::from_secs(5)) {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(ended, RecvTimeoutError::Disconnected);
    }

    #[test]
    fn links_that_lead_in_a_circle_end() {
        let scratch = Scratch::new("circle");
        let (one, two) = (scratch.0.join("one"), scratch.0.join("two"));
        symlink(&two, &one).expect("a link");
        symlink(&one, &two).expect("a link back");
        assert!(on_the_way(&one).contains(&scratch.0), "the directory of both");
    }
}
