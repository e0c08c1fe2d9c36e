# Files that R leaves behind: `Rscript files.R BASELINE FOLDER`. Writes list.csv with file, label, kind, name and why.
arguments <- commandArgs(TRUE)
folder <- arguments[2]
d <- read.csv(arguments[1])
d$sex <- factor(d$sex, labels = c("Female", "Male"))
d$smoking <- factor(d$smoking)
d$age_group <- cut(d$age, c(0, 50, 60, 100), labels = c("<50", "50-59", "60+"))
library(survival)
set.seed(4)

written <- data.frame()
new <- function(label, kind, name, why = "") {
  file <- sprintf("%03d", nrow(written) + 1)
  written <<- rbind(written, data.frame(file, label, kind, name, why))
  file.path(folder, file)
}
safe <- function(kind, name) new("safe", kind, name)
unsafe <- function(kind, name, why) new("unsafe", kind, name, why)
save_as <- function(object, path, ...) {
  assign("results", object)
  save(results, file = path, ...)
}

fit <- lm(sbp ~ age + sex + bmi + smoking, d)
logit <- glm(diabetes ~ age + sex + bmi, binomial, d)
cox <- coxph(Surv(follow_up_years, cvd) ~ age + sex + bmi, d)
coefficients <- as.data.frame(summary(fit)$coefficients)
table_one <- aggregate(cbind(bmi, sbp, cholesterol) ~ age_group, d, mean)
table_one$n <- as.integer(table(d$age_group))

# Tables
write.csv(coefficients, safe("R table", "lm_coefficients.csv"))
write.table(coefficients, safe("R table", "lm_coefficients.txt"), quote = FALSE, sep = "\t")
write.csv(cbind(OR = exp(coef(logit)), exp(confint.default(logit))), safe("R table", "odds_ratios.csv"))
write.csv(summary(cox)$coefficients, safe("R table", "cox_coefficients.csv"))
write.csv(as.data.frame(table(d$age_group, d$smoking)), safe("R table", "freq.csv"), row.names = FALSE)
write.csv(table_one, safe("R table", "means.csv"), row.names = FALSE)
write.csv2(table_one, safe("R table", "means_csv2.csv"), row.names = FALSE)
write.csv(anova(fit), safe("R table", "anova.csv"))
write.csv(round(cor(d[c("bmi", "sbp", "dbp", "hdl", "ldl")]), 3), safe("R table", "correlations.csv"))
ftable_text <- capture.output(print(ftable(d$age_group, d$sex, d$smoking)))
writeLines(ftable_text, safe("R table", "ftable.txt"))
writeLines(capture.output(addmargins(table(d$age_group, d$sex))), safe("R table", "addmargins.txt"))
dput(coefficients, safe("R table", "coefficients_dput.R"))

# Printed
writeLines(capture.output(print(summary(fit))), unsafe("R printed", "lm_summary.txt", "smallest and largest residual"))
writeLines(capture.output(print(coef(summary(logit)))), safe("R printed", "glm_coefficients.txt"))
writeLines(capture.output(print(summary(cox))), safe("R printed", "coxph_summary.txt"))
writeLines(capture.output(print(t.test(bmi ~ sex, d))), safe("R printed", "t_test.txt"))
writeLines(capture.output(print(chisq.test(table(d$sex, d$smoking)))), safe("R printed", "chisq_test.txt"))
writeLines(capture.output(print(table(d$age_group, d$sex))), safe("R printed", "table.txt"))
writeLines(capture.output(print(TukeyHSD(aov(sbp ~ smoking, d)))), safe("R printed", "tukey.txt"))
writeLines(capture.output(print(survdiff(Surv(follow_up_years, cvd) ~ sex, d))), safe("R printed", "logrank.txt"))
writeLines(capture.output(print(cox.zph(cox))), safe("R printed", "cox_zph.txt"))
writeLines(capture.output(sessionInfo()), safe("R printed", "sessionInfo.txt"))
writeLines(capture.output(str(d)), unsafe("R printed", "str.txt", "str shows the first values of each column"))
writeLines(capture.output(head(d)), unsafe("R printed", "head.txt", "rows with ids"))
writeLines(capture.output(print(head(d[-1], 12), row.names = FALSE)), unsafe("R printed", "head_noid.txt", "rows without ids"))
writeLines(capture.output(summary(d[c("bmi", "sbp", "crp")])), unsafe("R printed", "summary.txt", "extremes"))
writeLines(capture.output(print(summary(survfit(Surv(follow_up_years, cvd) ~ 1, d[1:200, ])))), unsafe("R printed", "survfit.txt", "a step for each person"))
writeLines(capture.output(print(d$bmi[1:300])), unsafe("R printed", "vector.txt", "a measurement of 300 people"))
writeLines(capture.output(print(table(d$centre, d$ethnicity))), unsafe("R printed", "small.txt", "small cells"))
writeLines(capture.output(dput(head(d[c("sex", "age", "bmi")], 25))), unsafe("R printed", "dput.txt", "rows as dput writes them"))
writeLines(capture.output(boxplot.stats(d$bmi)$out), unsafe("R printed", "outliers.txt", "the outliers of a box plot"))
writeLines(capture.output(quantile(d$crp, c(0, .01, .5, .99, 1))), unsafe("R printed", "quantiles.txt", "extremes as quantiles"))

# Objects
saveRDS(coefficients, safe("R object", "coefficients.rds"))
saveRDS(table_one, safe("R object", "table1.rds"), compress = FALSE)
save_as(coefficients, safe("R object", "results.RData"))
saveRDS(list(auc = .81, n = 12000L, note = "main model"), safe("R object", "summary.rds"))
saveRDS(as.matrix(cor(d[c("bmi", "sbp", "ldl")])), safe("R object", "cor.rds"), compress = "xz")
saveRDS(d, unsafe("R rows", "data.rds", "rows with ids"))
saveRDS(d[1:300, c("sex", "age", "bmi")], unsafe("R rows", "small.rds", "rows without ids"))
save_as(d[1:300, ], unsafe("R rows", "workspace.RData", "rows with ids"), compress = "bzip2")
saveRDS(d[1:100, c("age", "bmi")], unsafe("R rows", "ascii.rds", "rows, ASCII form"), ascii = TRUE, compress = FALSE)
saveRDS(fit, unsafe("R models", "lm.rds", "lm holds its model frame"))
saveRDS(logit, unsafe("R models", "glm.rds", "glm holds its data"))
saveRDS(cox, unsafe("R models", "coxph.rds", "coxph holds residuals and the response"))
saveRDS(survfit(Surv(follow_up_years, cvd) ~ sex, d[1:500, ]), unsafe("R models", "survfit.rds", "survfit holds a step for each time"))
save_as(lm(bmi ~ age, d[1:200, ]), unsafe("R models", "model.RData", "lm in a workspace"))
saveRDS(predict(logit, type = "response"), unsafe("R models", "predictions.rds", "a prediction for each person"))
saveRDS(list(note = "only a formula", f = local({ hidden <- d[1:50, ]; y ~ x })), unsafe("R models", "formula.rds", "a formula's environment holds rows"))
saveRDS(summary(fit), unsafe("R models", "summary_lm.rds", "summary.lm holds the residuals"))
saveRDS(d$eid[1:50], unsafe("R rows", "ids.rds", "ids"))
foreign::write.dta(d[1:200, c("age", "bmi", "sbp")], unsafe("R rows", "foreign.dta", "rows in Stata form"))

# Figures
draw <- function(path, device, ...) {
  device(path)
  on.exit(dev.off())
  plot(...)
}
counts <- table(d$age_group)
for (form in c("png", "pdf", "svg")) {
  device <- switch(form, png = function(p) png(p, type = "cairo"), pdf = pdf, svg = svg)
  path <- safe("R figure", paste0("barplot.", form))
  device(path); barplot(counts, ylab = "Participants"); dev.off()
  path <- safe("R figure", paste0("histogram.", form))
  device(path); hist(pmin(pmax(d$bmi, 20), 38), breaks = 18, main = "", xlab = "BMI"); dev.off()
}
draw(unsafe("R figure", "scatter.svg", "a point for each person"), svg, d$bmi[1:400], d$sbp[1:400])
draw(unsafe("R figure", "scatter.pdf", "a point for each person"), pdf, d$bmi[1:400], d$sbp[1:400])
draw(unsafe("R figure", "survfit.pdf", "a step for each person"), pdf, survfit(Surv(follow_up_years, cvd) ~ 1, d[1:300, ]))

write.csv(written, file.path(folder, "list.csv"), row.names = FALSE)
