//! The words by which columns and rows are known: names that biobanks, statistics programs and people give them.
//!
//! Lists only, each a set of single words and of whole names joined by underscores; `roles` says how they are used.

use std::collections::HashMap;
use std::sync::LazyLock;

const IDENTIFIER: &str = "
    eid iid fid pid nhs_number nhs_no nhsnumber chi_number participant_id patient_id person_id
    subject_id participantid patientid personid subjectid participant pseudonym pseudo_id study_id
    n_eid f_eid app_eid encrypted_hesid token_person_id nhsno hesid individual_id sample_id
    sampleid id_1 id_2";

const PERSONAL: &str = "
    surname forename first_name last_name given_name family_name middle_name full_name maiden_name
    patient_name address address_1 address_2 address_3 address_4 home_address postcode post_code
    postal_code zip phone telephone mobile email e_mail email_address phone_number nino
    national_insurance_number passport";

const BIRTH: &str = "
    dob date_of_birth birth_date birthdate dateofbirth birth_dt dt_of_birth date_birth dobirth";

const PERCENT: &str = "
    percent percentage pct perc per_cent";

const PROPORTION: &str = "
    proportion prop fraction frac share";

const EXTREME: &str = "
    min minimum max maximum smallest largest lowest highest range youngest oldest";

const QUANTILE: &str = "
    quantile percentile q1 q3 iqr lq uq p1 p5 p10 p25 p75 p90 p95 p99 centile";

const COUNT: &str = "
    n count counts cnt freq frequency frequencies total totals people persons patients participants
    number num no nr cases controls deaths died obs nobs observations subjects individuals members
    denominator numerator size respondents population headcount events men women males females all
    overall base survivors withdrawn missing nonmissing exposed unexposed alive dead enrolled
    admissions diagnoses anzahl effectif nombre numero personen patienten ac an mac ct cts support n_risk nrisk at_risk atrisk n_at_risk number_at_risk
    carriers observed";

/// Statistics whose name is a letter or two: believed only in a name of at most two words.
const SHORT_STATISTIC: &str = "
    p z t f q r or hr rr sd se ci ll lr i2 r2 h2 ns rg";

/// Things that settings of programs and models have numbers of, or smallest and largest values of: no people.
const SETTING: &str = "
    depth iter iters iterations jobs estimators folds splits leaf leaves split clusters components
    neighbors neighbours trees layers epochs steps seeds chains knots lags threads cores workers
    repeats bootstraps permutations features parameters params covariates predictors models
    variables snp snps nsnp nsnps variants loci studies tests child delta rounds tokens memory
    length nodes hidden units";

const STATISTIC: &str = "
    log10p mlog10p a1freq a1_freq chisq
    mean means average avg median std stdev stderr sem err error coef coeff coefs coefficient
    coefficients beta betas estimate estimates est pval pvalue pvalues pr padj chi chisq chi2 odds
    hazard ratio lower upper low high lcl ucl lci uci conf confidence interval variance var rate
    rates incidence prevalence slope intercept auc auroc roc aic bic loglik loglikelihood deviance
    rsq rsquared adj rmse mse mae accuracy precision recall sensitivity specificity ppv npv f1 het
    tau skew skewness kurtosis exp log log10 effect diff difference smd wald lambda statistic stat
    tstat zstat rho corr correlation cor pearson spearman kappa importance gain vif threshold
    cutoff dof df survival cumhaz heterogeneity weighted adjusted standardised standardized risk
    cmp fpr tpr tnr fnr brier alpha power logodds scale
    fdr qval qvalue bonferroni b egger weight weights zstat ratio_test mittelwert standardabweichung moyenne ecart
    media desviacion koeffizient
    likelihood expected lwr upr maf af info eaf rank loss lift calibration c_index cindex se2 mean_diff sumsq ss ms";

/// Words of statistics that are also names of groups (`F`, `low`): over whole numbers they are not believed.
const AMBIGUOUS: &str = "
    p z t f q r or hr rr sd se ci ll lr i2 r2 h2 ns low high lower upper risk gain loss info exp
    log error lift weighted adjusted conf threshold incidence prevalence survival difference effect
    precision recall test rate rates adj het exposure";

const AMOUNT: &str = "
    items quantity cost costs amount price nic adqusage volume spend pounds gbp tariff bytes
    nsnp nsnps seconds years pyears person_years personyears py";

const PER_PERSON: &str = "
    predicted prediction predictions pred yhat y_pred y_true residual residuals resid fitted prob
    probability score prs embedding emb latent logits leverage cooks";

const ATTRIBUTE: &str = "
    sex gender age ethnicity ethnic height weight bmi sbp dbp systolic diastolic cholesterol ldl
    hdl triglycerides hba1c glucose pulse smoking smoker alcohol income education occupation
    diagnosis diabetes birth yob religion marital townsend imd waist hip creatinine crp haemoglobin
    status genotype phenotype medication drug dose operation";

const LABEL: &str = "
    genpos
    group groups band category level levels year month week quarter period region country site
    centre center decile quintile tertile quartile code codes icd10 icd read ctv3 snomed bnf opcs4
    term terms variable variables var1 model outcome exposure name label field fields description
    trait trait1 trait2 phenotype1 phenotype2
    meaning chapter chromosome chr chrom snp rsid pos bp allele allele0 allele1 a1 a2 gene
    iteration epoch step index order characteristic measure metric statistics cohort subgroup
    stratum strata bin practice hospital trust provider organisation organization pharmacy office
    team unit units type kind class feature predictor covariate parameter parameters package
    version file table column instance array coding value values marker test method row fold split
    trial snps genes concept dmd altersgruppe gruppe groupe grupo geschlecht sexe sexo kategorie categorie";

/// Labels that are numbers themselves. Other labels over whole numbers are groups whose people are counted.
const NUMBERED: &str = "
    genpos
    year month week quarter period code codes decile quintile tertile quartile chromosome chr chrom
    pos bp iteration epoch step index order level levels group groups band bin field instance array
    coding icd chapter stratum row fold split trial";

const DATE: &str = "
    date time datetime timestamp day dt admidate disdate epistart opdate event_dt issue_date";

/// Columns of lists of codes and of data dictionaries, which tell of no one.
const DICTIONARY: &str = "
    code codes description meaning label term field variable coding definition category units gene
    snp rsid icd10 snomed read bnf package version concept ctv3 opcs4";

/// Words of organisations: a postcode or an address beside them is theirs.
const ORGANISATION: &str = "
    practice hospital trust provider organisation organization pharmacy surgery clinic ccg pco icb
    supplier institution university school";

/// A list of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum List {
    Identifier = 1 << 0,
    Personal = 1 << 1,
    Birth = 1 << 2,
    Percent = 1 << 3,
    Proportion = 1 << 4,
    Extreme = 1 << 5,
    Quantile = 1 << 6,
    Count = 1 << 7,
    ShortStatistic = 1 << 8,
    Statistic = 1 << 9,
    Ambiguous = 1 << 10,
    Amount = 1 << 11,
    PerPerson = 1 << 12,
    Attribute = 1 << 13,
    Label = 1 << 14,
    Numbered = 1 << 15,
    Date = 1 << 16,
    Dictionary = 1 << 17,
    Organisation = 1 << 18,
    Setting = 1 << 19,
}

/// Each word with the lists that it is in, as bits.
static LISTS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let lists = [
        (IDENTIFIER, List::Identifier),
        (PERSONAL, List::Personal),
        (BIRTH, List::Birth),
        (PERCENT, List::Percent),
        (PROPORTION, List::Proportion),
        (EXTREME, List::Extreme),
        (QUANTILE, List::Quantile),
        (COUNT, List::Count),
        (SHORT_STATISTIC, List::ShortStatistic),
        (STATISTIC, List::Statistic),
        (AMBIGUOUS, List::Ambiguous),
        (AMOUNT, List::Amount),
        (PER_PERSON, List::PerPerson),
        (ATTRIBUTE, List::Attribute),
        (LABEL, List::Label),
        (NUMBERED, List::Numbered),
        (DATE, List::Date),
        (DICTIONARY, List::Dictionary),
        (ORGANISATION, List::Organisation),
        (SETTING, List::Setting),
    ];
    let mut words = HashMap::new();
    for (text, list) in lists {
        for word in text.split_whitespace() {
            *words.entry(word).or_default() |= list as u32;
        }
    }
    words
});

/// Whether a word, or a whole name joined by underscores, is in a list.
pub(crate) fn is_in(word: &str, list: List) -> bool {
    LISTS
        .get(word)
        .is_some_and(|lists| lists & list as u32 != 0)
}
