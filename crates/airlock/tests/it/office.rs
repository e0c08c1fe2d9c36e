//! Office documents and pictures, made by the tools that people use (`tests/fixtures/office`), whole, damaged and abused.

use crate::{People, expect, one};
use airlock::{Colour, Level};
use proptest::prelude::*;
use std::io::Write as _;
use std::path::Path;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/office");
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .filter(|(name, _)| name.contains('-'))
        .collect();
    files.sort();
    files
}

fn fixture(name: &str) -> Vec<u8> {
    fixtures().into_iter().find(|(n, _)| n == name).unwrap().1
}

#[test]
fn each_has_the_verdict_that_its_name_says() {
    let mut wrong = Vec::new();
    for (name, bytes) in fixtures() {
        let verdict = one("x", &bytes);
        let colour = format!("{:?}", verdict.verdict).to_lowercase();
        if !name.starts_with(&colour) {
            wrong.push(format!("{name}: {verdict:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_part_of_a_file_is_never_green() {
    for (name, bytes) in fixtures()
        .into_iter()
        .filter(|(name, _)| name.starts_with("green"))
    {
        for part in [2, 3, 10] {
            let cut = &bytes[..bytes.len() - bytes.len() / part];
            assert_ne!(
                one("x", cut).verdict,
                Colour::Green,
                "{name} without 1/{part}"
            );
        }
    }
}

#[test]
fn what_follows_the_end_is_read() {
    let rows: String = (0..40)
        .map(|n| format!("{},{}\n", People::raw_id(n), 40 + n % 30))
        .collect();
    for (name, mut bytes) in fixtures()
        .into_iter()
        .filter(|(name, _)| name.starts_with("green"))
    {
        bytes.extend_from_slice(rows.as_bytes());
        let verdict = one("x", &bytes);
        assert_eq!(verdict.verdict, Colour::Red, "{name}: {verdict:#?}");
    }
}

/// A chunk between the header and the pixels, with a checksum that is right.
fn with_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend_from_slice(name);
    chunk.extend_from_slice(data);
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..]);
    chunk.extend_from_slice(&sum.sum().to_be_bytes());
    [&png[..33], &chunk, &png[33..]].concat()
}

#[test]
fn texts_of_pictures_are_read() {
    let picture = fixture("green-bar.png");
    expect(
        Colour::Green,
        "a.png",
        &with_chunk(&picture, b"tEXt", b"Author\0made for the paper"),
    );
    let id = People::raw_id(7);
    let text = format!("Comment\0see {id}");
    expect(
        Colour::Red,
        "a.png",
        &with_chunk(&picture, b"tEXt", text.as_bytes()),
    );
    let mut packer =
        flate2::write::ZlibEncoder::new(b"Comment\0\0".to_vec(), flate2::Compression::default());
    packer.write_all(id.as_bytes()).unwrap();
    expect(
        Colour::Red,
        "a.png",
        &with_chunk(&picture, b"zTXt", &packer.finish().unwrap()),
    );
    let verdict = one(
        "a.png",
        &with_chunk(&picture, b"prVt", &[0, 1, 2, 200, 201, 202].repeat(20)),
    );
    assert_ne!(verdict.verdict, Colour::Green, "{verdict:#?}");
}

/// Every pixel's lowest bits hold a message, as steganography tools write it.
#[test]
fn a_message_in_the_lowest_bits_is_not_green() {
    let picture = fixture("green-bar.png");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let message = b"a message that is long enough to matter to somebody ".repeat(20);
    let bits = message
        .iter()
        .flat_map(|byte| (0..8).map(move |n| byte >> n & 1));
    for (sample, bit) in pixels.iter_mut().zip(bits) {
        *sample = *sample & 0xFE | bit;
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, info.width, info.height);
    encoder.set_color(info.color_type);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&pixels)
        .unwrap();
    let verdict = one("a.png", &out);
    assert_ne!(verdict.verdict, Colour::Green, "{verdict:#?}");
}

fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// One cell at the far corner: a reader that makes room for all the cells between would need terabytes.
#[test]
fn a_sheet_of_far_corners_is_read_at_its_true_size() {
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1"><v>12</v></c></row><row r="1048576"><c r="XFD1048576"><v>15</v></c></row></sheetData></worksheet>"#;
    let relations =
        r#"<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>"#;
    let book = r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#;
    let bytes = zip_of(&[
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ]);
    let _ = one("a.xlsx", &bytes);
    let open = r#"<office:document-content><table:table table:name="a"><table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"><text:p>5</text:p></table:table-cell></table:table-row></table:table></office:document-content>"#;
    let bytes = zip_of(&[
        (
            "mimetype",
            b"application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("content.xml", open.as_bytes()),
    ]);
    assert_ne!(one("a.ods", &bytes).verdict, Colour::Green);
}

#[test]
fn open_document_sheets_and_texts_are_read() {
    let row = |cells: &[&str]| {
        let cells: String = cells
            .iter()
            .map(|c| format!("<table:table-cell><text:p>{c}</text:p></table:table-cell>"))
            .collect();
        format!("<table:table-row>{cells}</table:table-row>")
    };
    let table = |small: &str| {
        format!(
            r#"<table:table table:name="T">{}{}{}</table:table>"#,
            row(&["group", "Female", "Male"]),
            row(&["A", "120", small]),
            row(&["B", "240", "180"])
        )
    };
    let file = |kind: &str, inside: &str| {
        let content = format!(
            "<office:document-content><office:body>{inside}</office:body></office:document-content>"
        );
        zip_of(&[
            (
                "mimetype",
                format!("application/vnd.oasis.opendocument.{kind}").as_bytes(),
            ),
            ("content.xml", content.as_bytes()),
        ])
    };
    for kind in ["spreadsheet", "text"] {
        expect(Colour::Green, "a.odx", &file(kind, &table("150")));
        expect(Colour::Red, "a.odx", &file(kind, &table("4")));
    }
    let deleted = "<text:tracked-changes><text:p>old words</text:p></text:tracked-changes><text:p>There were 120 participants.</text:p>";
    let verdict = expect(Colour::Amber, "a.odt", &file("text", deleted));
    assert!(
        verdict
            .reasons
            .iter()
            .any(|r| r.rule == "hidden-content" && r.level == Level::Amber)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The beginning of each format, and then anything.
    #[test]
    fn no_bytes_after_a_signature_panic(
        start in prop::sample::select(vec![
            &b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0", b"II*\0", b"MM\0*", b"BM", b"GIF89a", b"%PDF-1.4\n", b"PK\x03\x04",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf1 ",
        ]),
        rest in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = one("x", &[start, &rest].concat());
    }

    /// A file of each kind with some bytes changed.
    #[test]
    fn no_damaged_file_panics(which in 0_usize..100, at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let files = fixtures();
        let (_, mut bytes) = files[which % files.len()].clone();
        for (index, value) in at {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        let _ = one("x", &bytes);
    }

    #[test]
    fn no_sheet_panics(xml in "(<(row|c|v|/row|/c|/v|mergeCell ref=\"A1:ZZ9\"/|col min=\"1\" max=\"9\" hidden=\"1\"/)( r=\"[A-C]?[0-9]{1,3}\")?>|[0-9a-z&;]{0,5}){0,30}") {
        let sheet = format!("<worksheet><sheetData>{xml}</sheetData></worksheet>");
        let book = r#"<workbook><sheets><sheet name="a" id="r1"/></sheets></workbook>"#;
        let relations = r#"<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>"#;
        let bytes = zip_of(&[("xl/workbook.xml", book.as_bytes()), ("xl/_rels/workbook.xml.rels", relations.as_bytes()), ("xl/worksheets/sheet1.xml", sheet.as_bytes())]);
        let _ = one("a.xlsx", &bytes);
    }
}
