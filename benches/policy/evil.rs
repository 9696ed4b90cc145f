//! Files of 1 MiB that are bad in one way each.

const MIB: usize = 1 << 20;

/// A name, and the file.
type Evil = (&'static str, fn() -> String);

pub(crate) const EVIL: [Evil; 19] = [
    ("one key, 1 MiB long", || fit("k".repeat(MIB - 20) + " = 1")),
    ("one text, 1 MiB long", || fit(format!("preset = \"{}\"", "x".repeat(MIB - 30)))),
    ("100,000 dotted keys", || many(100_000, |i| format!("a.b{i}=1\n"))),
    ("unknown keys", || many(80_000, |i| format!("capp{i} = 1\n"))),
    ("60,000 unknown lints", || {
        let lints: String = (0..60_000).map(|i| format!("low-resu{i}=1\n")).collect();
        fit(format!("[lints]\n{lints}"))
    }),
    ("unknown lints on one line", || {
        let lints: String = (0..60_000).map(|i| format!("low-resu{i}=1,")).collect();
        fit(format!("lints = {{ {lints} }}"))
    }),
    ("20,000 routes", || many(20_000, |i| format!("[[route]]\ninbound = \"/a/{i}/{{b}}\"\n"))),
    ("20,000 routes for one path", || {
        many(20_000, |_| "[[route]]\ninbound = \"/a/{b}\"\n".to_owned())
    }),
    ("20,000 bad routes", || many(20_000, |i| format!("[[route]]\ninbound = \"get {i}\"\n"))),
    // Each refused, since a name is there twice.
    ("routes of many parts", || {
        many(7_000, |i| format!("[[route]]\ninbound = \"{}{i}\"\n", "/{a}/b".repeat(20)))
    }),
    ("nested arrays", || fit(format!("a = {}", "[".repeat(MIB - 30)))),
    ("nested tables", || fit(format!("a = {}", "{a=".repeat(MIB / 3 - 20)))),
    ("arrays that never end", || many(MIB / 6, |_| "a = [\n".to_owned())),
    ("tables that never end", || many(MIB / 6, |_| "a = {\n".to_owned())),
    ("texts that never end", || many(MIB / 11, |_| "a = \"\"\"\n\"x\n".to_owned())),
    ("lines that are no TOML", || many(MIB / 2, |_| "x\n".to_owned())),
    ("one key, set 250,000 times", || many(250_000, |_| "a=1\n".to_owned())),
    ("one table, opened 250,000 times", || many(250_000, |_| "[a]\n".to_owned())),
    ("equals signs", || fit("=".repeat(MIB))),
];

fn many(count: usize, of: impl Fn(usize) -> String) -> String {
    fit((0..count).map(of).collect())
}

/// With a version, and cut to what is read of a file.
fn fit(text: String) -> String {
    let mut text = format!("version = 1\n{text}");
    text.truncate(MIB);
    text
}
