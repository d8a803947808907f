//! The fuzz targets over the inputs that are known: the seeds, and what `fuzz/run` has found here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rolecall_fuzz::TARGETS;

fn entries(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn each_known_input_keeps_the_promises_of_its_target() {
    for (name, check) in TARGETS {
        for kind in ["seeds", "corpus", "artifacts"] {
            for path in entries(&format!("{kind}/{name}")) {
                // Shown when the check fails.
                println!("{}", path.display());
                check(&std::fs::read(path).unwrap());
            }
        }
    }
}

#[test]
fn each_target_has_seeds_and_each_folder_of_seeds_a_target() {
    let folders: BTreeSet<String> = entries("seeds")
        .iter()
        .filter(|path| path.read_dir().unwrap().next().is_some())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(folders, TARGETS.map(|(name, _)| name.to_owned()).into());
}
