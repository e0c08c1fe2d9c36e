"""Notebooks that were really executed: cleared, with aggregate output (safe), and with rows, ids or small counts (unsafe)."""

import json

import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbconvert import HTMLExporter, MarkdownExporter, PythonExporter

HEAD = ["import numpy as np\nimport pandas as pd\nimport matplotlib\nimport matplotlib.pyplot as plt\n%matplotlib inline",
        "d = pd.read_csv(DATA)\nd['age_group'] = pd.cut(d['age'], [0, 50, 60, 100], labels=['<50', '50-59', '60+'])\nprint('loaded')"]
SAFE_CELLS = {
    "aggregate_tables": ["d.groupby('age_group', observed=True)['bmi'].agg(['count', 'mean', 'std']).round(2)", "pd.crosstab(d['age_group'], d['sex'])",
                         "print(len(d), 'participants')"],
    "figure": ["fig, ax = plt.subplots()\nax.bar(['<50', '50-59', '60+'], d['age_group'].value_counts(sort=False))\nax.set_ylabel('Participants');"],
    "regression": ["import statsmodels.formula.api as smf\nfit = smf.ols('sbp ~ age + bmi', data=d).fit()\nfit.summary()",
                   "fit.params.round(3)"],
    "printed": ["print(d['smoking'].value_counts())", "print(f\"mean BMI {d['bmi'].mean():.2f} (SD {d['bmi'].std():.2f})\")", "d['sex'].value_counts(normalize=True).round(3)"],
    "markdown": ["d.shape", "d.columns.tolist()", "d.dtypes"],
    "model": ["from sklearn.linear_model import LogisticRegression\nfrom sklearn.metrics import roc_auc_score\nx = d[['age', 'bmi', 'sbp']]\n"
              "m = LogisticRegression(max_iter=500).fit(x, d['diabetes'])\nround(roc_auc_score(d['diabetes'], m.predict_proba(x)[:, 1]), 3)", "m.coef_.round(3)"],
}
UNSAFE_CELLS = {
    "head": ["d.head()"], "head_noid": ["d.drop(columns='eid').head()"], "printed_rows": ["print(d[['sex', 'age', 'bmi']].head(20).to_string())"],
    "one_id": ["d['eid'].iloc[17]"], "id_list": ["bad = d[d['bmi'] > 42]['eid'].tolist()\nbad"], "describe": ["d[['bmi', 'sbp']].describe()"],
    "traceback": ["x = d.set_index('eid')\nx.drop(index=d['eid'].iloc[3]).loc[d['eid'].iloc[3]]"],
    "sample_t": ["d.sample(3, random_state=1).T"], "small_counts": ["d[d['bmi'] > 38].groupby(['centre', 'sex']).size().unstack()"],
    "array": ["d[['bmi', 'sbp', 'ldl']].to_numpy()[:12]"], "series": ["d['bmi']"], "loop": ["for i, r in d.head(30).iterrows():\n    print('processing', int(r['eid']))"],
    "html_table": ["from IPython.display import HTML\nHTML(d[['sex', 'birth_year', 'bmi', 'sbp']].head(12).to_html())"],
    "dict": ["d[['sex', 'age', 'bmi']].head(4).to_dict('records')"], "min_max": ["print('range', d['bmi'].min(), d['bmi'].max())"],
    "scatter_svg": ["%config InlineBackend.figure_formats = ['svg']\nfig, ax = plt.subplots()\nax.plot(d['bmi'][:800], d['sbp'][:800], 'o');"],
}


KERNEL = {}


def make(corpus, cohort):
    KERNEL["manager"], KERNEL["client"] = start_new_kernel(kernel_name="python3")
    try:
        books(corpus, cohort)
    finally:
        KERNEL["client"].stop_channels()
        KERNEL["manager"].shutdown_kernel(now=True)


def books(corpus, cohort):
    data = repr(str(corpus.folder / "reference" / "baseline.csv"))
    for name, cells in SAFE_CELLS.items():
        book = executed(cells, data)
        nbformat.write(book, corpus.safe("notebook", f"{name}.ipynb"))
        if name in ["aggregate_tables", "regression", "figure"]:
            export(book, corpus.safe("notebook", f"{name}.html"), HTMLExporter(template_name="basic"))
            export(book, corpus.safe("notebook", f"{name}.md"), MarkdownExporter())
        if name == "model":
            export(book, corpus.safe("notebook", f"{name}.html"), HTMLExporter())
    for i, cells in enumerate([UNSAFE_CELLS["head"], UNSAFE_CELLS["id_list"], SAFE_CELLS["model"]]):
        book = executed(cells, data)
        export(book, corpus.safe("notebook", f"script_{i}.py"), PythonExporter())
        nbformat.write(cleared(book), corpus.safe("notebook", f"cleared_{i}.ipynb"))
    for name, cells in UNSAFE_CELLS.items():
        book = executed(cells, data)
        nbformat.write(book, corpus.unsafe("notebook", f"{name}.ipynb", f"output of {cells[-1].splitlines()[-1]}"))
        if name in ["head", "id_list", "describe", "array"]:
            export(book, corpus.unsafe("notebook", f"{name}.html", "the same as a page"), HTMLExporter())
            export(book, corpus.unsafe("notebook", f"{name}.md", "the same as Markdown"), MarkdownExporter())
    hidden(corpus, cohort, data)


def executed(cells, data):
    """Runs a notebook, all in one kernel, for starting one takes longest. The path of the data is put in when it runs and not kept in its text."""
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    book.cells = [nbformat.v4.new_markdown_cell("# Analysis\n\nBaseline data of the cohort.")]
    book.cells += [nbformat.v4.new_code_cell(text.replace("DATA", data)) for text in HEAD + cells]
    NotebookClient(book, timeout=120, km=KERNEL["manager"], allow_errors=True).execute()
    for number, cell in enumerate(book.cells):
        cell.source = cell.source.replace(data, "'data/baseline.csv'")
        cell.id = f"cell{number:04}"
    return book


def cleared(book):
    book = nbformat.from_dict(json.loads(json.dumps(book)))
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata = {}
    return book


def export(book, path, exporter):
    path.write_text(exporter.from_notebook_node(book)[0], encoding="utf-8")


def hidden(corpus, cohort, data):
    """Cleared notebooks with something left where nobody looks."""
    rows = cohort.base.head(20)[["eid", "sex", "bmi"]]
    book = cleared(executed(SAFE_CELLS["printed"], data))
    book.metadata["widgets"] = {"state": {"grid": rows.to_dict("records")}}
    nbformat.write(book, corpus.unsafe("notebook", "widget_state.ipynb", "rows in the metadata of a cleared notebook"))
    book = cleared(executed(SAFE_CELLS["printed"], data))
    book.cells[1].metadata["papermill"] = {"exclude": [int(i) for i in rows["eid"]]}
    nbformat.write(book, corpus.unsafe("notebook", "cell_metadata.ipynb", "ids in the metadata of a cell"))
    book = cleared(executed(SAFE_CELLS["printed"], data))
    book.cells.append(nbformat.v4.new_markdown_cell(rows.to_markdown()))
    nbformat.write(book, corpus.unsafe("notebook", "markdown_rows.ipynb", "rows in a Markdown cell"))
    book = cleared(executed(SAFE_CELLS["printed"], data))
    book.cells.append(nbformat.v4.new_raw_cell(rows.drop(columns="eid").to_csv(index=False)))
    nbformat.write(book, corpus.unsafe("notebook", "raw_rows.ipynb", "rows in a raw cell"))
    book = cleared(executed(SAFE_CELLS["printed"], data))
    book.cells[1].attachments = {"a.txt": {"text/plain": "\n".join(map(str, rows["eid"]))}}
    nbformat.write(book, corpus.unsafe("notebook", "attachment.ipynb", "ids in an attachment of a cell"))
