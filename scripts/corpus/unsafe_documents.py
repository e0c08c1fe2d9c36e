"""Unsafe: documents and pictures with people in them where nobody looks."""

import io
import zipfile

import docx
import matplotlib
import matplotlib.pyplot as plt
import openpyxl
import pandas as pd
import seaborn as sns
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.comments import Comment
from PIL import Image, PngImagePlugin
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import SimpleDocTemplate, Table

import analysis
from safe_documents import add_table, figure_bytes

FEW = ["sex", "age", "bmi", "sbp", "cholesterol"]


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    rows = cohort.base.sample(40, random_state=5)
    ids = [str(i) for i in rows["eid"]]
    workbooks(corpus, data, rows, ids)
    words(corpus, data, rows, ids)
    pages(corpus, data, rows, ids)
    pictures(corpus, data, rows, ids)
    vectors(corpus, data, rows, ids)


def workbook(data):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Counts"
    sheet.append(["Age group", "n"])
    for _, row in analysis.counts(data, "age_group").iterrows():
        sheet.append([row["age_group"], int(row["n"])])
    return book, sheet


def workbooks(corpus, data, rows, ids):
    kind = "document xlsx"
    for name, state in [("hidden_sheet.xlsx", "hidden"), ("very_hidden.xlsx", "veryHidden")]:
        book, _ = workbook(data)
        extra = book.create_sheet("raw")
        extra.sheet_state = state
        extra.append(list(FEW))
        for row in rows[FEW].itertuples(index=False):
            extra.append([v.item() if hasattr(v, "item") else v for v in row])
        book.save(corpus.unsafe(kind, name, "rows in a hidden sheet"))
    book, sheet = workbook(data)
    sheet["B2"].comment = Comment(f"without {ids[0]}", "me")
    book.save(corpus.unsafe(kind, "comment.xlsx", "an id in a comment"))
    book, sheet = workbook(data)
    book.properties.keywords = " ".join(ids[:4])
    book.properties.creator = f"user {ids[5]}"
    book.save(corpus.unsafe(kind, "properties.xlsx", "ids in the properties"))
    book, sheet = workbook(data)
    for i, value in enumerate(ids):
        sheet.cell(row=2 + i, column=40, value=int(value))
    sheet.column_dimensions["AN"].hidden = True
    book.save(corpus.unsafe(kind, "hidden_column.xlsx", "ids in a hidden column far away"))
    book, sheet = workbook(data)
    for i, value in enumerate(ids):
        sheet.cell(row=500 + i, column=2, value=value)
    book.save(corpus.unsafe(kind, "far_below.xlsx", "ids far below"))
    book, sheet = workbook(data)
    sheet["D1"] = f'=IF(B2>0,"","{ids[3]}")'
    book.save(corpus.unsafe(kind, "formula.xlsx", "an id in a formula"))
    book, sheet = workbook(data)
    book.defined_names["excluded"] = openpyxl.workbook.defined_name.DefinedName("excluded", attr_text="{" + ",".join(ids[:5]) + "}")
    book.save(corpus.unsafe(kind, "name.xlsx", "ids in a defined name"))
    book, sheet = workbook(data)
    plain = io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(corpus.unsafe(kind, "pivot_cache.xlsx", "rows in a pivot cache"), "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, old.read(item))
        records = "".join(f'<r><n v="{r.age}"/><n v="{r.bmi}"/><n v="{r.sbp}"/></r>' for r in rows.itertuples())
        new.writestr("xl/pivotCache/pivotCacheRecords1.xml", '<?xml version="1.0"?><pivotCacheRecords xmlns="http://schemas.openxmlformats.org/'
                     f'spreadsheetml/2006/main" count="40">{records}</pivotCacheRecords>')
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(corpus.unsafe(kind, "embedded.xlsx", "a CSV of rows among the parts"), "w") as new:
        for item in old.namelist():
            new.writestr(item, old.read(item))
        new.writestr("xl/media/image1.png", rows[FEW].to_csv(index=False))
    rows[["eid", *FEW]].to_excel(corpus.unsafe(kind, "data.xlsx", "rows with ids"), index=False)
    with pd.ExcelWriter(corpus.unsafe(kind, "tables.xlsx", "a second sheet with rows"), engine="xlsxwriter") as writer:
        analysis.counts(data, "age_group").to_excel(writer, sheet_name="counts", index=False)
        rows[FEW].to_excel(writer, sheet_name="check", index=False)
    with pd.ExcelWriter(corpus.unsafe(kind, "chart.xlsx", "a chart of people's values"), engine="xlsxwriter") as writer:
        rows[["bmi", "sbp"]].to_excel(writer, sheet_name="d", index=False)
        chart = writer.book.add_chart({"type": "scatter"})
        chart.add_series({"categories": "=d!$A$2:$A$41", "values": "=d!$B$2:$B$41"})
        writer.sheets["d"].insert_chart("E2", chart)


def words(corpus, data, rows, ids):
    kind = "document docx"
    report = docx.Document()
    report.add_paragraph("Table 1. Participants")
    add_table(report, rows[FEW].head(15))
    report.save(corpus.unsafe(kind, "table_rows.docx", "rows in a table"))
    report = docx.Document()
    report.add_paragraph(f"We excluded participant {ids[0]} after checking.")
    report.save(corpus.unsafe(kind, "sentence.docx", "an id in a sentence"))
    report = docx.Document()
    paragraph = report.add_paragraph("The analysis was repeated.")
    deleted = OxmlElement("w:del")
    deleted.set(qn("w:id"), "1")
    deleted.set(qn("w:author"), "me")
    run, text = OxmlElement("w:r"), OxmlElement("w:delText")
    text.text = f" See {ids[1]}."
    run.append(text)
    deleted.append(run)
    paragraph._p.append(deleted)
    report.save(corpus.unsafe(kind, "tracked.docx", "an id in deleted text"))
    report = docx.Document()
    report.add_paragraph("Results will follow.")
    report.core_properties.comments = "ids " + " ".join(ids[:3])
    report.save(corpus.unsafe(kind, "properties.docx", "ids in the properties"))
    report = docx.Document()
    paragraph = report.add_paragraph("Results ")
    for part in [ids[2][:3], ids[2][3:]]:
        paragraph.add_run(part)
    report.save(corpus.unsafe(kind, "runs.docx", "an id over two runs"))
    report = docx.Document()
    report.sections[0].footer.paragraphs[0].text = f"case {ids[4]}"
    report.add_paragraph("Results will follow.")
    report.save(corpus.unsafe(kind, "footer.docx", "an id in the footer"))
    report = docx.Document()
    hidden = report.add_paragraph("Results.").add_run(" ".join(ids))
    hidden.font.hidden = True
    report.save(corpus.unsafe(kind, "hidden_text.docx", "ids in hidden text"))
    report = docx.Document()
    table = pd.crosstab(data["centre"], data["ethnicity"])
    table.iloc[2, 1] = 4
    table = table.reset_index()
    add_table(report, table.head(12))
    report.save(corpus.unsafe(kind, "small_counts.docx", "small cells in a table"))
    report = docx.Document()
    report.add_picture(picture_with(data, ids[6]))
    report.save(corpus.unsafe(kind, "picture.docx", "an id in a chunk of an embedded picture"))


def picture_with(data, text):
    image = Image.open(figure_bytes(data))
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", text)
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info)
    stream.seek(0)
    return stream


def pages(corpus, data, rows, ids):
    kind = "document pdf"
    styles = getSampleStyleSheet()
    assert styles
    cells = [FEW, *rows[FEW].head(25).astype(str).to_numpy().tolist()]
    for name, size in [("rows.pdf", 0), ("rows_compressed.pdf", 1)]:
        SimpleDocTemplate(str(corpus.unsafe(kind, name, "rows in a table")), pagesize=A4, pageCompression=size).build([Table(cells)])
    page = canvas.Canvas(str(corpus.unsafe(kind, "metadata.pdf", "ids in the metadata")), pagesize=A4)
    page.setSubject(" ".join(ids[:4]))
    page.drawString(50, 780, "Results will follow in the next version of this report.")
    page.save()
    page = canvas.Canvas(str(corpus.unsafe(kind, "white.pdf", "ids in white text, compressed")), pagesize=A4, pageCompression=1)
    page.drawString(50, 780, "Results will follow in the next version of this report.")
    page.setFillColorRGB(1, 1, 1)
    page.drawString(50, 700, " ".join(ids[:8]))
    page.save()
    plain = io.BytesIO()
    page = canvas.Canvas(plain, pagesize=A4)
    page.drawString(50, 780, "Results will follow in the next version of this report.")
    page.save()
    corpus.unsafe(kind, "appended.pdf", "rows after the end of the document").write_bytes(plain.getvalue() + rows[FEW].to_csv(index=False).encode())
    page = canvas.Canvas(str(corpus.unsafe(kind, "split.pdf", "an id drawn digit by digit")), pagesize=A4)
    for i, digit in enumerate(ids[9]):
        page.drawString(50 + 6 * i, 780, digit)
    page.save()
    encrypted = str(corpus.unsafe(kind, "encrypted.pdf", "a PDF that needs a password"))
    page = canvas.Canvas(encrypted, pagesize=A4, encrypt="secret")
    page.drawString(50, 780, " ".join(ids[:8]))
    page.save()


def pictures(corpus, data, rows, ids):
    kind = "document png"
    plain = figure_bytes(data).read()
    corpus.unsafe(kind, "text_chunk.png", "an id in a text chunk").write_bytes(picture_with(data, f"eid {ids[0]}").read())
    corpus.unsafe(kind, "appended.png", "rows after the end of the picture").write_bytes(plain + rows[["eid", *FEW]].to_csv(index=False).encode())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.csv", rows[FEW].to_csv(index=False))
    corpus.unsafe(kind, "polyglot.png", "an archive after the end of the picture").write_bytes(plain + stream.getvalue())
    info = PngImagePlugin.PngInfo()
    info.add_text("note", rows[["eid", "bmi"]].to_csv(index=False), zip=True)
    Image.open(io.BytesIO(plain)).save(corpus.unsafe(kind, "ztxt.png", "rows in a compressed text chunk"), pnginfo=info)
    payload = cohort_bytes(rows)
    Image.frombytes("L", (64, -(-len(payload) // 64)), payload.ljust(64 * -(-len(payload) // 64), b"\0")).save(
        corpus.unsafe(kind, "heatmap.png", "a CSV of rows as the grey values of pixels"))
    figure, axes = plt.subplots(figsize=(6, 8))
    axes.axis("off")
    axes.table(cellText=rows[["eid", *FEW]].head(25).astype(str).to_numpy(), colLabels=["eid", *FEW], loc="center")
    figure.savefig(corpus.unsafe(kind, "screenshot.png", "a picture of a table of rows"), dpi=110)
    plt.close(figure)
    exif = Image.Exif()
    exif[0x010E] = f"participant {ids[3]}"
    Image.open(io.BytesIO(plain)).convert("RGB").save(corpus.unsafe("document jpeg", "exif.jpg", "an id in EXIF"), exif=exif)
    jpeg = io.BytesIO()
    Image.open(io.BytesIO(plain)).convert("RGB").save(jpeg, "JPEG", comment="\n".join(ids[:6]).encode())
    corpus.unsafe("document jpeg", "comment.jpg", "ids in a comment").write_bytes(jpeg.getvalue())
    stream = io.BytesIO()
    Image.open(io.BytesIO(plain)).convert("RGB").save(stream, "JPEG")
    corpus.unsafe("document jpeg", "appended.jpg", "ids after the end").write_bytes(stream.getvalue() + "\n".join(ids).encode())
    small = plt.figure()
    sns.stripplot(data=rows, x="sex", y="bmi", ax=small.gca())
    small.savefig(corpus.unsafe(kind, "stripplot.png", "a dot for each of 40 people"))
    plt.close(small)


def cohort_bytes(rows):
    return rows[["eid", *FEW]].to_csv(index=False).encode()


def vectors(corpus, data, rows, ids):
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure, axes = plt.subplots()
        axes.scatter(data["bmi"][:400], data["sbp"][:400], s=4)
        for form in ["svg", "pdf", "eps"]:
            figure.savefig(corpus.unsafe("figure points", f"scatter.{form}", "a point for each person"))
        plt.close(figure)
        figure, axes = plt.subplots()
        axes.plot(data["bmi"][:400].to_numpy(), data["sbp"][:400].to_numpy(), "o", markersize=2)
        figure.savefig(corpus.unsafe("figure points", "plot.svg", "markers for each person"))
        figure.savefig(corpus.unsafe("figure points", "plot.pdf", "markers for each person"))
        plt.close(figure)
        figure, axes = plt.subplots()
        sns.boxplot(data=data.head(900), x="smoking", y="crp", ax=axes)
        figure.savefig(corpus.unsafe("figure points", "outliers.svg", "a box plot with outliers"))
        plt.close(figure)
        figure, axes = plt.subplots()
        axes.scatter(rows["bmi"], rows["sbp"])
        for person, x, y in zip(ids, rows["bmi"], rows["sbp"]):
            axes.annotate(person, (x, y))
        figure.savefig(corpus.unsafe("figure points", "labelled.svg", "points labelled with ids"))
        figure.savefig(corpus.unsafe("figure points", "labelled.pdf", "points labelled with ids"))
        plt.close(figure)
        figure, axes = plt.subplots()
        axes.step(data["follow_up_years"][:300].sort_values(), [1 - i / 400 for i in range(300)], where="post")
        figure.savefig(corpus.unsafe("figure points", "km.svg", "a step for each event"))
        plt.close(figure)
