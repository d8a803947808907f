//! Patterns of names.

/// Returns whether a pattern matches a whole name: `*` any text, `?` any one character, capital
/// letters or not.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    // Where the last star stands, and where the text that it takes ends: on a mismatch it takes one
    // character more.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, wanted) in [
            ("*prod*", "prod", true),
            ("*prod*", "a-prod-b", true),
            ("*prod*", "Production", true),
            ("*prod*", "pro", false),
            ("prod", "prod", true),
            ("prod", "prod2", false),
            ("prod?", "prod2", true),
            ("prod?", "prod", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("**a*b*", "xxaxxbxa", true),
            ("*é", "café", true),
            ("a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
