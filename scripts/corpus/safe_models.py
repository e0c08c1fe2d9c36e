"""Safe: what models leave behind. Coefficients, metrics, summaries in many programs' own layouts."""

import json

import joblib
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, confusion_matrix, roc_auc_score, roc_curve
from sklearn.model_selection import cross_val_score

import analysis


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    regressions(corpus, data)
    published(corpus, data)
    survival(corpus, data)
    machine_learning(corpus, data)
    phewas(corpus, data)
    arrays(corpus, data)


def regressions(corpus, data):
    for outcome in ["sbp", "hba1c", "crp", "ldl", "urate"]:
        model = analysis.linear(data, outcome, "age + sex + smoking + townsend")
        analysis.tidy(model).to_csv(corpus.safe("regression", f"lm_{outcome}.csv"), index=False)
    linear = analysis.linear(data)
    corpus.safe("regression", "ols_summary.txt").write_text(str(linear.summary()), encoding="utf-8")
    corpus.safe("regression", "ols_summary.html").write_text(linear.summary().as_html(), encoding="utf-8")
    corpus.safe("regression", "ols_summary.tex").write_text(linear.summary().as_latex(), encoding="utf-8")
    corpus.safe("regression", "ols_summary2.txt").write_text(str(linear.summary2()), encoding="utf-8")
    corpus.safe("regression", "ols_summary.csv").write_text(linear.summary().as_csv(), encoding="utf-8")
    logit = analysis.logistic(data)
    corpus.safe("regression", "logit_summary.txt").write_text(str(logit.summary()), encoding="utf-8")
    analysis.tidy(logit, odds=True).round(4).to_csv(corpus.safe("regression", "odds_ratios.csv"), index=False)
    poisson = smf.glm("neuroticism ~ age + sex + sleep_hours", data=data, family=sm.families.Poisson()).fit()
    corpus.safe("regression", "poisson.log").write_text(str(poisson.summary()) + "\n", encoding="utf-8")
    anova = sm.stats.anova_lm(linear, typ=2)
    anova.to_csv(corpus.safe("regression", "anova.csv"))
    mixed = smf.mixedlm("sbp ~ age + sex", data, groups=data["centre"]).fit()
    corpus.safe("regression", "mixed_model.txt").write_text(str(mixed.summary()), encoding="utf-8")
    linear.params.to_csv(corpus.safe("regression", "coefficients.csv"), header=["beta"])
    linear.params.to_json(corpus.safe("regression", "coefficients.json"), indent=1)
    linear.cov_params().to_csv(corpus.safe("regression", "vcov.csv"))
    rows = []
    for outcome in ["sbp", "dbp", "hba1c", "crp", "ldl", "hdl", "urate", "alt"]:
        model = analysis.linear(data, outcome, "bmi + age + sex")
        low, high = model.conf_int().loc["bmi"]
        rows.append([outcome, int(model.nobs), model.params["bmi"], model.bse["bmi"], low, high, model.pvalues["bmi"], model.rsquared])
    table = pd.DataFrame(rows, columns=["outcome", "N", "beta", "SE", "CI_low", "CI_high", "P", "R2"])
    table.to_csv(corpus.safe("regression", "associations_with_bmi.csv"), index=False)
    table.to_excel(corpus.safe("xlsx", "associations_with_bmi.xlsx"), index=False)
    table["FDR"] = np.minimum(1, table["P"] * len(table))
    table.to_csv(corpus.safe("regression", "associations_fdr.tsv"), sep="\t", index=False, float_format="%.3e")
    table.round(3).to_csv(corpus.safe("regression", "associations_de.csv"), sep=";", decimal=",", index=False)


def published(corpus, data):
    """Estimates put together with their interval in one cell, as journals want them."""
    logit = analysis.tidy(analysis.logistic(data), odds=True)
    cell = [f"{e:.2f} ({a:.2f}, {b:.2f})" for e, a, b in zip(logit["estimate"], logit["conf.low"], logit["conf.high"])]
    p = ["<0.001" if v < .001 else f"{v:.3f}" for v in logit["p.value"]]
    table = pd.DataFrame({"Variable": logit["term"], "OR (95% CI)": cell, "P value": p})
    table.to_csv(corpus.safe("published", "Table3_odds_ratios.csv"), index=False)
    table.to_csv(corpus.safe("published", "Table3.txt"), index=False, sep="\t")
    corpus.safe("published", "table3.md").write_text(table.to_markdown(index=False) + "\n", encoding="utf-8")
    corpus.safe("published", "table3.tex").write_text(
        table.to_latex(index=False, caption="Odds ratios of diabetes", label="tab:or"), encoding="utf-8")
    corpus.safe("published", "table3.html").write_text(table.style.hide(axis="index").to_html(), encoding="utf-8")
    models = pd.DataFrame({"Exposure": ["BMI", "BMI", "BMI", "Smoking", "Smoking", "Smoking"], "Model": [1, 2, 3] * 2,
                           "Cases/N": ["1,204/12,000", "1,204/12,000", "1,180/11,742"] * 2,
                           "HR": [1.31, 1.28, 1.22, 1.92, 1.87, 1.71], "95% CI": ["1.22-1.41", "1.19-1.38", "1.13-1.32",
                                                                                 "1.70-2.17", "1.65-2.12", "1.50-1.95"],
                           "P": ["<0.001"] * 6, "P for trend": ["<0.001"] * 6})
    models.to_csv(corpus.safe("published", "hazard ratios by model.csv"), index=False)
    meta = pd.DataFrame({"study": ["Cohort A", "Cohort B", "Cohort C", "Pooled"], "beta": [.12, .15, .09, .121],
                         "se": [.03, .04, .035, .02], "weight": [38.1, 21.5, 40.4, 100], "I2": ["", "", "", "12%"]})
    meta.to_csv(corpus.safe("published", "meta_analysis.csv"), index=False)
    interaction = pd.DataFrame({"subgroup": ["Age <55", "Age >=55", "Male", "Female"], "n": [4987, 7013, 5990, 6010],
                                "events": [411, 930, 800, 541], "hr": [1.4, 1.2, 1.3, 1.25], "lower": [1.2, 1.1, 1.1, 1.05],
                                "upper": [1.6, 1.3, 1.5, 1.5], "p_interaction": [.03, .03, .4, .4]})
    interaction.to_csv(corpus.safe("published", "forest_data.csv"), index=False)


def survival(corpus, data):
    cox = analysis.cox(data)
    cox.summary.to_csv(corpus.safe("survival", "cox_summary.csv"))
    corpus.safe("survival", "cox_summary.md").write_text(cox.summary.round(3).to_markdown(), encoding="utf-8")
    corpus.safe("survival", "cox.tex").write_text(cox.summary.round(3).to_latex(), encoding="utf-8")
    corpus.safe("survival", "concordance.json").write_text(
        json.dumps({"c_index": round(cox.concordance_index_, 4), "log_likelihood": round(cox.log_likelihood_, 2),
                    "n": 12000, "events": int(data["cvd"].sum())}), encoding="utf-8")
    male, female = data[data["sex"] == "Male"], data[data["sex"] == "Female"]
    test = logrank_test(male["follow_up_years"], female["follow_up_years"], male["cvd"], female["cvd"])
    test.summary.to_csv(corpus.safe("survival", "logrank.csv"))
    rows = []
    for name, part in [("Male", male), ("Female", female)]:
        fitted = KaplanMeierFitter().fit(part["follow_up_years"], part["cvd"])
        for year in [2, 5, 10]:
            rows.append({"sex": name, "years": year, "number_at_risk": int((part["follow_up_years"] >= year).sum()),
                         "cumulative_incidence": round(1 - float(fitted.predict(year)), 3)})
    pd.DataFrame(rows).to_csv(corpus.safe("survival", "cumulative_incidence.csv"), index=False)


def machine_learning(corpus, data):
    x, y = analysis.design(data)
    names = ["age", "bmi", "sbp", "cholesterol", "hdl", "hba1c", "crp", "townsend"]
    model = LogisticRegression().fit(x, y)
    chance = model.predict_proba(x)[:, 1]
    guess = (chance > np.median(chance)).astype(int)
    corpus.safe("metrics", "classification_report.txt").write_text(classification_report(y, guess), encoding="utf-8")
    matrix = confusion_matrix(y, guess)
    assert matrix.min() >= 10
    pd.DataFrame(matrix, index=["true_0", "true_1"], columns=["pred_0", "pred_1"]).to_csv(
        corpus.safe("metrics", "confusion_matrix.csv"))
    metrics = {"auc": round(roc_auc_score(y, chance), 4), "accuracy": round((guess == y).mean(), 4), "n_train": 9000, "n_test": 3000,
               "cv_auc": [round(v, 4) for v in cross_val_score(model, x, y, scoring="roc_auc")],
               "params": {"C": 1.0, "penalty": "l2", "max_iter": 100}}
    corpus.safe("metrics", "metrics.json").write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    pd.DataFrame({"feature": names, "coef": model.coef_[0]}).to_csv(corpus.safe("metrics", "model_coefficients.csv"), index=False)
    forest = RandomForestClassifier(20, max_depth=4, random_state=1).fit(x, y)
    pd.DataFrame({"feature": names, "importance": forest.feature_importances_}).sort_values("importance").to_csv(
        corpus.safe("metrics", "feature_importance.csv"), index=False)
    permuted = permutation_importance(forest, x[:2000], y[:2000], n_repeats=3, random_state=1)
    pd.DataFrame({"feature": names, "importance_mean": permuted.importances_mean, "importance_std": permuted.importances_std}).to_csv(
        corpus.safe("metrics", "permutation_importance.csv"), index=False)
    fpr, tpr, cut = roc_curve(y, chance)
    grid = np.linspace(0, 1, 21)
    pd.DataFrame({"fpr": grid.round(2), "tpr": np.interp(grid, fpr, tpr).round(2)}).to_csv(
        corpus.safe("metrics", "roc_coarse.csv"), index=False)
    band = pd.qcut(chance, 10, labels=False) + 1
    calibration = pd.DataFrame({"decile": band, "p": chance, "y": y}).groupby("decile").agg(
        n=("y", "size"), mean_predicted=("p", "mean"), observed_rate=("y", "mean"), events=("y", "sum")).round(3).reset_index()
    assert calibration["events"].min() >= 10
    calibration.to_csv(corpus.safe("metrics", "calibration_deciles.csv"), index=False)
    epochs = pd.DataFrame({"epoch": range(1, 31), "train_loss": np.exp(-np.linspace(.2, 1.5, 30)).round(5),
                           "val_loss": np.exp(-np.linspace(.2, 1.3, 30)).round(5), "lr": 1e-3})
    epochs.to_csv(corpus.safe("metrics", "training_history.csv"), index=False)
    log = "\n".join(f"Epoch {int(r.epoch)}/30 - loss: {r.train_loss:.4f} - val_loss: {r.val_loss:.4f}" for r in epochs.itertuples())
    corpus.safe("log", "train.log").write_text(log + "\n", encoding="utf-8")
    grid = pd.DataFrame({"C": [.01, .1, 1, 10], "mean_test_score": [.71, .72, .722, .721], "std_test_score": [.01, .012, .011, .01],
                         "rank_test_score": [4, 3, 1, 2]})
    grid.to_csv(corpus.safe("metrics", "grid_search.csv"), index=False)
    joblib.dump(model, corpus.safe("model", "logistic_regression.joblib"))


def phewas(corpus, data):
    rng = corpus.random("phewas")
    n = 300
    beta = rng.normal(0, .05, n)
    se = np.abs(rng.normal(.03, .01, n)) + .005
    table = pd.DataFrame({"phecode": np.round(rng.choice(np.arange(8, 1000), n, replace=False) + .1, 1),
                          "phenotype": [f"Disease group {i}" for i in range(n)], "n_cases": rng.integers(60, 4000, n),
                          "beta": beta, "se": se})
    table["n_controls"] = 12000 - table["n_cases"]
    table["p"] = 2 * (1 - np.vectorize(lambda z: .5 * (1 + np.tanh(.8 * z)))(np.abs(beta / se)))
    table.to_csv(corpus.safe("phewas", "phewas_results.csv"), index=False)
    effects = pd.DataFrame({"SNP": [f"rs{v}" for v in rng.integers(1000, 99999999, 40)], "beta.exposure": rng.normal(0, .05, 40),
                            "se.exposure": .01, "beta.outcome": rng.normal(0, .02, 40), "se.outcome": .008})
    effects.to_csv(corpus.safe("phewas", "mr_harmonised.csv"), index=False)
    mr = pd.DataFrame({"method": ["MR Egger", "Weighted median", "Inverse variance weighted", "Weighted mode"], "nsnp": [40] * 4,
                       "b": [.11, .13, .14, .12], "se": [.05, .03, .02, .04], "pval": [.03, 1e-5, 2e-12, .003]})
    mr.to_csv(corpus.safe("phewas", "mr_results.csv"), index=False)


def arrays(corpus, data):
    """Small arrays of aggregates."""
    np.save(corpus.safe("array", "corr.npy"), analysis.correlations(data).to_numpy())
    np.save(corpus.safe("array", "coef.npy"), analysis.linear(data).params.to_numpy())
    np.savez(corpus.safe("array", "histogram.npz"), counts=analysis.histogram(data, "bmi", 1)["n"].to_numpy(), edges=np.arange(18, 45))
    np.savetxt(corpus.safe("array", "pca_explained_variance.csv"), [.31, .18, .12, .09, .05], header="explained_variance_ratio", comments="")
    joblib.dump({"auc": .81, "accuracy": .74}, corpus.safe("array", "metrics.joblib"))
    pd.to_pickle(analysis.tidy(analysis.linear(data)), corpus.safe("array", "coefficients.pkl"))
