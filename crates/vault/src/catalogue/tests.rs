//! The catalogue against files as UK Biobank writes them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
use super::*;

const HEADER: &str = "Path\tCategory\tFieldID\tField\tParticipants\tItems\tStability\tValueType\tUnits\tItemType\tStrata\tSexed\tInstances\tArray\tCoding\tNotes\tLink\n";

fn load(fields: &str, codings: &str) -> Result<Catalogue, CatalogueError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("dummy_Data_Dictionary_Showcase.tsv"),
        fields,
    )
    .unwrap();
    std::fs::write(dir.path().join("dummy_Codings.tsv"), codings).unwrap();
    Catalogue::load(dir.path())
}

#[test]
fn a_tab_separated_dictionary_loads() {
    let row = "A > B\t1\t4080\tPressure\t9\t9\tComplete\tInteger\tmmHg\tData\tPrimary\tUnisex\t4\t2\tNA\tx\ty\n";
    let catalogue = load(
        &format!("{HEADER}{row}"),
        "Coding\tValue\tMeaning\n5\t-1\tno\n5\t2\tyes\n6\t01\tx\n",
    )
    .unwrap();
    let field = catalogue.field(4080).unwrap();
    assert_eq!(
        (
            field.value_type,
            field.instances,
            field.arrays,
            field.coding
        ),
        (ValueType::Integer, 4, 2, None)
    );
    assert_eq!(field.units.as_deref(), Some("mmHg"));
    let coding = catalogue.coding(5).unwrap();
    assert_eq!(
        (coding.integers(), coding.negatives()),
        (Some(vec![-1, 2]), vec![-1.0])
    );
    assert_eq!(coding.meaning("2"), Some("yes"));
    // A leading zero makes another code, so the coding is text.
    assert_eq!(catalogue.coding(6).unwrap().integers(), None);
    let name = |raw: &str| catalogue.sql_name(FieldColumn::parse(raw).unwrap());
    assert_eq!(
        (name("4080-0.1"), name("77-0.0")),
        ("p4080_i0_a1".to_owned(), "p77_i0_a0".to_owned())
    );
}

#[test]
fn a_bad_line_is_told_with_its_place() {
    let row = "A\t1\t31\tSex\t9\t9\tComplete\tColour\t\tData\tPrimary\tUnisex\t1\t1\t\t\t\n";
    let error = load(&format!("{HEADER}{row}"), "Coding\tValue\tMeaning\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("dummy_Data_Dictionary_Showcase.tsv:2: expected a ValueType"),
        "{error}"
    );
    let error = load(HEADER, "Coding\tValue\n").unwrap_err().to_string();
    assert!(
        error.starts_with("dummy_Codings.tsv:1: expected a column Meaning"),
        "{error}"
    );
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(
        Catalogue::load(empty.path()),
        Err(CatalogueError::Absent(_))
    ));
}
