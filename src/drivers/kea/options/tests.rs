//! Options read and written in Kea's words.

use super::*;

fn csv(code: u32, data: &str) -> Translated {
    translate(&OptionData {
        code: Some(code),
        data,
        csv_format: Some(true),
        ..OptionData::default()
    })
}

fn value(id: u8, elements: &[&str]) -> Translated {
    let elements = elements.iter().map(ToString::to_string).collect();
    Translated::Value(OptionKey::standard(id), OptionValue(elements))
}

fn written(id: u8, elements: &[&str]) -> Result<(bool, String), String> {
    let elements = elements.iter().map(ToString::to_string).collect();
    write(&OptionKey::standard(id), &OptionValue(elements), false)
        .map(|written| (written.csv_format, written.data))
}

#[test]
fn fields_become_elements() {
    assert_eq!(csv(3, "10.0.0.1"), value(3, &["10.0.0.1"]));
    assert_eq!(
        csv(6, "10.0.0.1,10.0.0.2 , 10.0.0.3"),
        value(6, &["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    );
    assert_eq!(csv(15, " example.org "), value(15, &["example.org"]));
    assert_eq!(csv(19, "true"), value(19, &["1"]));
    assert_eq!(csv(2, "-3600"), value(2, &["4294963696"]));
    assert_eq!(csv(26, "1400"), value(26, &["1400"]));
    assert_eq!(csv(17, "a\\,b"), value(17, &["a,b"]));
    assert_eq!(csv(119, "a.b, c"), value(119, &["0x0161016200016300"]));
    assert_eq!(
        csv(121, "10.1.0.0/16 - 10.0.0.1, 0.0.0.0/0 - 10.0.0.2"),
        value(121, &["0x100a010a000001000a000002"])
    );
    assert_eq!(
        csv(222, "whatever, it is"),
        value(222, &["whatever, it is"])
    );
}

#[test]
fn names_stand_for_codes_and_spaces_are_minded() {
    let by_name = OptionData {
        name: "routers",
        data: "10.0.0.1",
        ..OptionData::default()
    };
    assert_eq!(translate(&by_name), value(3, &["10.0.0.1"]));
    let elsewhere = OptionData {
        space: "vendor-4491",
        ..by_name
    };
    assert!(
        matches!(translate(&elsewhere), Translated::Foreign(words) if words.contains("vendor-4491"))
    );
    let unknown = OptionData {
        name: "my-own",
        ..by_name
    };
    assert!(matches!(translate(&unknown), Translated::Foreign(_)));
}

#[test]
fn hex_is_read_by_the_options_type() {
    let hex = |code, data| {
        translate(&OptionData {
            code: Some(code),
            data,
            csv_format: Some(false),
            ..OptionData::default()
        })
    };
    assert_eq!(hex(3, "0A000001"), value(3, &["10.0.0.1"]));
    assert_eq!(hex(150, "0A 00 00 01"), value(150, &["10.0.0.1"]));
    assert_eq!(hex(252, "68:74:74:70"), value(252, &["http"]));
    assert_eq!(hex(43, "01020a"), value(43, &["0x01020a"]));
    assert_eq!(hex(222, "0xABC"), value(222, &["0x0abc"]));
    assert!(matches!(hex(3, "0A0000"), Translated::Foreign(_)));
    assert!(matches!(hex(3, "zz"), Translated::Foreign(_)));
    assert!(matches!(hex(43, ""), Translated::Foreign(_)));
}

#[test]
fn hostile_text_is_printable_and_short() {
    let Translated::Foreign(words) = csv(3, &"\u{1b}[2J".repeat(500)) else {
        panic!("no address")
    };
    assert!(words.chars().count() <= 120 && !words.contains('\u{1b}'));
}

#[test]
fn elements_become_what_kea_reads() {
    let ok = |csv: bool, data: &str| Ok((csv, data.to_owned()));
    assert_eq!(
        written(6, &["10.0.0.1", "10.0.0.2"]),
        ok(true, "10.0.0.1, 10.0.0.2")
    );
    assert_eq!(written(17, &["a,b"]), ok(true, "a\\,b"));
    assert_eq!(written(19, &["1"]), ok(true, "true"));
    assert_eq!(written(2, &["4294963696"]), ok(true, "-3600"));
    assert_eq!(written(150, &["10.0.0.1"]), ok(false, "0a000001"));
    assert_eq!(written(252, &["http"]), ok(false, "68747470"));
    assert_eq!(written(43, &["0x01", "0x02"]), ok(false, "0102"));
    assert_eq!(written(119, &["0x0161016200016300"]), ok(true, "a.b, c"));
    assert_eq!(written(119, &["0xc001"]), ok(false, "c001"));
    assert_eq!(written(222, &["0x0a"]), ok(false, "0a"));
    assert!(written(43, &["zz"]).is_err() && written(6, &[]).is_err());
    assert!(written(150, &["ten"]).is_err());
    let mut classy = OptionKey::standard(6);
    classy.user_class = "x".into();
    assert!(write(&classy, &OptionValue(vec!["10.0.0.1".into()]), false).is_err());
}

#[test]
fn every_option_comes_back() {
    for (id, elements) in [
        (2, vec!["4294963696"]),
        (3, vec!["10.0.0.1"]),
        (19, vec!["0"]),
        (25, vec!["68", "1500"]),
        (33, vec!["10.1.0.1", "10.0.0.1"]),
        (43, vec!["0x0102"]),
        (46, vec!["8"]),
        (60, vec!["PXEClient"]),
        (67, vec!["a, b"]),
        (119, vec!["0x0161016200"]),
        (121, vec!["0x100a010a000001"]),
        (150, vec!["10.0.0.1", "10.0.0.2"]),
        (252, vec!["http://w/"]),
        (224, vec!["0x01"]),
    ] {
        let key = OptionKey::standard(id);
        let value = OptionValue(elements.into_iter().map(str::to_owned).collect());
        let written = write(&key, &value, false).unwrap();
        let back = translate(&OptionData {
            code: Some(written.code.into()),
            data: &written.data,
            csv_format: Some(written.csv_format),
            ..OptionData::default()
        });
        assert_eq!(back, Translated::Value(key, value));
    }
}

#[test]
fn pieces_of_binary_data_are_one() {
    let pieces = OptionValue(vec!["0x01".into(), "0x0203".into()]);
    let one = OptionValue(vec!["0x010203".into()]);
    assert_eq!(canonical(&OptionKey::standard(43), &pieces), one);
    let two = OptionValue(vec!["10.0.0.1".into(), "10.0.0.2".into()]);
    assert_eq!(canonical(&OptionKey::standard(6), &two), two);
}
