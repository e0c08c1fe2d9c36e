#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

use super::*;

fn kinds(text: &str) -> Vec<(Kind, &str)> {
    find_all(text)
        .into_iter()
        .map(|f| (f.kind, &text[f.start..f.end]))
        .collect()
}

/// NHS Data Dictionary, "NHS NUMBER": 943 476 5919 is its worked example.
#[test]
fn nhs_number_of_the_data_dictionary() {
    assert_eq!(nhs_check_digit(&[9, 4, 3, 4, 7, 6, 5, 9, 1]), Some(9));
    for text in [
        "9434765919",
        "943 476 5919",
        "943-476-5919",
        " 943 476 5919 ",
    ] {
        assert!(is_nhs_number(text), "{text}");
    }
    for text in [
        "9434765918",
        "943476591",
        "94347659190",
        "943 476-5919",
        "943 4765919",
        "1111111111",
        "",
        "x",
    ] {
        assert!(!is_nhs_number(text), "{text}");
    }
}

/// By hand: a remainder of 0 gives 11 and so 0; a remainder of 1 gives 10, which is never issued.
#[test]
fn nhs_check_digit_at_its_edges() {
    assert_eq!(nhs_check_digit(&[0; 9]), Some(0));
    // 6 x 2 = 12 = 1 (mod 11).
    assert_eq!(nhs_check_digit(&[0, 0, 0, 0, 0, 0, 0, 0, 6]), None);
    assert_eq!(nhs_check_digit(&[10, 0, 0, 0, 0, 0, 0, 0, 0]), None);
}

/// Each outward shape, from Royal Mail's Programmer's Guide; GIR 0AA (Girobank) is no longer in use.
#[test]
fn postcodes_of_each_shape() {
    for text in [
        "M1 1AA", "M60 1NW", "CR2 6XH", "DN55 1PT", "W1A 1HQ", "EC1A 1BB", "ec1a1bb", "M11AA",
        "M111AA", "LA1 3GD",
    ] {
        assert!(is_uk_postcode(text), "{text}");
    }
    // A barred inward letter, an area that does not exist, a sector only, a dose, an ICD-10 and a BNF code.
    for text in [
        "M1 1AC",
        "QA1 1AA",
        "EC1A 1",
        "B12 5MG",
        "E11.9",
        "0105010B0BIAAAS",
        "EC1A  1BB",
        "M1",
    ] {
        assert!(!is_uk_postcode(text), "{text}");
    }
}

#[test]
fn email_addresses() {
    for text in [
        "a@b.co",
        "john.smith+x@mail.example.ac.uk",
        "o'neill@example.com",
        "a_b@x-y.org",
    ] {
        assert!(is_email(text), "{text}");
    }
    for text in [
        "a@b",
        "@b.co",
        "a@b.c",
        "a..b@c.com",
        "a.@c.com",
        "a b@c.com",
        "p @ 0.05",
        "a@-b.com",
        "a@b.c0",
        "a@@b.com",
    ] {
        assert!(!is_email(text), "{text}");
    }
}

/// Numbers that Ofcom keeps free for drama, and an 0800 number of nine digits.
#[test]
fn telephone_numbers() {
    for text in [
        "020 7946 0018",
        "02079460018",
        "+44 20 7946 0018",
        "+44 (0)20 7946 0018",
        "0044 20 7946 0018",
        "(0151)4960853",
        "(0151) 496 0853",
        "01632 960123",
        "07700 900123",
        "07700-900-123",
        "0800 1111 00",
        "0808 157 0123",
    ] {
        assert!(is_uk_phone(text), "{text}");
    }
    for text in [
        "01-02-2020 1234",
        "2020-01-02",
        "1234567890",
        "0.1234567890",
        "00000000000",
        "0123",
        "04012345678",
        "+1 202 555 0100",
    ] {
        assert!(!is_uk_phone(text), "{text}");
    }
}

/// National Insurance Manual NIM39110: the barred prefixes, and the fictitious QQ.
#[test]
fn national_insurance_numbers() {
    for text in ["AB123456C", "AB 12 34 56 C", "ab123456c"] {
        assert!(is_national_insurance_number(text), "{text}");
    }
    for text in [
        "QQ123456C",
        "BG123456C",
        "AB123456E",
        "AO123456A",
        "AB12345C",
        "AB1234567C",
    ] {
        assert!(!is_national_insurance_number(text), "{text}");
    }
}

#[test]
fn finder_reads_running_text() {
    let text = "pt 943 476 5919 (NI AB123456C), of M1 1AA; tel +44 20 7946 0018, a.b@example.org.";
    assert_eq!(
        kinds(text),
        [
            (Kind::NhsNumber, "943 476 5919"),
            (Kind::NationalInsurance, "AB123456C"),
            (Kind::Postcode, "M1 1AA"),
            (Kind::Phone, "+44 20 7946 0018"),
            (Kind::Email, "a.b@example.org"),
        ]
    );
    // As pandas writes a whole number in a column with missing values.
    assert_eq!(kinds("3,9434765919.0,x"), [(Kind::NhsNumber, "9434765919")]);
    assert_eq!(kinds("é9434765919"), []);
    assert_eq!(
        kinds("07700900123@example.org"),
        [(Kind::Email, "07700900123@example.org")]
    );
}

/// What outputs are full of and must not be taken: p-values, dates, hashes, identifiers of genes, codes and versions.
#[test]
fn finder_leaves_statistics_alone() {
    for text in [
        "0.9434765919",
        "p = 0.01234567890",
        "2020-01-02 10:11:12",
        "bd112ab",
        "9434765919e-3",
        "1.9434765919e-12",
        "rs9434765919",
        "ENSG00000139618",
        "E11 2 I25",
        "vitamin B12 5MG",
        "deadbeef-9434765919-1",
        "x@y",
        "01/02/2020 01/02/2021",
        "95% CI 0.12 - 0.34",
        "01 02 03 04 05 06",
        "chr1:9434765919-9434765999",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn finder_has_a_limit() {
    let text = "943 476 5919\n".repeat(limits::IDENTIFIERS_FOUND + 5);
    assert_eq!(find_all(&text).len(), limits::IDENTIFIERS_FOUND);
}

/// 1,000 invented persons: every identifier of the file is found, whole and in its line.
#[test]
fn finds_the_identifiers_of_invented_persons() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/persons/gb_persons_1k.csv.gz"
    );
    let Ok(packed) = std::fs::File::open(path) else {
        // Straight to standard error: the harness keeps what a passing test prints to itself.
        std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: finds_the_identifiers_of_invented_persons: ../shared/data is absent\n",
        )
        .unwrap();
        return;
    };
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(packed));
    let mut missed = [0_u32; 4];
    let mut rows = 0_u32;
    for row in reader.records() {
        let row = row.unwrap();
        let line = row.iter().collect::<Vec<_>>().join(",");
        let found = kinds(&line);
        for (slot, (column, kind)) in missed.iter_mut().zip([
            (1, Kind::NhsNumber),
            (9, Kind::Postcode),
            (10, Kind::Phone),
            (11, Kind::Email),
        ]) {
            let value = row.get(column).unwrap();
            // The generator writes some Cardiff numbers (029) a digit short, which is no number at all.
            let national: String = value.chars().filter(char::is_ascii_digit).collect();
            let no_number = kind == Kind::Phone
                && national
                    .trim_start_matches("440")
                    .trim_start_matches("44")
                    .trim_start_matches('0')
                    .len()
                    < 10;
            if kind == Kind::Phone && !no_number {
                assert!(is_uk_phone(value));
            }
            if !value.is_empty() && !no_number && !found.contains(&(kind, value)) {
                *slot += 1;
            }
        }
        assert!(is_nhs_number(&row[1]) && is_uk_postcode(&row[9]));
        assert!(row[11].is_empty() || is_email(&row[11]));
        rows += 1;
    }
    assert_eq!((rows, missed), (1_000, [0; 4]));
}

/// 10,000 rows of practice-level prescribing (BNF codes, practice codes, costs) hold no personal identifier, but do
/// hold the practices' postcodes; nothing else may be found.
#[test]
fn finds_no_person_in_practice_level_prescribing() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/ehr/prescribing/epd_201709_e2e.csv.gz"
    );
    let Ok(packed) = std::fs::File::open(path) else {
        // Straight to standard error: the harness keeps what a passing test prints to itself.
        std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: finds_no_person_in_practice_level_prescribing: ../shared/data is absent\n",
        )
        .unwrap();
        return;
    };
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(packed)).unwrap();
    let found: Vec<_> = kinds(&text)
        .into_iter()
        .filter(|(kind, _)| *kind != Kind::Postcode)
        .collect();
    assert_eq!(found, []);
}
