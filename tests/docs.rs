//! The documentation, held to what is there: every relative link and anchor leads somewhere, every
//! page of `docs/` is found from its index, and every command and option is one that the program's
//! own parser knows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Command, CommandFactory};

use rolecall::commands::cli::{Cli, separate_command};

const INDEX: &str = "docs/README.md";
/// The pages beside those of `docs/`; `ARCHITECTURE.md` where there is one.
const TOP: [&str; 4] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"];
const MOST_LINES_OF_README: usize = 150;

/// What stands for a value in an example, with a value that the parser takes.
const PLACEHOLDERS: [(&str, &str); 7] = [
    ("VERB", "process"),
    ("SHELL", "bash"),
    ("NAME", "bash"),
    ("FORMAT", "dotenv"),
    ("STORE", "file"),
    ("CODE", "123456"),
    ("DURATION", "1h"),
];

// --- Markdown --------------------------------------------------------------------------------

/// The parts of a page that are checked.
#[derive(Default)]
struct Page {
    /// Paragraphs, headings and tables, without their inline code.
    prose: Vec<String>,
    headings: Vec<String>,
    spans: Vec<String>,
    /// Lines of fenced blocks.
    block_lines: Vec<String>,
    lines: usize,
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Self { lines: text.lines().count(), ..Self::default() };
        let (mut paragraph, mut fence) = (String::new(), None);
        for line in text.lines().chain([""]) {
            let mark = line.trim_start().get(..3).filter(|mark| ["```", "~~~"].contains(mark));
            match (fence, mark) {
                (Some(open), Some(close)) if open == close => fence = None,
                (Some(_), _) => page.block_lines.push(line.to_owned()),
                (None, None) if !line.trim().is_empty() => {
                    page.headings.extend(heading(line));
                    paragraph += line;
                    paragraph.push('\n');
                    continue;
                }
                (None, opened) => fence = opened,
            }
            page.take_paragraph(&std::mem::take(&mut paragraph));
        }
        page
    }

    /// Takes a paragraph apart into prose and code spans: a span ends with as many backticks as it
    /// begins with (CommonMark, "Code spans").
    fn take_paragraph(&mut self, text: &str) {
        let (mut prose, mut rest) = (String::new(), text);
        while let Some(begin) = rest.find('`') {
            let inside = rest[begin..].trim_start_matches('`');
            let ticks = rest.len() - begin - inside.len();
            prose += &rest[..begin];
            match closing_ticks(inside, ticks) {
                Some(end) => {
                    // In a table a pipe is escaped, also within code.
                    self.spans.push(inside[..end].replace("\\|", "|").trim().to_owned());
                    rest = &inside[end + ticks..];
                }
                None => rest = inside,
            }
        }
        self.prose.push(prose + rest);
    }

    fn links(&self) -> Vec<String> {
        self.prose.iter().flat_map(|text| links(text)).collect()
    }

    /// Returns the names that a link to this page may have after `#`.
    fn anchors(&self) -> BTreeSet<String> {
        let mut counts = BTreeMap::new();
        let of_headings = self.headings.iter().map(|heading| {
            let slug = slug(heading);
            let count: &mut usize = counts.entry(slug.clone()).or_default();
            *count += 1;
            if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
        });
        let explicit = self.prose.iter().flat_map(|text| attributes(text, &["id", "name"]));
        of_headings.chain(explicit).collect()
    }
}

fn heading(line: &str) -> Option<String> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    ((1..=6).contains(&level) && text.starts_with(' ')).then(|| text.trim().to_owned())
}

/// Returns a heading's anchor as GitHub makes it.
fn slug(heading: &str) -> String {
    let shown = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    heading.to_lowercase().chars().filter(shown).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Finds the next run of exactly so many backticks.
fn closing_ticks(text: &str, ticks: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let begin = from + text[from..].find('`')?;
        let after = text[begin..].trim_start_matches('`');
        from = text.len() - after.len();
        if from - begin == ticks {
            return Some(begin);
        }
    }
}

/// Returns the targets of a paragraph: of links, images, definitions, and HTML.
fn links(text: &str) -> Vec<String> {
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let definition = |line: &str| {
        let (_, target) = line.trim_start().strip_prefix('[')?.split_once("]: ")?;
        target.split_whitespace().next().map(str::to_owned)
    };
    let defined = text.lines().filter_map(definition);
    let html = attributes(text, &["href", "src", "srcset"]);
    inline.map(str::to_owned).chain(defined).chain(html).collect()
}

/// Returns the values of HTML attributes.
fn attributes(text: &str, names: &[&str]) -> Vec<String> {
    let values = |name: &&str| {
        let begin = format!(" {name}=\"");
        let parts: Vec<&str> = text.split(&begin).skip(1).collect();
        parts.into_iter().filter_map(|rest| rest.split('"').next().map(str::to_owned))
    };
    names.iter().flat_map(values).collect()
}

// --- Links -----------------------------------------------------------------------------------

/// The pages, by their paths below the repository's folder.
type Pages = BTreeMap<PathBuf, Page>;

/// Resolves a link of a page: the path that it leads to, and the anchor there. `None` when it leads
/// out of the repository by a URL.
fn resolve<'a>(page: &Path, link: &'a str) -> Result<Option<(PathBuf, Option<&'a str>)>, String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return Ok(None);
    }
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link, None),
    };
    let mut resolved = if path.is_empty() { page.to_owned() } else { page.with_file_name("") };
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => resolved.push(name),
            Component::CurDir => {}
            Component::ParentDir if resolved.pop() => {}
            _ => return Err(format!("`{link}` leads out of the repository")),
        }
    }
    Ok(Some((resolved, anchor)))
}

/// Says what is wrong with a link.
fn check_link(root: &Path, page: &Path, link: &str) -> Result<(), String> {
    let Some((path, anchor)) = resolve(page, link)? else { return Ok(()) };
    let target = root.join(&path);
    if !target.exists() {
        return Err(format!("`{link}`: there is no {}", path.display()));
    }
    let Some(anchor) = anchor else { return Ok(()) };
    let text = fs::read_to_string(&target).map_err(|error| format!("`{link}`: {error}"))?;
    if Page::parse(&text).anchors().contains(anchor) {
        return Ok(());
    }
    Err(format!("`{link}`: {} has no heading for it", path.display()))
}

/// Returns the pages that links lead to from one page on.
fn reachable(pages: &Pages, from: &Path) -> BTreeSet<PathBuf> {
    let (mut found, mut open) = (BTreeSet::from([from.to_owned()]), vec![from.to_owned()]);
    while let Some(path) = open.pop() {
        let Some(page) = pages.get(&path) else { continue };
        for link in page.links() {
            if let Ok(Some((target, _))) = resolve(&path, &link) {
                if found.insert(target.clone()) {
                    open.push(target);
                }
            }
        }
    }
    found
}

// --- Commands --------------------------------------------------------------------------------

/// The rest of a name that looks like a call: it is that of a Keychain item.
const ITEM: &str = "long-term secrets";

/// Returns the calls of rolecall in a line of code, each as the text after the program's name.
fn calls(line: &str) -> Vec<&str> {
    let line = without_comment(line);
    let calls = line.match_indices("rolecall ").filter_map(|(begin, name)| {
        let before = line[..begin].chars().next_back();
        let begins = before.is_none_or(|c| c.is_whitespace() || "\"'`(|;&=".contains(c));
        begins.then(|| &line[begin + name.len()..])
    });
    calls.filter(|call| !call.starts_with(ITEM)).collect()
}

fn without_comment(line: &str) -> &str {
    let begin = if line.starts_with('#') { Some(0) } else { line.find(" #") };
    begin.map_or(line, |begin| &line[..begin])
}

/// Returns the words of a call, as far as they are rolecall's: up to the end of the command, or to
/// the `--` before another program's.
fn words(call: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = call.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => match rest[1..].split_once(first) {
                Some(parts) => parts,
                None => break,
            },
            _ => rest.split_at(
                rest.find([' ', '\t', '"', '\'', '`', ')', '|', ';', '&', '<', '>'])
                    .unwrap_or(rest.len()),
            ),
        };
        if word == "--" || word == "…" || word.is_empty() {
            break;
        }
        words.push(filled_in(word));
        match after.chars().next() {
            Some(' ' | '\t') => rest = after.trim_start(),
            _ => break,
        }
    }
    words
}

/// Puts a value in the place of what stands for one: `SHELL`, `[PROFILE]`, `[FILTER…]`.
fn filled_in(word: &str) -> String {
    let bare = word.trim_matches(['[', ']', '…']);
    let value = PLACEHOLDERS.iter().find(|(placeholder, _)| *placeholder == bare);
    value.map_or(bare, |(_, value)| *value).to_owned()
}

/// Says what the program's parser finds wrong with a call. Help is asked for with it, so that a
/// call which is shown in part, such as `rolecall exec`, misses nothing.
fn check_call(call: &str) -> Result<(), String> {
    let words = ["rolecall".to_owned()].into_iter().chain(words(call)).map(OsString::from);
    let mut words = separate_command(words.collect());
    let of_rolecall = words.iter().position(|word| word == "--").unwrap_or(words.len());
    words.insert(of_rolecall, OsString::from("--help"));
    match Cli::command().try_get_matches_from(&words).map_err(|error| error.kind()) {
        Err(ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => Ok(()),
        Ok(_) => Err(format!("`rolecall {call}`: an option takes the next one for its value")),
        Err(kind) => Err(format!("`rolecall {call}`: {kind}")),
    }
}

/// Returns the long options of a verb and of those below it.
fn options(verb: &Command) -> BTreeSet<String> {
    let own = verb.get_arguments().filter_map(|option| option.get_long()).map(str::to_owned);
    own.chain(verb.get_subcommands().flat_map(options)).collect()
}

/// Says whether inline code that is an option is none of any verb.
fn check_option(span: &str, known: &BTreeSet<String>) -> Result<(), String> {
    let Some(option) = span.strip_prefix("--").filter(|rest| !rest.is_empty()) else {
        return Ok(());
    };
    let name = option.split([' ', '=']).next().unwrap_or_default();
    if known.contains(name) { Ok(()) } else { Err(format!("no verb has the option `--{name}`")) }
}

// --- The pages as they are -------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Pages {
    let mut paths: Vec<PathBuf> = TOP.iter().map(PathBuf::from).collect();
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root().join(&path)).ok()?;
        Some((path, Page::parse(&text)))
    };
    paths.into_iter().filter_map(read).collect()
}

/// The parser as it is for help: its verbs are built when they are needed.
fn parser() -> Command {
    let mut parser = Cli::command();
    parser.build();
    parser
}

/// Fails with all that is wrong, a line each with its page.
fn assert_none(wrong: impl Iterator<Item = (PathBuf, String)>) {
    let wrong: Vec<String> =
        wrong.map(|(page, what)| format!("{}: {what}", page.display())).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_relative_link_and_anchor_exists() {
    let pages = pages();
    assert_none(pages.iter().flat_map(|(path, page)| {
        let wrong = |link: String| check_link(root(), path, &link).err();
        page.links().into_iter().filter_map(wrong).map(|what| (path.clone(), what))
    }));
}

#[test]
fn every_page_is_reached_from_the_index() {
    let pages = pages();
    let reached = reachable(&pages, Path::new(INDEX));
    let lost = pages.keys().filter(|path| path.starts_with("docs") && !reached.contains(*path));
    assert_none(lost.map(|path| (path.clone(), format!("{INDEX} does not lead to it"))));
}

#[test]
fn every_command_is_known_to_the_parser() {
    let pages = pages();
    let mut count = 0;
    let mut wrong = Vec::new();
    for (path, page) in &pages {
        let calls: Vec<&str> =
            page.block_lines.iter().chain(&page.spans).flat_map(|line| calls(line)).collect();
        count += calls.len();
        let errors = calls.into_iter().filter_map(|call| check_call(call).err());
        wrong.extend(errors.map(|what| (path.clone(), what)));
    }
    assert!(count > 100, "only {count} commands were found");
    assert_none(wrong.into_iter());
}

#[test]
fn every_option_is_one_of_a_verb() {
    let known = options(&parser());
    // The options of `cargo`, `tests/run` and others are the contributors' pages' own.
    let for_users = |path: &Path| path.starts_with("docs") || path == Path::new("README.md");
    let pages = pages();
    assert_none(pages.iter().filter(|(path, _)| for_users(path)).flat_map(|(path, page)| {
        let wrong = page.spans.iter().filter_map(|span| check_option(span, &known).err());
        wrong.map(|what| (path.clone(), what)).collect::<Vec<_>>()
    }));
}

#[test]
fn readme_stays_within_line_limit() {
    let lines = pages()[Path::new("README.md")].lines;
    assert!(lines <= MOST_LINES_OF_README, "README.md has {lines} lines");
}

// --- The checks themselves -------------------------------------------------------------------

#[test]
fn unknown_verbs_and_options_are_errors() {
    for call in [
        "frobnicate prod",
        "keys frobnicate",
        "keys mfa frobnicate x",
        "sessions frobnicate",
        "exec prod --frobnicate -- ls",
        "exec prod --frobnicate ls",
        "list -z",
        "process prod dev",
        "prompt prod",
        "env prod --shell frobnicate",
        "env prod --store pocket",
        "env prod --duration 1parsec",
        "init frobnicate",
        "--frobnicate list",
    ] {
        assert!(check_call(call).is_err(), "{call}");
    }
    for call in [
        "exec prod --read-only -- ls --frobnicate",
        "exec prod --read-only ls --frobnicate",
        "use -",
        "keys mfa",
        "--version",
    ] {
        assert_eq!(check_call(call), Ok(()), "{call}");
    }
    let known = options(&parser());
    assert!(check_option("--frobnicate NAME", &known).is_err());
    assert_eq!(check_option("--mfa-token CODE", &known), Ok(()));
    assert_eq!(check_option("--", &known), Ok(()));
}

#[test]
fn calls_are_found_in_shell_lines_and_no_prose() {
    for (line, found) in [
        ("rolecall use prod   # switches this shell with rolecall use", vec!["use prod"]),
        ("credential_process = rolecall process prod", vec!["process prod"]),
        ("eval \"$(rolecall env prod)\"", vec!["env prod"]),
        ("eval \"`rolecall env prod --shell tcsh`\"", vec!["env prod --shell tcsh"]),
        ("rolecall init fish | source", vec!["init fish"]),
        ("rolecall keys mfa add S < seed && rm seed", vec!["keys mfa add S"]),
        ("for /f %i in ('rolecall env prod --shell cmd') do @%i", vec!["env prod --shell cmd"]),
        (
            "mkdir x; rolecall init nushell | save -f (x | path join rolecall.nu)",
            vec!["init nushell"],
        ),
        ("rolecall list 'a b' --json", vec!["list a b --json"]),
        ("rolecall exec [PROFILE] -- CMD", vec!["exec PROFILE"]),
        ("rolecall init SHELL --prompt", vec!["init bash --prompt"]),
        ("command rolecall exec … &", vec!["exec"]),
        ("rolecall sessions; rolecall logout", vec!["sessions", "logout"]),
        ("# rolecall reads this", vec![]),
        ("security delete-generic-password -s 'rolecall long-term secrets'", vec![]),
        ("cargo binstall rolecall", vec![]),
        ("[custom.rolecall]", vec![]),
    ] {
        let joined: Vec<String> =
            calls(line).into_iter().map(|call| words(call).join(" ")).collect();
        assert_eq!(joined, found, "{line}");
    }
}

#[test]
fn markdown_parses_to_spans_links_blocks_and_anchors() {
    let page = Page::parse(
        "# A `b`: c!\ntext `one` [x](a.md#b \"title\") ``two ` ticks``\n\n```sh\n[no](link) `span`\n```\n\
         | `a \\| b` | ![y](p.svg) |\n\n## A b c\n\n<img src=\"q.svg\"> <a id=\"here\"></a>\n[d]: e.md\n",
    );
    assert_eq!(page.spans, ["b", "one", "two ` ticks", "a | b"]);
    assert_eq!(page.links(), ["a.md#b", "p.svg", "e.md", "q.svg"]);
    assert_eq!(page.block_lines, ["[no](link) `span`"]);
    let anchors: Vec<String> = page.anchors().into_iter().collect();
    assert_eq!(anchors, ["a-b-c", "a-b-c-1", "here"]);
}

#[test]
fn dead_links_and_lost_pages_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("docs")).unwrap();
    write("docs/README.md", "[a](a.md)\n");
    write("docs/a.md", "# Some heading\n");
    let check = |link| check_link(folder.path(), Path::new("docs/README.md"), link);
    for link in ["a.md", "./a.md#some-heading", "../docs", "https://example.com/b.md"] {
        assert_eq!(check(link), Ok(()), "{link}");
    }
    for link in ["b.md", "a.md#other", "#some-heading", "../../a.md", "/docs/a.md", "A.md"] {
        assert!(check(link).is_err(), "{link}");
    }
    let page = |text| Page::parse(text);
    let pages = Pages::from([
        ("docs/README.md".into(), page("[a](a.md)")),
        ("docs/a.md".into(), page("[back](README.md) [c](c.md)")),
        ("docs/c.md".into(), page("")),
        ("docs/lost.md".into(), page("[a](a.md)")),
    ]);
    let reached = reachable(&pages, Path::new(INDEX));
    let lost: Vec<&PathBuf> = pages.keys().filter(|path| !reached.contains(*path)).collect();
    assert_eq!(lost, [Path::new("docs/lost.md")]);
}
