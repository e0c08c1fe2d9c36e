"""Unsafe: a number for each person, and models that hold the rows that they were fitted on."""

import json
import pickle

import cloudpickle
import joblib
import lightgbm
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import analysis


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    vectors(corpus, data)
    models(corpus, data)


def vectors(corpus, data):
    model = analysis.logistic(data)
    chance, residual = model.predict(data), analysis.linear(data).resid
    chance.to_csv(corpus.unsafe("vectors", "predictions.csv", "a prediction for each participant"), index=False, header=["predicted"])
    chance.to_csv(corpus.unsafe("vectors", "preds_indexed.csv", "predictions beside row numbers"))
    chance.to_csv(corpus.unsafe("vectors", "x.txt", "predictions without a name"), index=False, header=False)
    residual.to_csv(corpus.unsafe("vectors", "residuals.csv", "a residual for each participant"), index=False, header=["value"])
    residual.head(500).round(3).to_csv(corpus.unsafe("vectors", "resid500.csv", "residuals of 500 people"), index=False, header=["r"])
    np.save(corpus.unsafe("vectors", "preds.npy", "predictions as an array"), chance.to_numpy())
    np.save(corpus.unsafe("vectors", "preds32.npy", "predictions in single precision"), chance.to_numpy("f4"))
    np.save(corpus.unsafe("vectors", "labels.npy", "the outcome of each participant"), data["diabetes"].to_numpy("i1"))
    np.savez_compressed(corpus.unsafe("vectors", "results.npz", "predictions in an archive of arrays"), auc=.8, p=chance.to_numpy())
    x, y = analysis.design(data)
    components = PCA(4).fit_transform(x)
    pd.DataFrame(components, columns=[f"PC{i}" for i in range(1, 5)]).head(2000).to_csv(
        corpus.unsafe("vectors", "pcs.csv", "components of 2,000 people"), index=False)
    np.save(corpus.unsafe("vectors", "embedding.npy", "an embedding of everybody"), components.astype("f4"))
    json.dump(chance.round(4).tolist(), corpus.unsafe("vectors", "scores.json", "predictions as a list").open("w"))
    json.dump({"auc": .81, "y_pred": chance.head(300).round(4).tolist(), "y_true": y[:300].tolist()},
              corpus.unsafe("vectors", "metrics.json", "predictions among metrics").open("w"))
    pickle.dump({"auc": .81, "oof": chance.to_numpy()}, corpus.unsafe("vectors", "oof.pkl", "predictions in a pickle").open("wb"))
    pickle.dump(chance.tolist(), corpus.unsafe("vectors", "list.pkl", "predictions as a list in a pickle").open("wb"), protocol=0)
    joblib.dump(chance.to_numpy(), corpus.unsafe("vectors", "pred.joblib", "predictions by joblib, compressed"), compress=3)
    rank = chance.rank().astype(int)
    rank.to_csv(corpus.unsafe("vectors", "ranks.csv", "the rank of each participant"), index=False, header=["rank"])
    cluster = KMeans(5, n_init=1, random_state=0).fit_predict(x)
    pd.Series(cluster).to_csv(corpus.unsafe("vectors", "clusters.csv", "the cluster of each participant"), index=False, header=["cluster"])
    np.savetxt(corpus.unsafe("vectors", "clusters.txt", "the cluster of each participant, a line"), cluster[None, :], fmt="%d")
    fold = np.arange(len(data)) % 10
    np.save(corpus.unsafe("vectors", "mask.npy", "who is in the test set"), fold == 3)
    order = data["sbp"].sort_values()
    order.to_csv(corpus.unsafe("vectors", "sorted_sbp.csv", "everybody's value, sorted"), index=False)
    data["bmi"].to_csv(corpus.unsafe("vectors", "bmi.csv", "a measurement of everybody"), index=False)
    distances = NearestNeighbors(n_neighbors=4).fit(x).kneighbors(x[:100])[0]
    np.savetxt(corpus.unsafe("vectors", "distances.csv", "distances between people"), distances, delimiter=",")
    kinship = np.corrcoef(x[:60])
    np.savetxt(corpus.unsafe("vectors", "similarity.csv", "similarity of 60 people"), kinship, delimiter=",", fmt="%.4f")
    text = "y_pred = [" + ", ".join(f"{v:.4f}" for v in chance.head(200)) + "]\nprint(sum(y_pred))\n"
    corpus.unsafe("vectors", "plot.py", "predictions in a script").write_text(text, encoding="utf-8")


def models(corpus, data):
    x, y = analysis.design(data)
    few, label = x[:800], y[:800]
    neighbours = KNeighborsClassifier(5).fit(few, label)
    joblib.dump(neighbours, corpus.unsafe("models", "knn.joblib", "nearest neighbours hold the rows"))
    pickle.dump(neighbours, corpus.unsafe("models", "model.pkl", "nearest neighbours in a pickle").open("wb"))
    pickle.dump(neighbours, corpus.unsafe("models", "model_p0.pkl", "nearest neighbours, oldest protocol").open("wb"), protocol=0)
    joblib.dump(SVC().fit(few, label), corpus.unsafe("models", "svm.joblib", "support vectors are rows"))
    pipe = make_pipeline(StandardScaler(), SVC()).fit(few, label)
    joblib.dump(pipe, corpus.unsafe("models", "pipeline.joblib", "support vectors in a pipeline, compressed"), compress=("zlib", 3))
    joblib.dump(GaussianProcessRegressor().fit(few[:200], label[:200]), corpus.unsafe("models", "gp.joblib", "a Gaussian process holds the rows"))
    joblib.dump(DecisionTreeClassifier().fit(few, label), corpus.unsafe("models", "tree.joblib", "a tree of full depth: leaves of one person"))
    linear = analysis.linear(data.head(800))
    linear.save(str(corpus.unsafe("models", "ols.pickle", "statsmodels results hold the data")))
    joblib.dump(analysis.cox(data.head(800)), corpus.unsafe("models", "cox.joblib", "lifelines holds the durations"))
    cloudpickle.dump({"model": neighbours, "note": "final"}, corpus.unsafe("models", "bundle.pkl", "a model in a dictionary").open("wb"))
    boost = lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=1, num_leaves=200, verbose=-1).fit(few, label)
    boost.booster_.save_model(str(corpus.unsafe("models", "lgbm.txt", "leaves of one person, with their counts")))
    joblib.dump({"scaler": StandardScaler().fit(few), "X_train": few, "feature_names": ["a"] * 8},
                corpus.unsafe("models", "artifacts.joblib", "the training rows beside a scaler"))
    frame = pd.DataFrame(few)
    pickle.dump({"cv_results": {"mean_test_score": [.7, .71]}, "X": frame}, corpus.unsafe("models", "search.pkl", "a frame in search results").open("wb"))
