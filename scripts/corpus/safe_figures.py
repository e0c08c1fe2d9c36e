"""Safe: figures of aggregates, in pixels and in vectors, and the documents that hold them."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from lifelines import KaplanMeierFitter
from PIL import Image

import analysis

matplotlib.rcParams["svg.hashsalt"] = "corpus"


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    for name, draw in FIGURES.items():
        for form in ["png", "svg", "pdf"]:
            figure = draw(data)
            figure.savefig(corpus.safe(f"figure {form}", f"{name}.{form}"), dpi=110)
            plt.close(figure)
    figure = FIGURES["bar"](data)
    figure.savefig(corpus.safe("figure jpeg", "bar.jpg"), dpi=100)
    figure.savefig(corpus.safe("figure jpeg", "bar.webp"), dpi=100)
    figure.savefig(corpus.safe("figure png", "bar_300dpi.png"), dpi=300, bbox_inches="tight", transparent=True)
    plt.close(figure)
    with Image.open(corpus.folder / corpus.entries[-1].path) as image:
        image.convert("P").save(corpus.safe("figure png", "bar_palette.png"))
        image.convert("L").save(corpus.safe("figure jpeg", "bar.tiff"))
        image.convert("P").save(corpus.safe("figure jpeg", "bar.gif"))


def bar(data):
    figure, axes = plt.subplots()
    table = analysis.counts(data, "age_group")
    axes.bar(table["age_group"], table["n"])
    axes.set(xlabel="Age group", ylabel="Participants", title="Age at baseline")
    return figure


def histogram(data):
    figure, axes = plt.subplots(figsize=(5, 3.5))
    axes.hist(np.clip(data["bmi"], 19, 38), bins=20)
    axes.set(xlabel="BMI (kg/m2)", ylabel="Count")
    return figure


def density(data):
    figure, axes = plt.subplots()
    sns.kdeplot(data=data, x="sbp", hue="sex", bw_adjust=2, ax=axes)
    return figure


def forest(data):
    figure, axes = plt.subplots()
    table = analysis.tidy(analysis.logistic(data))
    axes.errorbar(table["estimate"], range(len(table)), xerr=1.96 * table["std.error"], fmt="o")
    axes.set_yticks(range(len(table)), table["term"])
    return figure


def boxes(data):
    figure, axes = plt.subplots()
    sns.boxplot(data=data, x="smoking", y="sbp", showfliers=False, whis=(5, 95), ax=axes)
    return figure


def heat(data):
    figure, axes = plt.subplots()
    sns.heatmap(analysis.correlations(data), annot=True, fmt=".2f", ax=axes)
    return figure


def survival(data):
    figure, axes = plt.subplots()
    for sex, part in data.groupby("sex"):
        curve = KaplanMeierFitter().fit(part["follow_up_years"], part["cvd"])
        years = np.arange(0, 12.5, .5)
        axes.step(years, [float(curve.predict(y)) for y in years], where="post", label=sex)
    axes.legend()
    axes.set(xlabel="Years", ylabel="Survival")
    return figure


def lines(data):
    figure, axes = plt.subplots()
    data.groupby(["age_group", "sex"])["sbp"].mean().unstack().plot(ax=axes)
    return figure


FIGURES = {"bar": bar, "histogram": histogram, "density": density, "forest_plot": forest, "boxplot": boxes, "heatmap": heat,
           "km_coarse": survival, "trend": lines}
