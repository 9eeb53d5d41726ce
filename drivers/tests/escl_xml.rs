//! The documents of eSCL as real scanners and servers write them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::scanner::escl_xml::{
    DOCUMENT_LIMIT, Verdict, complete_jpeg, parse_capabilities, parse_status, same_job, settings_xml, verdict,
};
use motcua_drivers::scanner::{AdfState, Capabilities, Colour, JobState, ScanSettings, ScannerState, Source};
use motcua_drivers::{DeviceError, Human};
use proptest::prelude::*;

/// AirSane: single quotes, CRLF, a feeder that only knows "duplex", resolutions as integers.
const AIRSANE_CAPABILITIES: &str = "<?xml version='1.0' encoding='UTF-8'?>\r\n<scan:ScannerCapabilities xmlns:pwg='http://www.pwg.org/schemas/2010/12/sm' xmlns:scan='http://schemas.hp.com/imaging/escl/2011/05/03'>\r\n<pwg:Version>2.0</pwg:Version>\r\n<pwg:MakeAndModel>Noname frontend-tester</pwg:MakeAndModel>\r\n<scan:Adf>\r\n<scan:AdfDuplexInputCaps>\r\n<scan:MaxWidth>2362</scan:MaxWidth>\r\n<scan:MaxHeight>2362</scan:MaxHeight>\r\n<scan:SettingProfiles>\r\n<scan:SettingProfile name='0'>\r\n<scan:ColorModes>\r\n<scan:ColorMode>Grayscale8</scan:ColorMode>\r\n</scan:ColorModes>\r\n<scan:SupportedResolutions>\r\n<scan:DiscreteResolutions>\r\n<scan:DiscreteResolution>\r\n<scan:XResolution>300</scan:XResolution>\r\n<scan:YResolution>300</scan:YResolution>\r\n</scan:DiscreteResolution>\r\n<scan:DiscreteResolution><scan:XResolution>75</scan:XResolution><scan:YResolution>75</scan:YResolution></scan:DiscreteResolution>\r\n</scan:DiscreteResolutions>\r\n</scan:SupportedResolutions>\r\n</scan:SettingProfile>\r\n</scan:SettingProfiles>\r\n</scan:AdfDuplexInputCaps>\r\n</scan:Adf>\r\n</scan:ScannerCapabilities>\r\n";

#[test]
fn capabilities_of_airsane() {
    let capabilities = parse_capabilities(AIRSANE_CAPABILITIES).unwrap();
    assert_eq!(capabilities.make_and_model, "Noname frontend-tester");
    assert!(capabilities.feeder && capabilities.duplex && !capabilities.flatbed && !capabilities.colour);
    assert_eq!(capabilities.resolutions, [75, 300]);
    assert_eq!(capabilities.max_area, Some((2362, 2362)));
}

#[test]
fn capabilities_with_other_prefixes_ranges_and_a_byte_order_mark() {
    let xml = "\u{feff}\n<e:ScannerCapabilities xmlns:e=\"urn:x\"><e:Version>2.63</e:Version><e:Platen><e:PlatenInputCaps><e:ResolutionRange>\
        <e:XResolutionRange><e:Min>100</e:Min><e:Max>300</e:Max><e:Normal>300</e:Normal><e:Step>1</e:Step></e:XResolutionRange></e:ResolutionRange>\
        </e:PlatenInputCaps></e:Platen><e:Adf><e:AdfSimplexInputCaps/><e:FeederCapacity>1</e:FeederCapacity>\
        <e:AdfOptions><e:AdfOption>Duplex</e:AdfOption></e:AdfOptions></e:Adf></e:ScannerCapabilities>";
    let capabilities = parse_capabilities(xml).unwrap();
    assert!(capabilities.flatbed && capabilities.feeder && capabilities.duplex && capabilities.colour);
    assert_eq!(capabilities.resolutions, [100, 150, 200, 240, 300]);
    assert_eq!(capabilities.feeder_capacity, Some(1));
}

fn status(adf: &str, jobs: &str) -> String {
    format!(
        "<scan:ScannerStatus xmlns:pwg=\"p\" xmlns:scan=\"s\"><pwg:Version>2.0</pwg:Version><pwg:State>Idle</pwg:State>\
         <scan:AdfState>{adf}</scan:AdfState><scan:Jobs>{jobs}</scan:Jobs></scan:ScannerStatus>"
    )
}

fn job(state: &str, reason: &str) -> String {
    format!(
        "<scan:JobInfo><pwg:JobUri>/eSCL/ScanJobs/other</pwg:JobUri><pwg:JobState>Processing</pwg:JobState></scan:JobInfo>\
         <scan:JobInfo><pwg:JobUri>/eSCL/ScanJobs/4DF0</pwg:JobUri><pwg:ImagesCompleted>2</pwg:ImagesCompleted><pwg:JobState>{state}</pwg:JobState>\
         <pwg:JobStateReasons><pwg:JobStateReason>{reason}</pwg:JobStateReason></pwg:JobStateReasons></scan:JobInfo>"
    )
}

fn judge(adf: &str, jobs: &str) -> Verdict {
    verdict(&parse_status(&status(adf, jobs)).unwrap(), "http://scanner.local:80/eSCL/ScanJobs/4df0")
}

#[test]
fn status_of_scanner_and_jobs() {
    let status = parse_status(&status("ScannerAdfLoaded", &job("Aborted", "ErrorsDetected"))).unwrap();
    assert_eq!((status.state, status.adf), (ScannerState::Idle, AdfState::Loaded));
    assert_eq!((status.jobs[1].state, status.jobs[1].images_completed), (JobState::Aborted, Some(2)));
    assert_eq!(status.jobs[1].reason, "ErrorsDetected");
}

#[test]
fn feeder_words_of_naps2_and_airsane() {
    for (word, state) in [("ScannedAdfLoaded", AdfState::Loaded), ("ScannerAdfDoorOpen", AdfState::HatchOpen), ("", AdfState::Absent)] {
        assert_eq!(parse_status(&status(word, "")).unwrap().adf, state);
    }
    assert_eq!(parse_status("<ScannerStatus/>").unwrap().adf, AdfState::Absent);
}

#[test]
fn completed_wins_over_the_jam_that_a_workcentre_reports_on_an_empty_feeder() {
    assert_eq!(judge("ScannerAdfJam", &job("Completed", "")), Verdict::Complete);
}

#[test]
fn an_aborted_job_needs_a_person_whatever_the_feeder_says() {
    let human = |human| Verdict::Failed(DeviceError::NeedsHuman(human));
    assert_eq!(judge("ScannerAdfJam", &job("Aborted", "ErrorsDetected")), human(Human::Jam));
    assert_eq!(judge("ScannerAdfEmpty", &job("Aborted", "ErrorsDetected")), human(Human::Other));
    assert_eq!(judge("ScannerAdfLoaded", &job("Aborted", "CoverOpen")), human(Human::CoverOpen));
    assert_eq!(judge("ScannerAdfMultipickDetected", &job("Canceled", "")), human(Human::DoubleFeed));
    assert!(matches!(judge("ScannerAdfLoaded", &job("Canceled", "")), Verdict::Failed(DeviceError::Rejected(_))));
}

#[test]
fn an_open_job_or_a_forgotten_one() {
    assert_eq!(judge("ScannerAdfHatchOpen", &job("Processing", "")), Verdict::Failed(DeviceError::NeedsHuman(Human::CoverOpen)));
    assert_eq!(judge("ScannerAdfEmpty", &job("Processing", "")), Verdict::Ending);
    assert_eq!(judge("ScannerAdfLoaded", &job("Processing", "")), Verdict::Unsettled);
    assert_eq!(judge("ScannerAdfEmpty", ""), Verdict::Complete);
    assert_eq!(judge("ScannerAdfProcessing", ""), Verdict::Unsettled);
}

#[test]
fn one_job_in_many_spellings() {
    assert!(same_job("/eSCL/ScanJobs/a1b2/", "http://[fe80::1%25eth0]:80/eSCL/ScanJobs/A1B2"));
    assert!(same_job("urn:uuid:a1b2", "/ScanJobs/a1b2"));
    assert!(!same_job("", "/ScanJobs/"));
    assert!(!same_job("/ScanJobs/1", "/ScanJobs/11"));
}

#[test]
fn settings_stay_within_what_the_scanner_offers() {
    let capabilities = parse_capabilities(AIRSANE_CAPABILITIES).unwrap();
    let xml = settings_xml(&ScanSettings { source: Source::Feeder { duplex: true }, dpi: 200, colour: Colour::Rgb24 }, &capabilities);
    roxmltree_parses(&xml);
    for part in [">Feeder<", "Duplex>true<", "XResolution>300<", "Width>2362<", "Height>2362<", "Grayscale8", "image/jpeg"] {
        assert!(xml.contains(part), "{part} is missing in {xml}");
    }
    let glass = settings_xml(&ScanSettings { source: Source::Flatbed, dpi: 300, colour: Colour::Rgb24 }, &Capabilities::default());
    roxmltree_parses(&glass);
    assert!(glass.contains(">Platen<") && !glass.contains("Duplex") && !glass.contains("DocumentFormatExt"));
}

#[test]
fn grey_is_asked_for_where_the_scanner_has_it() {
    let ask = |colour, gray, wanted| {
        let capabilities = Capabilities { colour, gray, ..Capabilities::default() };
        let xml = settings_xml(&ScanSettings { source: Source::Flatbed, dpi: 300, colour: wanted }, &capabilities);
        xml.contains("Grayscale8")
    };
    assert!(ask(true, true, Colour::Gray8) && ask(false, true, Colour::Gray8));
    assert!(!ask(true, false, Colour::Gray8), "colour where it has no grey");
    assert!(!ask(true, true, Colour::Rgb24) && ask(false, true, Colour::Rgb24));
}

fn roxmltree_parses(xml: &str) {
    // The parser refuses other roots only after it has read all of the text.
    assert!(parse_status(xml).unwrap_err().to_string().contains("<ScanSettings>"));
}

#[test]
fn only_a_whole_jpeg_is_a_page() {
    let mut whole = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut whole).encode(&[0; 12], 2, 2, image::ExtendedColorType::Rgb8).unwrap();
    assert_eq!(complete_jpeg(whole.clone()), Some(whole.clone()));
    let filled = [&whole[..2], &[0xff, 0xff], &whole[2..]].concat();
    assert_eq!(complete_jpeg(filled.clone()), Some(filled));
    let headers = whole.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    assert_eq!(complete_jpeg([&whole[..headers], &[0xff, 0xd9]].concat()), None, "no scan");
    let frame = whole.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    assert_eq!(complete_jpeg([&whole[..frame], &whole[frame + 19..]].concat()), None, "no frame");
    assert_eq!(complete_jpeg([whole.clone(), vec![0, 0, b'\r', b'\n']].concat()), Some(whole.clone()));
    assert_eq!(complete_jpeg(whole[..whole.len() - 1].to_vec()), None);
    assert_eq!(complete_jpeg(whole[1..].to_vec()), None);
    assert_eq!(complete_jpeg(vec![0xff, 0xd8, 0xff, 0xd9]), None);
    assert_eq!(complete_jpeg(Vec::new()), None);
}

#[test]
fn what_is_no_such_document_is_a_protocol_error() {
    for text in ["", "<html><body>Login</body></html>", "<ScannerStatus>", "{}"] {
        assert!(matches!(parse_status(text), Err(DeviceError::Protocol(_))), "{text}");
        assert!(matches!(parse_capabilities(text), Err(DeviceError::Protocol(_))), "{text}");
    }
}

#[test]
fn the_worst_documents_of_full_length_are_soon_done() {
    let nested = |root: &str, name: &str| {
        let depth = DOCUMENT_LIMIT / (2 * name.len() + 5) - 5;
        format!("<{root}>{}{}</{root}>", format!("<{name}>").repeat(depth), format!("</{name}>").repeat(depth))
    };
    let attributes: String = (0..DOCUMENT_LIMIT / 10).map(|n| format!("a{n}='' ")).collect();
    let worst = [
        nested("ScannerStatus", "JobInfo"),
        nested("ScannerCapabilities", "XResolutionRange"),
        nested("ScannerCapabilities", "DiscreteResolution"),
        format!("<ScannerStatus {attributes}/>"),
    ];
    for text in worst {
        assert!(text.len() <= DOCUMENT_LIMIT);
        let start = std::time::Instant::now();
        assert!(parse_status(&text).is_ok() || parse_capabilities(&text).is_ok());
        // Unoptimised, on a busy machine; at 1 MB it is minutes.
        assert!(start.elapsed().as_secs() < 20, "{:?} for {}", start.elapsed(), &text[..60]);
    }
}

proptest! {
    #[test]
    fn parsers_never_panic(text in "\\PC*", cut in 0..2000_usize) {
        let _ = parse_status(&text);
        let _ = parse_capabilities(&text);
        let whole = AIRSANE_CAPABILITIES;
        let _ = parse_capabilities(&whole[..cut.min(whole.len())]);
        let _ = verdict(&parse_status(&status(&text.replace(['<', '&'], ""), "")).unwrap(), &text);
        let _ = complete_jpeg(text.into_bytes());
    }
}
