//! Known answers of ICAO 9303-11, appendices D and G: the whole exchange byte for byte.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::DeviceError;
use motcua_drivers::idcard::{
    AccessKey, Channel,
    apdu::Command,
    bac,
    curve::{Curve, session_keys, x_coordinate},
    keys::{self, Cipher, Keys},
    link::Link,
    pace,
};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// A chip that expects these commands and gives these answers.
struct Script(std::vec::IntoIter<(Vec<u8>, Vec<u8>)>);

impl Script {
    fn new(lines: &[(&str, &str)]) -> Self {
        Self(lines.iter().map(|(command, answer)| (hex(command), hex(answer))).collect::<Vec<_>>().into_iter())
    }
}

impl Channel for Script {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, DeviceError> {
        let (expected, answer) = self.0.next().expect("no command is left in the script");
        assert_eq!(command, expected, "got {command:02X?}");
        Ok(answer)
    }
}

/// Randomness that was written down.
fn drawn(values: &[&str]) -> impl FnMut(&mut [u8]) {
    let mut values = values.iter().map(|value| hex(value)).collect::<Vec<_>>().into_iter();
    move |to| to.copy_from_slice(&values.next().expect("no randomness is left"))
}

fn mrz(document: &str, birth: &str, expiry: &str) -> AccessKey {
    AccessKey::Mrz { document: document.to_owned(), birth: birth.to_owned(), expiry: expiry.to_owned() }
}

#[test]
fn d1_and_d2_access_keys_come_from_the_mrz() {
    let seed = keys::bac_seed(&mrz("L898902C<", "690806", "940623")).unwrap().unwrap();
    assert_eq!(seed, hex("239AB9CB282DAF66231DC5A4DF6BFBAE"));
    assert_eq!(keys::bac_seed(&mrz("L898902C", "690806", "940623")).unwrap().unwrap(), seed, "a short number is filled");
    let access = Keys::derive(Cipher::TripleDes, &seed).unwrap();
    assert_eq!(access.enc, hex("AB94FDECF2674FDFB9B391F85D7F76F2"));
    assert_eq!(access.mac, hex("7962D9ECE03D1ACD4C76089DCE131543"));
}

#[test]
fn keys_that_are_none_are_told_apart_from_the_card() {
    for key in [mrz("L898902c", "690806", "940623"), mrz("L898902C", "69-8-6", "940623"), mrz("L898902C", "690806", "")] {
        assert!(keys::bac_seed(&key).is_err());
    }
    for can in ["12345", "1234567", "12345a"] {
        assert!(keys::pace_key(Cipher::Aes128, &AccessKey::Can(can.to_owned())).is_err());
    }
    assert!(!format!("{:?}", mrz("L898902C", "690806", "940623")).contains("L898902C"));
}

/// D.3 and D.4.
#[test]
fn d3_basic_access_control_and_d4_secure_messaging() {
    let mut chip = Script::new(&[
        ("0084000008", "4608F91988702212 9000"),
        (
            "0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 5F1448EEA8AD90A7 28",
            "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F 2F2D235D074D7449 9000",
        ),
        ("0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800", "990290008E08FA855A5D4C50A8ED9000"),
        ("0CB000000D9701048E08ED6705417E96BA5500", "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"),
        (
            "0CB000040D9701128E082EA28A70F3C7B53500",
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000",
        ),
    ]);
    let mut link = Link::new(&mut chip);
    let mut random = drawn(&["781723860C06C226", "0B795240CB7049B01C19B33E32804F0B"]);
    bac::open(&mut link, &mrz("L898902C", "690806", "940623"), &mut random).unwrap();
    let select = Command::new(0xA4, 0x02, 0x0C).with(hex("011E"));
    assert_eq!(link.send(&select).unwrap().status, 0x9000);
    assert_eq!(link.send(&Command::new(0xB0, 0, 0).expecting(4)).unwrap().data, hex("60145F01"));
    assert_eq!(link.send(&Command::new(0xB0, 0, 4).expecting(18)).unwrap().data, hex("04303130365F36063034303030305C026175"));
    assert_eq!((link.traffic.commands, link.traffic.sent, link.traffic.received), (5, 5 + 46 + 27 + 19 + 19, 10 + 42 + 16 + 27 + 43));
}

#[test]
fn d3_session_keys() {
    let ours = hex("0B795240CB7049B01C19B33E32804F0B");
    let theirs = hex("0B4F80323EB3191CB04970CB4052790B");
    let secret: Vec<u8> = ours.iter().zip(&theirs).map(|(a, b)| a ^ b).collect();
    let session = Keys::derive(Cipher::TripleDes, &secret).unwrap();
    assert_eq!(session.enc, hex("979EC13B1CBFE9DCD01AB0FED307EAE5"));
    assert_eq!(session.mac, hex("F1CB1F1FB5ADF208806B89DC579DC1F8"));
}

const PK_MAP_IFD: &str =
    "04 7ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E 544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D";
const PK_MAP_IC: &str =
    "04 824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57 30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54";
const PK_DH_IFD: &str =
    "04 2DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C 3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462";
const PK_DH_IC: &str =
    "04 9E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB 7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094";
const SK_MAP_IFD: &str = "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99";
const SK_DH_IFD: &str = "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595";
const CARD_ACCESS: &str = "31143012060A04007F0007020204020202010202010D";

#[test]
fn g1_pace_with_generic_mapping() {
    let offers = pace::offers(&hex(CARD_ACCESS));
    let [offer] = offers.as_slice() else { panic!("{offers:?}") };
    assert_eq!((offer.cipher, offer.parameter), (Cipher::Aes128, 13));
    let mut chip = Script::new(&[
        ("0022C1A412800A04007F0007020204020283010184010D", "9000"),
        ("10860000027C0000", "7C12801095A3A016522EE98D01E76CB6B98B42C3 9000"),
        (&format!("1086000045 7C438141 {PK_MAP_IFD} 00"), &format!("7C438241 {PK_MAP_IC} 9000")),
        (&format!("1086000045 7C438341 {PK_DH_IFD} 00"), &format!("7C438441 {PK_DH_IC} 9000")),
        ("008600000C 7C0A8508 C2B0BD78D94BA866 00", "7C0A8608 3ABB9674BCE93C08 9000"),
    ]);
    let mut link = Link::new(&mut chip);
    pace::open(&mut link, offer, &mrz("T22000129", "640812", "101031"), &mut drawn(&[SK_MAP_IFD, SK_DH_IFD])).unwrap();
    assert!(link.session.is_some());
}

#[test]
fn g1_intermediate_values() {
    let key = keys::pace_key(Cipher::Aes128, &mrz("T22000129", "640812", "101031")).unwrap();
    assert_eq!(key, hex("89DED1B26624EC1E634C1989302849DD"));
    let nonce = keys::decrypt(Cipher::Aes128, &key, &[0; 16], &hex("95A3A016522EE98D01E76CB6B98B42C3")).unwrap();
    assert_eq!(nonce, hex("3F00C4D39D153F2B2A214A078D899B22"));

    let curve = Curve::by_id(13).unwrap().unwrap();
    let own = curve.pair(&mut drawn(&[SK_MAP_IFD])).unwrap();
    assert_eq!(own.public, hex(PK_MAP_IFD));
    let chip = curve.pair(&mut drawn(&["498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560"])).unwrap();
    assert_eq!(chip.public, hex(PK_MAP_IC));
    let common = curve.agree(&own, &chip.public).unwrap();
    let h = "04 60332EF2450B5D247EF6D3868397D398852ED6E8CAF6FFEEF6BF85CA57057FD5 0840CA7415BAF3E43BD414D35AA4608B93A2CAF3A4E3EA4E82C9C13D03EB7181";
    assert_eq!(common, hex(h));
    let mapped = curve.mapped(&nonce, &common).unwrap();
    let g = "04 8CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2 8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522";
    assert_eq!(mapped.generator().unwrap(), hex(g));

    let own = mapped.pair(&mut drawn(&[SK_DH_IFD])).unwrap();
    let common = mapped.agree(&own, &hex(PK_DH_IC)).unwrap();
    assert_eq!(x_coordinate(&common), hex("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925"));
    let session = session_keys(Cipher::Aes128, &common).unwrap();
    assert_eq!(session.enc, hex("F5F0E35C0D7161EE6724EE513A0D9A7F"));
    assert_eq!(session.mac, hex("FE251C7858B356B24514B3BD5F4297D1"));
    let oid = hex("04007F00070202040202");
    assert_eq!(pace::token(&session, &oid, &hex(PK_DH_IC)).unwrap(), hex("C2B0BD78D94BA866"));
    assert_eq!(pace::token(&session, &oid, &hex(PK_DH_IFD)).unwrap(), hex("3ABB9674BCE93C08"));
}

#[test]
fn a_reflected_or_foreign_key_is_refused() {
    let curve = Curve::by_id(13).unwrap().unwrap();
    let own = curve.pair(&mut drawn(&[SK_MAP_IFD])).unwrap();
    assert!(curve.agree(&own, &hex(PK_MAP_IFD)).is_err(), "our own key");
    let mut off = hex(PK_MAP_IC);
    off[64] ^= 1;
    assert!(curve.agree(&own, &off).is_err(), "not on the curve");
    assert!(curve.agree(&own, &[0]).is_err(), "the point at infinity");
    assert!(curve.agree(&own, &[]).is_err());
}

#[test]
fn every_curve_agrees_with_itself() {
    for id in [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18] {
        let curve = Curve::by_id(id).unwrap().unwrap();
        let mut seed = 0_u8;
        let mut random = |to: &mut [u8]| {
            to.fill_with(|| {
                seed = seed.wrapping_mul(37).wrapping_add(11);
                seed
            })
        };
        let (one, other) = (curve.pair(&mut random).unwrap(), curve.pair(&mut random).unwrap());
        assert_eq!(curve.agree(&one, &other.public).unwrap(), curve.agree(&other, &one.public).unwrap(), "curve {id}");
    }
    assert!(Curve::by_id(0).unwrap().is_none(), "a multiplicative group");
}
