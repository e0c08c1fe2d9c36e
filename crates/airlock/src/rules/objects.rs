//! Saved objects: a model that keeps the people it was fitted on is data; one of a few coefficients is a result.
//!
//! Which models keep them: the classes of scikit-learn whose fitted attributes hold training rows, and R's `lm`, `glm` and the
//! like, which hold model frame, residuals and fitted values. A class that is not known goes to a person.

use crate::Context;
use crate::readers::pickle::reaches_system;
use crate::readers::{Document, Fact};
use crate::verdict::{Findings, Rule};
use std::collections::BTreeSet;

const RULE: Rule = Rule {
    name: "saved-object",
    source: "SACRO-ML, structural attacks: instance-based models are not released; SDC handbook v1, machine learning",
};
const FIX: &str = "give the coefficients or the summary as a CSV or text file";

/// Classes that keep training rows, or the distances between them (scikit-learn 1.x, attributes ending in `_` of each).
const KEEPS_ROWS: &[&str] = &[
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "KNeighborsTransformer",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "RadiusNeighborsTransformer",
    "NearestNeighbors",
    "KNNImputer",
    "KDTree",
    "BallTree",
    "SVC",
    "SVR",
    "NuSVC",
    "NuSVR",
    "OneClassSVM",
    "GaussianProcessRegressor",
    "GaussianProcessClassifier",
    "KernelDensity",
    "KernelRidge",
    "KernelPCA",
    "LocalOutlierFactor",
    "LabelPropagation",
    "LabelSpreading",
    "Isomap",
    "LocallyLinearEmbedding",
    "SpectralEmbedding",
    "TSNE",
    "MDS",
    "DBSCAN",
    "HDBSCAN",
    "OPTICS",
    "AffinityPropagation",
    "AgglomerativeClustering",
    "SpectralClustering",
    "MeanShift",
    "UMAP",
    "gaussian_kde",
    // R: what `fit$model`, `fit$residuals` and `fit$y` hold.
    "lm",
    "glm",
    "nls",
    "coxph",
    "lmerMod",
    "glmerMod",
    "ggplot",
    "gam",
    "loess",
    "survfit",
    "randomForest",
    "svm",
    "ksvm",
    "knn3",
];

/// Classes of coefficients and of settings, which say what a table of coefficients says.
const COEFFICIENTS: &[&str] = &[
    "LinearRegression",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "Lasso",
    "LassoCV",
    "ElasticNet",
    "ElasticNetCV",
    "SGDClassifier",
    "SGDRegressor",
    "PoissonRegressor",
    "GammaRegressor",
    "TweedieRegressor",
    "BayesianRidge",
    "HuberRegressor",
    "LinearSVC",
    "LinearSVR",
    "StandardScaler",
    "SimpleImputer",
    "PolynomialFeatures",
    "Pipeline",
    "ColumnTransformer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "LabelEncoder",
    "LabelBinarizer",
    "PCA",
    "TruncatedSVD",
    // R: tests and their tables.
    "htest",
    "pairwise.htest",
];
/// Parts of such objects: modules that only support them.
const SUPPORT: &[&str] = &["sklearn._loss.", "sklearn.utils.", "scipy.sparse."];
/// Names of arrays that hold a value for each coefficient, variable or class.
const OF_COEFFICIENTS: &[&str] = &[
    "coef_",
    "intercept_",
    "components_",
    "mean_",
    "var_",
    "scale_",
    "feature_names_in_",
    "classes_",
    "categories_",
    "statistics_",
    "coefs_paths_",
    "scores_",
    "alphas_",
    "alphas",
    "mse_path_",
    "Cs_",
    "Cs",
    "sigma_",
    "explained_variance_",
    "explained_variance_ratio_",
    "singular_values_",
];
/// Names of arrays that hold a value, or a row, for each person.
const OF_PEOPLE: &[&str] = &[
    "_fit_X",
    "X_fit_",
    "X_train_",
    "y_train_",
    "_y",
    "support_vectors_",
    "_dual_coef_",
    "dual_coef_",
    "support_",
    "endog",
    "exog",
    "wendog",
    "wexog",
    "resid",
    "wresid",
    "residuals",
    "fitted",
    "fittedvalues",
    "fitted.values",
    "linear.predictors",
    "effects",
    "embedding_",
    "labels_",
    "cv_values_",
    "oob_prediction_",
    "oob_decision_function_",
    "inlier_mask_",
    "durations",
    "event_observed",
    "train_data",
    "training_data",
    "X_train",
    "y_train",
    "row_labels",
];
/// Coefficients that a paper prints; more are a model of many parameters, which may remember people.
const FEW: u64 = 1_000;
/// Participants from which their exact number is no coincidence as the length of an array.
const EVERYBODY: u64 = 50;

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    let mut unknown = BTreeSet::new();
    for fact in &document.facts {
        match fact {
            Fact::Object { class } => judge_class(class, &mut unknown, findings),
            Fact::Array { name, shape } => {
                judge_array(name, shape, !document.tables.is_empty(), context, findings);
            }
            _ => {}
        }
    }
    if !unknown.is_empty() {
        let what = format!(
            "a saved object of a kind that may keep people ({})",
            shown(&unknown)
        );
        findings.amber(RULE, "whole file", what, FIX);
    }
}

fn judge_class<'a>(class: &'a str, unknown: &mut BTreeSet<&'a str>, findings: &mut Findings) {
    let last = class.rsplit('.').next().unwrap_or(class);
    if reaches_system(class) {
        let what = "a call into the system, which would run when the file is opened";
        findings.red(RULE, "whole file", what, FIX);
    } else if KEEPS_ROWS.contains(&last) {
        let what = format!("a saved model that keeps the people it was fitted on ({last})");
        findings.red(RULE, "whole file", what, FIX);
    } else if !COEFFICIENTS.contains(&last) && !SUPPORT.iter().any(|part| class.starts_with(part)) {
        unknown.insert(last);
    }
}

/// The first few names, of those that are words.
fn shown(classes: &BTreeSet<&str>) -> String {
    let word = |name: &&&str| {
        name.len() <= crate::limits::NAME_CHARS
            && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
    };
    let words: Vec<&str> = classes.iter().filter(word).take(3).copied().collect();
    if words.is_empty() {
        "of no known class".into()
    } else {
        words.join(", ")
    }
}

fn judge_array(
    name: &str,
    shape: &[u64],
    has_tables: bool,
    context: &Context<'_>,
    findings: &mut Findings,
) {
    let people = context.participants.count();
    let axes = shape
        .iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(" × ");
    let longest = shape.iter().max().copied().unwrap_or(0);
    let all = shape
        .iter()
        .fold(1_u64, |product, axis| product.saturating_mul(*axis));
    if longest == people && people >= EVERYBODY {
        let what = format!("an array of {axes}: exactly one entry for each participant");
        findings.red(RULE, "whole file", what, FIX);
    } else if OF_PEOPLE.contains(&name) && longest >= context.rules.person_rows {
        let what = format!("an array of {axes} that holds people's values (`{name}`)");
        findings.red(RULE, "whole file", what, FIX);
    } else if OF_COEFFICIENTS.contains(&name) && all <= FEW {
        // What a table of coefficients tells.
    } else if longest >= context.rules.person_rows && !has_tables || all > FEW || shape.len() > 2 {
        let what = format!("an array of {axes}: perhaps a value for each person");
        findings.amber(RULE, "whole file", what, FIX);
    }
}
