//! Direct identifiers and consent: `identity.csv`, `consent.csv`.
//!
//! Everything here is invented so that it can belong to nobody: NHS numbers begin with 9, a range
//! not issued; postcode area ZZ does not exist; phone numbers are from the ranges that Ofcom keeps
//! for drama; mail addresses end in the domains of RFC 2606.

use crate::calendar::{Calendar, Day, day};
use crate::person::Person;
use crate::rng::{Permutation, Stream, item};
use crate::write::File;

/// Header of `identity.csv`.
pub(crate) const IDENTITY: &str = "eid,nhs_number,surname,forename,address_1,address_2,town,postcode,\
date_of_birth,sex,phone,email";
/// Header of `consent.csv`.
pub(crate) const CONSENT: &str = "eid,recorded_on,level,scopes";

const SURNAMES: [&str; 64] = [
    "Abberley",
    "Alcott",
    "Ashdown",
    "Barlowe",
    "Beckwith",
    "Birtles",
    "Brackley",
    "Bramhope",
    "Caldwell",
    "Carrow",
    "Chorley",
    "Clegg",
    "Coverdale",
    "Cranmer",
    "Dacre",
    "Denholm",
    "Dunmore",
    "Eastwell",
    "Elland",
    "Fairclough",
    "Farrow",
    "Fenwick",
    "Garstang",
    "Gillow",
    "Greaves",
    "Hadleigh",
    "Harewood",
    "Haslam",
    "Hebden",
    "Holroyd",
    "Inglis",
    "Ives",
    "Jessop",
    "Kearsley",
    "Keighley",
    "Kettlewell",
    "Lampard",
    "Langdale",
    "Lathom",
    "Lockwood",
    "Marsden",
    "Mellor",
    "Merriman",
    "Naseby",
    "Nettleton",
    "Oakden",
    "Ormerod",
    "Padgett",
    "Patel",
    "Pemberton",
    "Quarmby",
    "Ramsden",
    "Rawcliffe",
    "Singh",
    "Sotheby",
    "Stainton",
    "Tarleton",
    "Thornley",
    "Underhill",
    "Vickers",
    "Wadsworth",
    "Whitworth",
    "Yarrow",
    "Zennor",
];
const MEN: [&str; 32] = [
    "Alan",
    "Andrew",
    "Anthony",
    "Barry",
    "Brian",
    "Christopher",
    "Colin",
    "David",
    "Derek",
    "Donald",
    "Edward",
    "Geoffrey",
    "George",
    "Graham",
    "Ian",
    "James",
    "John",
    "Keith",
    "Kenneth",
    "Malcolm",
    "Martin",
    "Michael",
    "Nigel",
    "Paul",
    "Peter",
    "Philip",
    "Raj",
    "Richard",
    "Robert",
    "Roger",
    "Stephen",
    "William",
];
const WOMEN: [&str; 32] = [
    "Angela",
    "Ann",
    "Barbara",
    "Brenda",
    "Carol",
    "Catherine",
    "Christine",
    "Deborah",
    "Diane",
    "Elizabeth",
    "Frances",
    "Gillian",
    "Hazel",
    "Helen",
    "Jacqueline",
    "Jane",
    "Janet",
    "Jean",
    "Joan",
    "Judith",
    "Julie",
    "Linda",
    "Margaret",
    "Mary",
    "Maureen",
    "Pamela",
    "Patricia",
    "Pauline",
    "Priya",
    "Sandra",
    "Susan",
    "Valerie",
];
const STREETS: [&str; 24] = [
    "Alder Rise",
    "Beacon View",
    "Bellmakers Row",
    "Candle Lane",
    "Cooper Fold",
    "Dyers Walk",
    "Easter Terrace",
    "Fallow Drive",
    "Glebe End",
    "Harbinger Street",
    "Ironstone Road",
    "Juniper Court",
    "Kestrel Way",
    "Lantern Hill",
    "Millrace Close",
    "Nettle Bank",
    "Orchard Gate",
    "Pinder Street",
    "Quarry Steps",
    "Rookery Lane",
    "Saltpan Road",
    "Tanners Green",
    "Umber Place",
    "Weavers Yard",
];
const TOWNS: [&str; 16] = [
    "Ambleford",
    "Brackenhythe",
    "Carrowby",
    "Dunsmouth",
    "Elmsworth",
    "Fenmarket",
    "Graystow",
    "Hartleton",
    "Inverlacken",
    "Kingsbeck",
    "Llanfallow",
    "Merrowbridge",
    "Northmere",
    "Oxwold",
    "Penharrow",
    "Stonewick",
];
const INWARD: &[u8; 20] = b"ABDEFGHJLNPQRSTUWXYZ";

/// Weights 10 to 2 on the first nine digits; eleven less the remainder of the sum by eleven. None
/// if that is ten, a number never given (NHS Data Dictionary, "NHS NUMBER").
pub(crate) fn check_digit(nine: u64) -> Option<u64> {
    let (mut sum, mut rest) = (0, nine);
    for weight in 2..=10 {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

/// The NHS number of the participant with that index: unique, begins with 9, valid.
pub(crate) fn nhs_number(numbers: &Permutation, index: u32) -> u64 {
    let valid = |eight: u64| check_digit(900_000_000 + eight).is_some();
    // Of a number and the next at least one is valid: a step of the last digit moves the sum by 2.
    let even = u64::from(index) * 10;
    let start = if valid(even) { even } else { even + 1 };
    let nine = 900_000_000 + numbers.walk(start, valid);
    nine * 10 + check_digit(nine).unwrap_or(0)
}

fn of<'a>(list: &'a [&'a str], bits: u64) -> &'a [u8] {
    item(list, bits).map_or(b"", |s| s.as_bytes())
}

/// Writes the person's identity.
pub(crate) fn write(
    p: &Person,
    s: &mut Stream,
    numbers: &Permutation,
    c: &Calendar,
    out: &mut File,
) {
    let (a, b) = (s.bits(), s.bits());
    let surname = of(&SURNAMES, a);
    let forename = of(if p.male { &MEN } else { &WOMEN }, a >> 16);
    out.int(i64::from(p.eid));
    out.int(nhs_number(numbers, p.index) as i64);
    out.text(surname);
    out.text(forename);
    crate::write::push_house(out, (a >> 24) % 180 + 1, of(&STREETS, a >> 32));
    if (a >> 40) % 10 == 0 {
        crate::write::push_house(out, (a >> 44) % 40 + 1, b"Tollgate House");
    } else {
        out.empty();
    }
    out.text(of(&TOWNS, a >> 50));
    out.part(b"ZZ");
    out.part(&[b'1' + (b % 9) as u8, b' ', b'0' + (b >> 8 & 7) as u8]);
    let letter = |n: u64| item(INWARD, n).copied().unwrap_or(b'A');
    out.text(&[letter(b >> 16), letter(b >> 24)]);
    out.iso(c, p.born);
    out.text(if p.male { b"M" } else { b"F" });
    if (b >> 32) % 100 < 93 {
        out.part(b"07700 900");
        let n = (b >> 40) % 1_000;
        out.text(&[
            b'0' + (n / 100) as u8,
            b'0' + (n / 10 % 10) as u8,
            b'0' + (n % 10) as u8,
        ]);
    } else {
        out.empty();
    }
    if (b >> 50) % 100 < 68 {
        out.part(&forename.to_ascii_lowercase());
        out.part(b".");
        out.part(&surname.to_ascii_lowercase());
        out.part(&[b'0' + (b >> 57 & 7) as u8, b'0' + (b >> 60 & 7) as u8]);
        out.text(if b >> 63 == 0 {
            b"@example.org"
        } else {
            b"@example.net"
        });
    } else {
        out.empty();
    }
    out.end_row();
}

/// First day on which consents were recorded for good.
const CONSENT_FROM: Day = day(2006, 3, 13);

/// Writes the person's consent: all agree to the core, some not to the rest.
pub(crate) fn consent(p: &Person, s: &mut Stream, c: &Calendar, out: &mut File) {
    let bits = s.bits();
    out.int(i64::from(p.eid));
    out.iso(c, p.recruited().max(CONSENT_FROM));
    out.text(b"full");
    out.part(b"health-records");
    let scopes: [(&[u8], u64, u32); 4] = [
        (b"|genomics", 985, 0),
        (b"|imaging", 950, 16),
        (b"|recontact", 840, 32),
        (b"|commercial", 900, 48),
    ];
    for (scope, share, shift) in scopes {
        if ((bits >> shift) & 0xffff) * 1_000 < share << 16 {
            out.part(scope);
        }
    }
    out.text(b"");
    out.end_row();
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn check_digits_known() {
        // 943 476 5919 is the example of the NHS Data Dictionary. 987 654 432 by hand:
        // 9*10+8*9+7*8+6*7+5*6+4*5+4*4+3*3+2*2 = 339, 339 mod 11 = 9, 11 - 9 = 2.
        assert_eq!(check_digit(943_476_591), Some(9));
        assert_eq!(check_digit(987_654_432), Some(2));
    }

    #[test]
    fn numbers_are_unique_valid_and_not_issued() {
        let p = Permutation::new(3, 2, 100_000_000);
        let mut seen = HashSet::new();
        for i in 0..20_000 {
            let n = nhs_number(&p, i);
            assert_eq!(n / 1_000_000_000, 9);
            assert_eq!(check_digit(n / 10), Some(n % 10));
            assert!(seen.insert(n));
        }
    }
}
