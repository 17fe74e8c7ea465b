//! Finds the line that a value stands on, for evidence.

/// The number (from 1) of the line that holds byte `offset`.
pub(in crate::detect) fn at(text: &str, offset: usize) -> u32 {
    let end = offset.min(text.len());
    let count = memchr::memchr_iter(b'\n', &text.as_bytes()[..end]).count();
    u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
}

/// The first line that holds `word` as a whole word and is no comment line.
pub(in crate::detect) fn word(text: &str, word: &str) -> Option<u32> {
    let lines = text.lines().zip(1u32..);
    lines.into_iter().find(|(line, _)| !is_comment(line) && has_word(line, word)).map(|(_, number)| number)
}

/// The first line that holds `word` at or after the first line that holds `section`.
pub(in crate::detect) fn word_after(text: &str, section: &str, word: &str) -> Option<u32> {
    let start = self::word(text, section)?;
    text.lines()
        .zip(1u32..)
        .skip(start as usize - 1)
        .find(|(line, _)| !is_comment(line) && has_word(line, word))
        .map(|(_, number)| number)
        .or(Some(start))
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || (line.starts_with('#') && !line.starts_with("#:")) || line.starts_with("<!--")
}

/// Whether `word` occurs with no letter, digit, `-`, `_`, `.` or `/` attached to it; an empty one never does.
fn has_word(line: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@');
    let mut from = 0;
    while let Some(at) = line[from..].find(word) {
        let (start, end) = (from + at, from + at + word.len());
        let before = line[..start].chars().next_back();
        let after = line[end..].chars().next();
        if !before.is_some_and(part) && !after.is_some_and(part) {
            return true;
        }
        from = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_only_whole_and_never_in_a_comment() {
        let text = "# fastapi\nfastapi-ipware\nfastapi==1\n";
        assert_eq!(word(text, "fastapi"), Some(3));
        assert_eq!(word(text, "flask"), None);
        assert_eq!(word(text, ""), None);
        assert_eq!(word_after(text, "fastapi", ""), Some(3));
    }
}
