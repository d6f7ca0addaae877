//! Overview of the stack: routes, streams, emulators, and the signed-in user.

use http::HeaderMap;
use serde_json::{Value, json};

use super::Page;
use crate::template::Function;

impl Page {
    pub(super) fn overview(&self, headers: &HeaderMap) -> Value {
        let Self { template, names, emulators, .. } = self;
        let tables: Vec<_> = template.tables.iter().filter_map(|table| names.table(&table.id)).collect();
        let buckets: Vec<_> = template.buckets.iter().filter_map(|bucket| names.bucket(&bucket.id)).collect();
        json!({
            "routes": template.functions.iter().flat_map(routes).collect::<Vec<_>>(),
            "streams": template.functions.iter().flat_map(|function| self.streams(function)).collect::<Vec<_>>(),
            "dynamodb": { "endpoint": emulators.dynamodb.endpoint, "names": tables },
            "s3": { "endpoint": emulators.s3.endpoint, "names": buckets },
            "data": self.data,
            "session": self.session(headers),
        })
    }

    fn streams(&self, function: &Function) -> Vec<Value> {
        let table = |id| self.names.table(id).unwrap_or(id);
        let streams = function.streams.iter();
        streams.map(|stream| json!({ "function": function.binary, "table": table(&stream.table) })).collect()
    }
}

fn routes(function: &Function) -> Vec<Value> {
    let Function { binary, routes, .. } = function;
    let route = |key: &crate::template::RouteKey| json!({ "function": binary, "method": key.method, "path": key.path });
    routes.iter().map(route).collect()
}
