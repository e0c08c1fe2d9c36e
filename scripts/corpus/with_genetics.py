"""Genetic files by plink2 and bcftools: summary statistics and sites (safe), genotypes and a line for each person (unsafe)."""

import gzip
import shutil
import subprocess

import numpy as np
import pandas as pd

VARIANTS = 300


def make(corpus, cohort):
    rng = corpus.random("genetics")
    work = corpus.folder / "genetics"
    work.mkdir(exist_ok=True)
    people = cohort.base.head(1500)
    simulate(rng, work / "geno.vcf", people)
    if shutil.which("plink2"):
        plink(corpus, work, people, rng)
    else:
        print("skipped: files by plink2, which is not installed")
    if shutil.which("bcftools"):
        calls(corpus, work)
    else:
        print("skipped: files by bcftools, which is not installed")
    by_hand(corpus, people, rng)
    shutil.rmtree(work)


def simulate(rng, path, people, rare=False):
    """A VCF of two chromosomes with known frequencies; some calls are missing."""
    share = rng.uniform(.08, .5, VARIANTS)
    names = "\t".join(str(i) for i in people["eid"])
    lines = ["##fileformat=VCFv4.2", "##contig=<ID=1>", "##contig=<ID=2>", '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
             f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}"]
    for i in range(VARIANTS):
        copies = rng.binomial(2, share[i], len(people))
        if rare:
            copies = np.zeros(len(people), int)
            copies[rng.choice(len(people), 4, replace=False)] = 1
        calls = np.array(["0/0", "0/1", "1/1"])[copies]
        calls[rng.random(len(people)) < .01] = "./."
        lines.append(f"{1 + i // 200}\t{10_000 + 977 * i}\trs{1000 + 7 * i}\tA\tG\t.\tPASS\t.\tGT\t" + "\t".join(calls))
    path.write_text("\n".join(lines) + "\n")


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)


def move(source, target):
    target.write_bytes(source.read_bytes())


def plink(corpus, work, people, rng):
    base = work / "g"
    run("plink2", "--vcf", work / "geno.vcf", "--make-pgen", "--out", base)
    traits = pd.DataFrame({"#IID": people["eid"], "bmi": people["bmi"], "t2d": people["diabetes"] + 1})
    traits.to_csv(work / "pheno.txt", sep="\t", index=False)
    covariates = pd.DataFrame({"#IID": people["eid"], "age": people["age"], "sex": people["sex"]})
    covariates.to_csv(work / "covar.txt", sep="\t", index=False)
    run("plink2", "--pfile", base, "--freq", "--missing", "--hardy", "--geno-counts", "--out", work / "q")
    run("plink2", "--pfile", base, "--pheno", work / "pheno.txt", "--covar", work / "covar.txt", "--covar-variance-standardize",
        "--glm", "hide-covar", "firth-fallback", "cols=+a1freq", "--out", work / "gwas")
    safe = "genetics summary"
    move(work / "q.afreq", corpus.safe(safe, "cohort.afreq"))
    move(work / "gwas.bmi.glm.linear", corpus.safe(safe, "gwas.bmi.glm.linear"))
    move(work / "gwas.t2d.glm.logistic.hybrid", corpus.safe(safe, "gwas.t2d.glm.logistic.hybrid"))
    corpus.safe(safe, "gwas_bmi.txt.gz").write_bytes(gzip.compress((work / "gwas.bmi.glm.linear").read_bytes(), mtime=0))
    move(work / "q.vmiss", corpus.safe(safe, "missing.vmiss"))
    move(work / "gwas.log", corpus.safe("log", "plink2.log"))
    tops = pd.read_csv(work / "gwas.bmi.glm.linear", sep="\t").nsmallest(15, "P")
    tops.to_csv(corpus.safe(safe, "top_hits.csv"), index=False)
    tops.to_excel(corpus.safe(safe, "top_hits.xlsx"), index=False)
    weights = pd.DataFrame({"ID": [f"rs{1000 + 7 * i}" for i in range(VARIANTS)], "A1": "G", "WEIGHT": rng.normal(0, .02, VARIANTS).round(5)})
    weights.to_csv(work / "weights.txt", sep="\t", index=False)
    move(work / "weights.txt", corpus.safe(safe, "pgs_weights.txt"))
    run("plink2", "--pfile", base, "--score", work / "weights.txt", "1", "2", "3", "header", "--make-king-table", "--king-table-filter", "0.05", "--pca", "3", "--sample-counts",
        "--het", "--make-bed", "--out", work / "p")
    run("plink2", "--pfile", base, "--export", "A", "--out", work / "raw")
    run("plink2", "--pfile", base, "--export", "bgen-1.2", "bits=8", "--out", work / "b")
    run("plink2", "--pfile", base, "--export", "oxford", "--out", work / "o")
    run("plink2", "--pfile", base, "--export", "ped", "--out", work / "d")
    unsafe = "genotypes"
    files = {"g.pgen": "plink2 genotypes", "g.psam": "participants", "p.bed": "genotypes", "p.fam": "participants", "p.sscore": "a score for each person",
             "p.eigenvec": "components", "p.scount": "counts for each person", "p.het": "heterozygosity of each person", "p.kin0": "pairs of people",
             "raw.raw": "genotypes as numbers", "b.bgen": "genotypes", "b.sample": "participants", "o.gen": "genotypes of Oxford", "d.ped": "genotypes as text",
             "q.smiss": None}
    run("plink2", "--pfile", base, "--missing", "sample-only", "--out", work / "q")
    for name, why in files.items():
        if (work / name).exists():
            move(work / name, corpus.unsafe(unsafe, name, why or "missingness of each person"))
    move(work / "p.bed", corpus.unsafe(unsafe, "figure.png", "genotypes under the name of a figure"))
    move(work / "b.bgen", corpus.unsafe(unsafe, "model.bin", "genotypes under the name of a model"))
    move(work / "g.pgen", corpus.unsafe(unsafe, "results.dat", "genotypes under another name"))
    corpus.unsafe(unsafe, "bed.gz", "genotypes, gzipped").write_bytes(gzip.compress((work / "p.bed").read_bytes(), mtime=0))
    bare = pd.read_csv(work / "raw.raw", sep="\t").iloc[:300, 6:]
    bare.to_csv(corpus.unsafe(unsafe, "dosage.csv", "genotypes without ids"), index=False)
    bare.T.to_csv(corpus.unsafe(unsafe, "dosage_t.txt", "genotypes, a person a column"), sep=" ", header=False)
    score = pd.read_csv(work / "p.sscore", sep="\t")
    score.iloc[:, -1:].to_csv(corpus.unsafe(unsafe, "prs.txt", "scores without ids"), index=False)
    rare_counts(corpus, work, people, rng)


def rare_counts(corpus, work, people, rng):
    simulate(rng, work / "rare.vcf", people, rare=True)
    run("plink2", "--vcf", work / "rare.vcf", "--freq", "counts", "--geno-counts", "--out", work / "r")
    unsafe = "genetics rare"
    move(work / "r.acount", corpus.unsafe(unsafe, "rare.acount", "four carriers of each variant"))
    move(work / "r.gcount", corpus.unsafe(unsafe, "rare.gcount", "four carriers of each variant"))
    run("plink2", "--vcf", work / "rare.vcf", "--freq", "--out", work / "r")
    move(work / "r.afreq", corpus.unsafe(unsafe, "rare.afreq", "frequencies of four among 1,500"))
    run("plink2", "--vcf", work / "rare.vcf", "--pheno", work / "pheno.txt", "--pheno-name", "bmi", "--glm", "allow-no-covars", "cols=+a1freq",
        "--out", work / "r")
    move(work / "r.bmi.glm.linear", corpus.unsafe(unsafe, "rare.bmi.glm.linear", "effects of variants with four carriers"))


def calls(corpus, work):
    vcf = work / "geno.vcf"
    run("bcftools", "view", "-Oz", "-o", work / "g.vcf.gz", vcf)
    run("bcftools", "view", "-Ob", "-o", work / "g.bcf", vcf)
    run("bcftools", "+fill-tags", vcf, "-Ov", "-o", work / "tags.vcf", "--", "-t", "AC,AN,AF")
    run("bcftools", "view", "-G", "-Ov", "-o", work / "sites.vcf", work / "tags.vcf")
    run("bcftools", "view", "-G", "-Oz", "-o", work / "sites.vcf.gz", work / "tags.vcf")
    move(work / "sites.vcf", corpus.safe("genetics summary", "sites.vcf"))
    move(work / "sites.vcf.gz", corpus.safe("genetics summary", "sites.vcf.gz"))
    lines = subprocess.run(["bcftools", "query", "-f", "%CHROM\t%POS\t%ID\t%REF\t%ALT\t%AF\n", work / "sites.vcf"], capture_output=True, check=True).stdout
    corpus.safe("genetics summary", "frequencies.tsv").write_bytes(b"chrom\tpos\tid\tref\talt\taf\n" + lines)
    for source, name, why in [(vcf, "cohort.vcf", "genotypes"), (work / "g.vcf.gz", "cohort.vcf.gz", "genotypes, block-gzipped"),
                              (work / "g.bcf", "cohort.bcf", "genotypes, binary"), (work / "g.vcf.gz", "table.csv", "genotypes under the name of a table")]:
        move(source, corpus.unsafe("genotypes", name, why))
    few = subprocess.run(["bcftools", "view", "-H", vcf], capture_output=True, check=True, text=True).stdout.splitlines()[:20]
    corpus.unsafe("genotypes", "calls.txt", "calls without a header").write_text("\n".join(few) + "\n")
    names = subprocess.run(["bcftools", "query", "-l", vcf], capture_output=True, check=True).stdout
    corpus.unsafe("genotypes", "samples.txt", "the samples of a VCF").write_bytes(names)


def by_hand(corpus, people, rng):
    """As regenie, SAIGE and meta-analyses write."""
    n = 500
    frequency = rng.uniform(.05, .5, n)
    se = 1 / np.sqrt(2 * 12000 * frequency * (1 - frequency))
    beta = rng.normal(0, se)
    chi = (beta / se) ** 2
    place = {"CHROM": rng.integers(1, 23, n), "GENPOS": rng.integers(10 ** 4, 2 * 10 ** 8, n), "ID": [f"rs{i}" for i in rng.integers(10 ** 4, 10 ** 8, n)]}
    regenie = pd.DataFrame({**place, "ALLELE0": "C", "ALLELE1": "T", "A1FREQ": frequency.round(6), "INFO": rng.uniform(.8, 1, n).round(4), "N": 11741,
                            "TEST": "ADD", "BETA": beta, "SE": se, "CHISQ": chi, "LOG10P": chi * .217 + .3, "EXTRA": "NA"})
    regenie.to_csv(corpus.safe("genetics summary", "bmi.regenie"), sep=" ", index=False, float_format="%.6g")
    saige = pd.DataFrame({"CHR": place["CHROM"], "POS": place["GENPOS"], "MarkerID": place["ID"], "Allele1": "A", "Allele2": "G",
                          "AC_Allele2": (frequency * 23482).round().astype(int), "AF_Allele2": frequency.round(6), "BETA": beta, "SE": se,
                          "p.value": np.exp(-chi), "N_case": 1204, "N_ctrl": 10537})
    saige.to_csv(corpus.safe("genetics summary", "saige_t2d.txt"), sep="\t", index=False)
    ldsc = "\n".join(["Heritability of phenotype 1", "---------------------------", "Total Observed scale h2: 0.2412 (0.0113)", "Lambda GC: 1.1824",
                      "Mean Chi^2: 1.2214", "Intercept: 1.0211 (0.0082)", "Ratio: 0.0953 (0.037)", "Analysis finished", "Total time elapsed: 11.4s"])
    corpus.safe("log", "ldsc_h2.log").write_text(ldsc + "\n")
    magma = pd.DataFrame({"GENE": rng.integers(100, 99999, 80), "CHR": 1, "START": rng.integers(10 ** 4, 10 ** 8, 80), "STOP": rng.integers(10 ** 4, 10 ** 8, 80),
                          "NSNPS": rng.integers(12, 400, 80), "NPARAM": rng.integers(10, 40, 80), "N": 11741, "ZSTAT": rng.normal(0, 1, 80).round(4),
                          "P": rng.random(80).round(5)})
    magma.to_csv(corpus.safe("genetics summary", "magma.genes.out"), sep="\t", index=False)
    best = pd.DataFrame({"FID": people["eid"], "IID": people["eid"], "In_Regression": "Yes", "PRS": rng.normal(0, .01, len(people))})
    best.to_csv(corpus.unsafe("genotypes", "PRSice.best", "a score for each person"), sep=" ", index=False)
    loco = pd.DataFrame(rng.normal(0, .1, (22, 40)), columns=[f"{i}_{i}" for i in people["eid"].head(40)])
    loco.insert(0, "FID_IID", range(1, 23))
    loco.to_csv(corpus.unsafe("genotypes", "fit_1.loco", "predictions for each person, as regenie"), sep=" ", index=False)
    phased = pd.DataFrame(rng.integers(0, 2, (50, 200)))
    phased.to_csv(corpus.unsafe("genotypes", "chr1.haps", "haplotypes"), sep=" ", header=False, index=False)
