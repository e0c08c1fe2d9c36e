//! HTTP in front of the desk.

use std::sync::Arc;

use server::api::{Answers, Column, Form, HttpAnswer, HttpDenied, Table};
use vault::query::desk::{Denied, Desk};
use vault::query::params;

/// Answers for HTTP, from a desk.
pub struct Http<D>(pub Arc<D>);

fn denied(denied: Denied) -> HttpDenied {
    match denied {
        Denied::Unknown => HttpDenied::Unknown,
        Denied::Refusal(refusal) => HttpDenied::Refusal(refusal),
        Denied::Fault => HttpDenied::Fault,
    }
}

impl<D: Desk> Answers for Http<D> {
    async fn query(
        &self,
        bearer: &str,
        sql: &str,
        given: &[serde_json::Value],
        form: Form,
    ) -> Result<HttpAnswer, HttpDenied> {
        let visitor = self.0.enter(bearer).await.map_err(denied)?;
        let bound = || {
            let values = given
                .iter()
                .map(params::of_json)
                .collect::<Result<Vec<_>, _>>()?;
            params::Prepared::read(sql)?.bind(&values)
        };
        let sql = bound().map_err(HttpDenied::Refusal)?;
        let answer = self.0.ask(&visitor, &sql).await.map_err(denied)?;
        let body = match form {
            Form::Json => answer.to_json(),
            Form::Csv => answer.to_csv(),
            Form::Arrow => answer.to_arrow(),
        };
        Ok(HttpAnswer {
            body: body.map_err(|_| HttpDenied::Fault)?,
            facts: answer.facts(),
        })
    }

    async fn catalogue(&self, bearer: &str) -> Result<Vec<Table>, HttpDenied> {
        let visitor = self.0.enter(bearer).await.map_err(denied)?;
        let tables = self.0.catalogue(&visitor).await.map_err(denied)?;
        Ok(tables
            .into_iter()
            .map(|table| Table {
                name: table.name,
                columns: table
                    .columns
                    .into_iter()
                    .map(|c| Column {
                        kind: c.kind().to_owned(),
                        name: c.name,
                        title: c.title,
                        class: c.class,
                    })
                    .collect(),
            })
            .collect())
    }
}
