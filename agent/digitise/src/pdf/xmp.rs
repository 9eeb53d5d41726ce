//! The XMP packet: what the PDF is, and what is known of the paper in it (R53, R54).
//!
//! The fields of the paper are properties of a schema of their own, which the packet describes, as ISO 19005-2, 6.6.2.3 asks.

use super::About;
use motcua_model::metadata::{Known, PaperMetadata};

/// Names the schema for programs; made once, never to change.
const SCHEMA: &str = "urn:uuid:5f0c7f4e-3b6a-4c0e-9a55-6d1f0b8d2c71";
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The whole packet; `date` in ISO 8601.
pub(super) fn packet(about: About<'_>, producer: &str, date: &str) -> String {
    let title = escaped(about.title);
    let paper = about.metadata.map(described).unwrap_or_default();
    format!(
        r#"<?xpacket begin="{BYTE_ORDER_MARK}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>
<dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<xmp:CreateDate>{date}</xmp:CreateDate><xmp:ModifyDate>{date}</xmp:ModifyDate><pdf:Producer>{producer}</pdf:Producer>
</rdf:Description>{paper}</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"#
    )
}

/// Name of the property, what it is, its value; of those that are known.
fn properties(metadata: &PaperMetadata) -> Vec<(&'static str, &'static str, String)> {
    let value = |known: &Option<Known>| known.as_ref().map(|known| known.value.reveal().to_owned());
    let storage = metadata.storage_code().map(|code| code.reveal().to_owned());
    let sure = metadata.text_confidence.map(|sure| format!("{sure:.2}"));
    let all = [
        ("TypeCode", "Mã loại giấy tờ", Some(metadata.type_code.clone())),
        ("PaperName", "Tên giấy tờ", Some(metadata.paper_name.clone())),
        ("PaperNumber", "Số, ký hiệu", value(&metadata.paper_number)),
        ("OwnerNumber", "Số định danh", value(&metadata.owner_number)),
        ("OwnerName", "Họ và tên", value(&metadata.owner_name)),
        ("OwnerBirth", "Ngày sinh", value(&metadata.owner_birth)),
        ("Issued", "Ngày cấp", value(&metadata.issued)),
        ("Issuer", "Cơ quan cấp", value(&metadata.issuer)),
        ("Subject", "Trích yếu", value(&metadata.subject)),
        ("ValidUntil", "Thời hạn hiệu lực", value(&metadata.valid_until)),
        ("Scope", "Phạm vi hiệu lực", value(&metadata.scope)),
        ("StorageCode", "Mã lưu kho", storage),
        ("ConfidenceLevel", "Độ tin cậy của nhận dạng chữ, 0 đến 1", sure),
    ];
    let known = |(name, what, value): (_, _, Option<String>)| Some((name, what, value.filter(|value| !value.is_empty())?));
    all.into_iter().filter_map(known).collect()
}

/// The schema and its properties.
fn described(metadata: &PaperMetadata) -> String {
    let properties = properties(metadata);
    let values: String = properties.iter().map(|(name, _, value)| format!("<giay:{name}>{}</giay:{name}>", escaped(value))).collect();
    let schema: String = properties
        .iter()
        .map(|(name, what, _)| {
            format!(
                r#"<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{what}</pdfaProperty:description></rdf:li>
"#
            )
        })
        .collect();
    format!(
        r#"
<rdf:Description rdf:about="" xmlns:giay="{SCHEMA}">{values}</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Giấy tờ số hóa</pdfaSchema:schema>
<pdfaSchema:namespaceURI>{SCHEMA}</pdfaSchema:namespaceURI><pdfaSchema:prefix>giay</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>
{schema}</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"#
    )
}

fn escaped(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).fold(String::new(), |mut out, letter| {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(letter),
        }
        out
    })
}
