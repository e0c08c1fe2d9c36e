//! Codes of routine GP work: contacts, symptoms, measurements, tests, reviews.
//!
//! Read version 2 and CTV3, five characters padded with `.`. Where a code of version 2 lives on in
//! CTV3, both are the same text.

/// A code in both Read versions, with the unit and decimal places of its value, if it has one.
pub(crate) struct Code {
    pub(crate) read2: &'static [u8],
    pub(crate) ctv3: &'static [u8],
    pub(crate) unit: &'static [u8],
    pub(crate) places: u32,
}

const fn same(code: &'static [u8]) -> Code {
    Code {
        read2: code,
        ctv3: code,
        unit: b"",
        places: 0,
    }
}

const fn value(
    read2: &'static [u8],
    ctv3: &'static [u8],
    unit: &'static [u8],
    places: u32,
) -> Code {
    Code {
        read2,
        ctv3,
        unit,
        places,
    }
}

/// Visits a year of a young, healthy person when records were complete.
pub(crate) const VISITS_BASE: f64 = 1.5;

pub(crate) const PRESSURE: Code = value(b"246..", b"XaJ2E", b"mmHg", 0);
pub(crate) const SYSTOLIC: Code = value(b"2469.", b"2469.", b"mmHg", 0);
pub(crate) const DIASTOLIC: Code = value(b"246A.", b"246A.", b"mmHg", 0);
pub(crate) const WEIGHT: Code = value(b"22A..", b"22A..", b"kg", 1);
pub(crate) const BMI: Code = value(b"22K..", b"22K..", b"kg/m2", 1);
pub(crate) const HAEMOGLOBIN: Code = value(b"423..", b"XE2m6", b"g/dL", 1);
pub(crate) const WHITE_CELLS: Code = value(b"42H..", b"XaIdY", b"10*9/L", 1);
pub(crate) const PLATELETS: Code = value(b"42P..", b"42P..", b"10*9/L", 0);
pub(crate) const CREATININE: Code = value(b"44J3.", b"XE2q5", b"umol/L", 0);
pub(crate) const SODIUM: Code = value(b"44I5.", b"XE2q0", b"mmol/L", 0);
pub(crate) const POTASSIUM: Code = value(b"44I4.", b"XE2pz", b"mmol/L", 1);
pub(crate) const EGFR: Code = value(b"451E.", b"XaK8y", b"mL/min", 0);
pub(crate) const CHOLESTEROL: Code = value(b"44P..", b"XE2eD", b"mmol/L", 1);
pub(crate) const HDL: Code = value(b"44P5.", b"44P5.", b"mmol/L", 1);
pub(crate) const TRIGLYCERIDE: Code = value(b"44Q..", b"XE2q9", b"mmol/L", 1);
pub(crate) const ALT: Code = value(b"44G3.", b"XaLJx", b"U/L", 0);
pub(crate) const ALBUMIN: Code = value(b"44M4.", b"XE2eA", b"g/L", 0);
pub(crate) const BILIRUBIN: Code = value(b"44E..", b"44E..", b"umol/L", 0);
pub(crate) const THYROID: Code = value(b"442W.", b"XaELV", b"mU/L", 1);
pub(crate) const HBA1C_PERCENT: Code = value(b"42W4.", b"XaERp", b"%", 1);
pub(crate) const HBA1C: Code = value(b"42W5.", b"XaPbt", b"mmol/mol", 1);
pub(crate) const PEAK_FLOW: Code = value(b"339A.", b"339A.", b"L/min", 0);
pub(crate) const VACCINE: Code = same(b"65E..");
pub(crate) const DIABETES_REVIEW: Code = same(b"66A..");
pub(crate) const PRESSURE_REVIEW: Code = same(b"662..");
pub(crate) const ASTHMA_REVIEW: Code = Code {
    read2: b"66YJ.",
    ctv3: b"XaIww",
    unit: b"",
    places: 0,
};
pub(crate) const COPD_REVIEW: Code = Code {
    read2: b"66YM.",
    ctv3: b"XaIet",
    unit: b"",
    places: 0,
};
pub(crate) const DEPRESSION_REVIEW: Code = Code {
    read2: b"9H91.",
    ctv3: b"XaK6d",
    unit: b"",
    places: 0,
};
pub(crate) const NEVER_SMOKED: Code = Code {
    read2: b"1371.",
    ctv3: b"XE0oh",
    unit: b"",
    places: 0,
};
pub(crate) const EX_SMOKER: Code = Code {
    read2: b"137S.",
    ctv3: b"Ub1na",
    unit: b"",
    places: 0,
};
pub(crate) const SMOKER: Code = same(b"137R.");

/// How the person and the practice met.
pub(crate) const CONTACT: [Code; 8] = [
    same(b"9N11."),
    same(b"9N11."),
    same(b"9N11."),
    same(b"9N31."),
    same(b"9N1C."),
    same(b"9N58."),
    same(b"8B3.."),
    same(b"9N2.."),
];

/// What people come with.
pub(crate) const SYMPTOM: [Code; 28] = [
    same(b"171.."),
    same(b"H05z."),
    same(b"H06z0"),
    same(b"197.."),
    same(b"182.."),
    same(b"1B1G."),
    same(b"16C.."),
    same(b"168.."),
    same(b"1B1B."),
    same(b"19F.."),
    same(b"19C.."),
    same(b"1D13."),
    same(b"1A55."),
    same(b"1C9.."),
    same(b"1M10."),
    same(b"183.."),
    same(b"173.."),
    same(b"1B13."),
    same(b"F4C0."),
    same(b"F504."),
    same(b"M03z0"),
    same(b"N245."),
    same(b"N2132"),
    same(b"S5..."),
    same(b"AB0.."),
    same(b"H01.."),
    same(b"M07z."),
    same(b"R062."),
];

/// Paper that a visit leaves behind.
pub(crate) const ADMIN: [Code; 7] = [
    same(b"9N36."),
    same(b"8H..."),
    same(b"8CB.."),
    same(b"9344."),
    same(b"9D11."),
    same(b"8BIH."),
    same(b"67E.."),
];
