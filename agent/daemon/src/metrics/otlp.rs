//! The figures as a message of OTLP: protobuf, names and values as in the Prometheus text.

use super::{Figure, Point, Values};
use jiff::Timestamp;
use motcua_store::{SYNC_BOUNDS, SyncTimes};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
        number_data_point,
    },
    resource::v1::Resource,
};
use prost::Message as _;

/// Who tells, and of what time.
pub(crate) struct Teller<'a> {
    /// Name of the device in its certificate.
    pub(crate) device: &'a str,
    /// Since when is counted.
    pub(crate) started: Timestamp,
    pub(crate) now: Timestamp,
}

/// One message with all figures; a few kilobytes, however much waits.
pub(crate) fn message(figures: &[Figure], teller: &Teller<'_>) -> Vec<u8> {
    let resource = Resource {
        attributes: vec![
            attribute("service.name", env!("CARGO_PKG_NAME")),
            attribute("service.version", env!("CARGO_PKG_VERSION")),
            attribute("service.instance.id", teller.device),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope { name: env!("CARGO_PKG_NAME").to_owned(), ..InstrumentationScope::default() };
    let metrics = figures.iter().map(|figure| metric(figure, teller)).collect();
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() }];
    let all = ResourceMetrics { resource: Some(resource), scope_metrics, ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![all] }.encode_to_vec()
}

fn metric(figure: &Figure, teller: &Teller<'_>) -> Metric {
    let cumulative = AggregationTemporality::Cumulative.into();
    let data = match &figure.values {
        Values::Gauge(points) => {
            metric::Data::Gauge(Gauge { data_points: points.iter().map(|point| number(point, None, teller.now)).collect() })
        }
        Values::Counter(points) => metric::Data::Sum(Sum {
            data_points: points.iter().map(|point| number(point, Some(teller.started), teller.now)).collect(),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        Values::Times(times) => {
            metric::Data::Histogram(Histogram { data_points: vec![histogram(times, teller)], aggregation_temporality: cumulative })
        }
    };
    Metric { name: figure.name.to_owned(), description: figure.help.to_owned(), data: Some(data), ..Metric::default() }
}

fn number(point: &Point, since: Option<Timestamp>, now: Timestamp) -> NumberDataPoint {
    NumberDataPoint {
        attributes: point.labels.iter().map(|(name, value)| attribute(name, value)).collect(),
        start_time_unix_nano: since.map_or(0, nanoseconds),
        time_unix_nano: nanoseconds(now),
        value: Some(number_data_point::Value::AsDouble(point.value)),
        ..NumberDataPoint::default()
    }
}

fn histogram(times: &SyncTimes, teller: &Teller<'_>) -> HistogramDataPoint {
    HistogramDataPoint {
        start_time_unix_nano: nanoseconds(teller.started),
        time_unix_nano: nanoseconds(teller.now),
        count: times.counts.iter().sum(),
        sum: Some(times.sum.as_secs_f64()),
        bucket_counts: times.counts.to_vec(),
        explicit_bounds: SYNC_BOUNDS.to_vec(),
        ..HistogramDataPoint::default()
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

/// Since 1970; a clock before that tells no time.
fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or(0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::metrics::{prometheus, tests::example};
    use std::collections::BTreeSet;

    /// A decoded message, written as the lines of a Prometheus text.
    pub(crate) fn lines(message: &[u8]) -> BTreeSet<String> {
        let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.clone()) {
            Some(any_value::Value::StringValue(text)) => text,
            other => panic!("no text: {other:?}"),
        };
        let number = |name: &str, point: &NumberDataPoint| {
            let labels: Vec<String> = point.attributes.iter().map(|label| format!("{}={:?}", label.key, text(&label.value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let Some(number_data_point::Value::AsDouble(value)) = point.value else { panic!("no number") };
            format!("{name}{labels} {value}")
        };
        let request = ExportMetricsServiceRequest::decode(message).unwrap();
        let [all] = request.resource_metrics.as_slice() else { panic!("not one resource") };
        let mut lines = BTreeSet::new();
        for attribute in &all.resource.as_ref().unwrap().attributes {
            lines.insert(format!("# {}={}", attribute.key, text(&attribute.value)));
        }
        for metric in all.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            match metric.data.as_ref().unwrap() {
                metric::Data::Gauge(gauge) => lines.extend(gauge.data_points.iter().map(|point| number(&metric.name, point))),
                metric::Data::Sum(sum) => {
                    assert!(sum.is_monotonic && sum.aggregation_temporality() == AggregationTemporality::Cumulative);
                    lines.extend(sum.data_points.iter().map(|point| number(&metric.name, point)));
                }
                metric::Data::Histogram(histogram) => {
                    let [point] = histogram.data_points.as_slice() else { panic!("not one histogram") };
                    assert_eq!((point.bucket_counts.len(), point.explicit_bounds.len()), (SYNC_BOUNDS.len() + 1, SYNC_BOUNDS.len()));
                    lines.insert(format!("{}_sum {}", metric.name, point.sum.unwrap()));
                    lines.insert(format!("{}_count {}", metric.name, point.count));
                }
                metric::Data::ExponentialHistogram(_) | metric::Data::Summary(_) => panic!("{} is of no kind of ours", metric.name),
            }
        }
        lines
    }

    #[test]
    fn both_forms_tell_the_same_figures() {
        let figures = example();
        let at = Timestamp::from_second(1_795_399_200).unwrap();
        let message = message(&figures, &Teller { device: "kiosk-k07", started: at, now: at });
        assert!(message.len() < 16_384, "{} bytes", message.len());
        let text = prometheus::text(&figures);
        let mut expected: BTreeSet<String> =
            text.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket")).map(str::to_owned).collect();
        expected.insert("# service.name=motcua-agent".to_owned());
        expected.insert(format!("# service.version={}", env!("CARGO_PKG_VERSION")));
        expected.insert("# service.instance.id=kiosk-k07".to_owned());
        assert_eq!(lines(&message), expected);
    }
}
