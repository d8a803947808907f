//! Arrows point down only: no module uses one of a floor above it, and no files use each other in a
//! circle.
//!
//! The floors are those of `ARCHITECTURE.md`. What counts is what the text says: the `use` lines and
//! the paths that begin with `crate`, `super` or `self`, outside of tests. A `pub use` is no use, it
//! is a module's table of contents, and leads on to the file that it names.

#![allow(clippy::unwrap_used, reason = "a test ends where its files cannot be read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The top-level modules, from the ground up.
const FLOORS: [&[&str]; 5] = [
    &["error", "hint", "platform", "system", "text"],
    &["aws", "chain", "config"],
    &[
        "audit",
        "clients",
        "executor",
        "other_stores",
        "prompt",
        "servers",
        "settings",
        "sources",
        "store",
    ],
    &["app", "completion", "output", "picker", "shell", "ui"],
    &["commands"],
];

/// Files by their module paths: `["chain", "role", "call"]`; the empty path is `lib.rs`.
struct House {
    files: BTreeMap<Vec<String>, PathBuf>,
    /// What a module re-exports: by module and name, the module that has it.
    exports: BTreeMap<(Vec<String>, String), Vec<String>>,
    /// Which files a file uses, and by which path.
    arrows: BTreeMap<Vec<String>, BTreeMap<Vec<String>, String>>,
}

impl House {
    fn read(source: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(source, &[], &mut files);
        let mut house = Self { files, exports: BTreeMap::new(), arrows: BTreeMap::new() };
        let texts: Vec<(Vec<String>, String)> = house
            .files
            .iter()
            .map(|(module, path)| (module.clone(), code(&fs::read_to_string(path).unwrap())))
            .collect();
        for (module, text) in &texts {
            for path in uses(text, Export::Only) {
                if let Some(absolute) = absolute(module, &path) {
                    let (last, parent) = absolute.split_last().unwrap();
                    house.exports.insert((module.clone(), last.clone()), parent.to_vec());
                }
            }
        }
        for (module, text) in &texts {
            let paths = uses(text, Export::Not).into_iter().chain(inline_paths(text));
            for path in paths {
                let Some(absolute) = absolute(module, &path) else { continue };
                if let Some(file) = house.file_of(&absolute).filter(|file| file != module) {
                    let arrows = house.arrows.entry(module.clone()).or_default();
                    arrows.insert(file, path.join("::"));
                }
            }
        }
        house
    }

    /// Returns the module whose file has what a path names.
    fn file_of(&self, path: &[String]) -> Option<Vec<String>> {
        let mut path = path.to_vec();
        // A re-export leads on; none leads on without end.
        for _ in 0..8 {
            let depth = (1..=path.len()).rev().find(|&n| self.files.contains_key(&path[..n]))?;
            let module = path[..depth].to_vec();
            let Some(item) = path.get(depth) else { return Some(module) };
            let Some(parent) = self.exports.get(&(module.clone(), item.clone())) else {
                return Some(module);
            };
            let rest = path[depth..].to_vec();
            path = parent.iter().cloned().chain(rest).collect();
        }
        None
    }

    /// Returns the arrows that point to a floor above, and those between top-level modules.
    fn arrows_up(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (from, targets) in &self.arrows {
            for (to, path) in targets {
                let (Some(a), Some(b)) = (floor_of(from), floor_of(to)) else { continue };
                if b > a {
                    wrong.push(format!("{} uses {path}, which is above it", from.join("::")));
                }
            }
        }
        wrong
    }

    /// Returns the circles of files, and of top-level modules.
    fn circles(&self) -> Vec<String> {
        let files: BTreeMap<String, BTreeSet<String>> = self
            .arrows
            .iter()
            .map(|(from, to)| (from.join("::"), to.keys().map(|one| one.join("::")).collect()))
            .collect();
        let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, targets) in &self.arrows {
            let Some(from) = from.first() else { continue };
            let others = targets.keys().filter_map(|to| to.first()).filter(|to| *to != from);
            modules.entry(from.clone()).or_default().extend(others.cloned());
        }
        [files, modules].iter().flat_map(circles).collect()
    }
}

fn floor_of(module: &[String]) -> Option<usize> {
    let first = module.first()?;
    FLOORS.iter().position(|floor| floor.contains(&first.as_str()))
}

/// Finds each group of nodes that reach one another, written with a way round.
fn circles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let reach = |from: &String| {
        let mut seen: BTreeSet<&String> = BTreeSet::new();
        let mut next: Vec<&String> = graph.get(from).into_iter().flatten().collect();
        while let Some(node) = next.pop() {
            if seen.insert(node) {
                next.extend(graph.get(node).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|node| (node, reach(node))).collect();
    let mut groups: BTreeSet<BTreeSet<&String>> = BTreeSet::new();
    for (node, seen) in reached.iter().filter(|(node, seen)| seen.contains(*node)) {
        let back = |one: &&&String| reached.get(**one).is_some_and(|more| more.contains(node));
        groups.insert(seen.iter().filter(back).copied().collect());
    }
    let show = |group: &BTreeSet<&String>| {
        group.iter().map(|node| node.as_str()).collect::<Vec<_>>().join(", ")
    };
    groups.iter().map(|group| format!("a circle: {}", show(group))).collect()
}

fn collect(folder: &Path, module: &[String], files: &mut BTreeMap<Vec<String>, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let inner = || module.iter().cloned().chain([name.clone()]).collect::<Vec<_>>();
        let is_test = name == "tests" || name.ends_with("_tests");
        if is_test || name == "main" {
            continue;
        }
        if path.is_dir() {
            collect(&path, &inner(), files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let module = if name == "mod" || name == "lib" { module.to_vec() } else { inner() };
            files.insert(module, path);
        }
    }
}

/// Returns a file's code: without comments, texts and tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        // A module of tests in a file of its own, and what only tests use.
        if line.trim_start().starts_with("#[cfg(test)]") {
            lines.next();
            continue;
        }
        let line = line.split("//").next().unwrap();
        // What stands between quotes on one line is no path.
        let parts: Vec<&str> = line.split('"').step_by(2).collect();
        code += &parts.join("\"\"");
        code.push('\n');
    }
    code
}

/// Whether a `use` is public.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Export {
    Only,
    Not,
}

/// Returns the paths of the `use` lines, groups taken apart.
fn uses(code: &str, export: Export) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for statement in code.split(';') {
        let Some(at) = statement.rfind("use ") else { continue };
        let before = statement[..at].trim_end();
        let public = before.ends_with("pub") || before.ends_with(')') && before.contains("pub(");
        let begins = before.is_empty() || before.ends_with(['}', ']', '\n', '{']) || public;
        if begins && public == (export == Export::Only) {
            expand(&statement[at + 4..], &[], &mut paths);
        }
    }
    paths
}

/// Takes `a::{b, c::{d, e}}` apart.
fn expand(tree: &str, prefix: &[String], paths: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let head = segments(&tree[..open]);
        let prefix: Vec<String> = prefix.iter().cloned().chain(head).collect();
        let inside = tree[open + 1..].strip_suffix('}').unwrap_or(&tree[open + 1..]);
        let (mut depth, mut begin) = (0, 0);
        for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    let item = inside[begin..at].trim();
                    if !item.is_empty() {
                        expand(item, &prefix, paths);
                    }
                    begin = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let name = tree.split(" as ").next().unwrap();
    let mut path: Vec<String> = prefix.iter().cloned().chain(segments(name)).collect();
    if path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    paths.push(path);
}

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Returns the paths that stand in the code itself: `crate::hint::word`.
fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for begin in ["crate::", "super::"] {
        for (at, _) in code.match_indices(begin) {
            let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            if code[..at].chars().next_back().is_some_and(is_part) {
                continue;
            }
            let path: String = code[at..].chars().take_while(|c| is_part(*c)).collect();
            paths.push(segments(&path));
        }
    }
    paths
}

/// Returns a path from the crate's root; `None` for another crate's.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let first = path.first()?.as_str();
    match first {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some(module.iter().chain(&path[1..]).cloned().collect()),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let parent = module.len().checked_sub(ups)?;
            Some(module[..parent].iter().chain(&path[ups..]).cloned().collect())
        }
        // A child of this module, as in `use walk::Executor`.
        _ => Some(module.iter().chain(path).cloned().collect()),
    }
    .filter(|absolute| !absolute.is_empty())
}

#[test]
fn arrows_point_down_only() {
    let house = House::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(house.files.len() > 100, "{} files", house.files.len());
    let known: BTreeSet<&str> = FLOORS.iter().flat_map(|floor| floor.iter().copied()).collect();
    let there: BTreeSet<&str> =
        house.files.keys().filter_map(|module| module.first()).map(String::as_str).collect();
    assert_eq!(known, there, "each top-level module has a floor");
    let wrong: Vec<String> = house.arrows_up().into_iter().chain(house.circles()).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Reads a house of a few files.
fn small(files: &[(&str, &str)]) -> House {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    House::read(folder.path())
}

#[test]
fn arrow_up_is_found_in_each_spelling() {
    for line in [
        "use crate::ui::Ui;",
        "use crate::{hint, ui::Ui};",
        "use crate::{\n    hint,\n    ui::{self, Ui},\n};",
        "pub fn f() { crate::ui::show() }",
        "use super::ui;",
    ] {
        let house = small(&[("hint.rs", ""), ("ui.rs", ""), ("store/mod.rs", line)]);
        assert_eq!(house.arrows_up().len(), 1, "{line}");
    }
}

#[test]
fn comments_strings_tests_and_other_crates_are_no_arrows() {
    for text in [
        "// use crate::ui::Ui;",
        "const TEXT: &str = \"crate::ui::Ui\";",
        "#[cfg(test)]\nmod tests {\n    use crate::ui::Ui;\n}",
        "#[cfg(test)]\nuse crate::ui::Ui;",
        "use other::ui::Ui;",
        "use crate::hint::ui;",
    ] {
        let house = small(&[("hint.rs", ""), ("ui.rs", ""), ("store.rs", text)]);
        assert_eq!(house.arrows_up(), [""; 0], "{text}");
    }
}

#[test]
fn circle_of_files_and_of_modules_is_found() {
    let inside = small(&[
        ("chain/mod.rs", "mod a;\nmod b;\npub use a::A;"),
        ("chain/a.rs", "use super::b::B;"),
        ("chain/b.rs", "use crate::chain::A;"),
    ]);
    assert_eq!(inside.circles(), ["a circle: chain::a, chain::b"]);
    let between = small(&[
        ("store/one.rs", "use crate::sources::two;"),
        ("sources/three.rs", "use crate::store::four;"),
        ("sources/two.rs", ""),
        ("store/four.rs", ""),
    ]);
    assert_eq!(between.circles(), ["a circle: sources, store"]);
}
