//! Amounts as Kubernetes writes them (`apimachinery/pkg/api/resource`): parsed exactly, printed in the
//! canonical form that the API server stores, so that a second apply finds nothing to change.

use std::fmt;
use std::iter::Sum;

/// An amount, exact to a billionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Quantity {
    nano: i128,
    binary: bool,
}

const NANO: i128 = 1_000_000_000;
const DECIMAL: [(&str, i128); 10] = [
    ("E", 1_000_000_000_000_000_000 * NANO),
    ("P", 1_000_000_000_000_000 * NANO),
    ("T", 1_000_000_000_000 * NANO),
    ("G", 1_000_000_000 * NANO),
    ("M", 1_000_000 * NANO),
    ("k", 1_000 * NANO),
    ("", NANO),
    ("m", 1_000_000),
    ("u", 1_000),
    ("n", 1),
];
const BINARY: [(&str, i128); 6] = [
    ("Ei", (1 << 60) * NANO),
    ("Pi", (1 << 50) * NANO),
    ("Ti", (1 << 40) * NANO),
    ("Gi", (1 << 30) * NANO),
    ("Mi", (1 << 20) * NANO),
    ("Ki", (1 << 10) * NANO),
];

impl Quantity {
    /// Parses an amount; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (unit, binary) = unit(suffix)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty())
            || fraction.contains('.')
            || whole.len() > 18
            || fraction.len() > 18
        {
            return None;
        }
        let mut nano = if whole.is_empty() { 0 } else { whole.parse::<i128>().ok()?.checked_mul(unit)? };
        if !fraction.is_empty() {
            let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            let part = fraction.parse::<i128>().ok()?.checked_mul(unit)?;
            // What is finer than a billionth is rounded up, as Kubernetes does.
            nano = nano.checked_add((part + scale - 1) / scale)?;
        }
        Some(Self { nano: if negative { -nano } else { nano }, binary })
    }
}

impl Quantity {
    /// How often this other amount covers it, a part of it counting as a whole.
    pub fn rounded_up(self, by: &str) -> i64 {
        let Some(by) = Self::parse(by).filter(|by| by.nano > 0) else { return 0 };
        let whole = (self.nano.saturating_add(by.nano - 1)).div_euclid(by.nano);
        i64::try_from(whole).unwrap_or(i64::MAX)
    }
}

fn unit(suffix: &str) -> Option<(i128, bool)> {
    let find = |table: &[(&str, i128)]| table.iter().find(|(name, _)| *name == suffix).map(|(_, unit)| *unit);
    if let Some(unit) = find(&BINARY) {
        return Some((unit, true));
    }
    if let Some(unit) = find(&DECIMAL) {
        return Some((unit, false));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    match exponent {
        0..=18 => Some((10_i128.pow(exponent.unsigned_abs()) * NANO, false)),
        -9..=-1 => Some((NANO / 10_i128.pow(exponent.unsigned_abs()), false)),
        _ => None,
    }
}

impl fmt::Display for Quantity {
    /// The canonical form: the greatest unit that leaves no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        let binary = self.binary && self.nano.abs() >= 1024 * NANO && self.nano % NANO == 0;
        let fits = |table: &'static [(&'static str, i128)]| {
            table.iter().copied().find(|(_, unit)| self.nano % unit == 0)
        };
        let (name, unit) = match binary {
            true => fits(&BINARY).unwrap_or(("", NANO)),
            false => fits(&DECIMAL).unwrap_or(("n", 1)),
        };
        write!(f, "{}{name}", self.nano / unit)
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |sum, next| Self {
            nano: sum.nano.saturating_add(next.nano),
            binary: sum.binary || next.binary,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_amount_counts_as_a_whole() {
        for (amount, by, whole) in
            [("0", "1Gi", 0), ("1Mi", "1Gi", 1), ("1Gi", "1Gi", 1), ("1025Mi", "1Gi", 2), ("250m", "1", 1)]
        {
            assert_eq!(Quantity::parse(amount).unwrap().rounded_up(by), whole, "{amount}");
        }
    }

    #[test]
    fn amounts_are_printed_as_the_api_server_stores_them() {
        for (written, stored) in [
            ("500m", "500m"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("512Ki", "512Ki"),
            ("1000Ki", "1000Ki"),
            ("1023", "1023"),
            ("1e3", "1k"),
            ("2E", "2E"),
            ("0", "0"),
            ("-1.5", "-1500m"),
            (".5Gi", "512Mi"),
            ("100M", "100M"),
        ] {
            assert_eq!(Quantity::parse(written).unwrap().to_string(), stored, "{written}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "m", "1 Gi", "1gi", "1GB", "--1", "1.2.3", "Gi", "0x10", "1e99", "1mi"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
