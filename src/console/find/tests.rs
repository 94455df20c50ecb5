//! Finding: what is found among servers, scopes, reservations and leases.
use super::*;
use crate::model::ClientId;

fn word(text: &str) -> Word {
    Word::parse(text)
}

#[test]
fn words_are_found_in_texts_in_any_case() {
    assert_eq!(word("head").in_text("Head office"), Some(Fit::Begins));
    assert_eq!(word("OFFICE").in_text("Head office"), Some(Fit::Has));
    assert_eq!(word("head").in_text("HEAD"), Some(Fit::Exact));
    assert_eq!(word("head").in_text("hea"), None);
    assert_eq!(word("büro").in_text("BÜRO 1"), Some(Fit::Begins));
}

#[test]
fn addresses_are_found_by_their_parts_and_whole_ones_alone() {
    let address = Ipv4Addr::new(10, 0, 0, 100);
    assert_eq!(word("10.0.0.100").in_address(address), Some(Fit::Exact));
    // A whole address is itself, and not the beginning of a longer one.
    assert_eq!(word("10.0.0.10").in_address(address), None);
    assert_eq!(word("10.0.").in_address(address), Some(Fit::Begins));
    assert_eq!(word("0.100").in_address(address), Some(Fit::Has));
    assert_eq!(word("a10").in_address(address), None);
    assert_eq!(word("10.0.0.100/24").in_address(address), Some(Fit::Exact));
    for bits in [0, 1, 0x0a00_0009, 0x0a63_640a, u32::MAX] {
        let address = Ipv4Addr::from_bits(bits);
        let mut room = [0; 15];
        let text = std::str::from_utf8(word::written(address, &mut room)).map(str::to_owned);
        assert_eq!(text, Ok(address.to_string()));
    }
}

#[test]
fn clients_are_found_in_every_spelling_and_addresses_are_none() {
    let client = ClientId::mac([0, 0x15, 0x5d, 0xa7, 0x66, 2]);
    for whole in [
        "00155DA76602",
        "00-15-5d-a7-66-02",
        "00:15:5D:a7:66:02",
        "0015.5da7.6602",
    ] {
        assert_eq!(word(whole).in_client(&client), Some(Fit::Exact), "{whole}");
    }
    assert_eq!(word("00:15").in_client(&client), Some(Fit::Begins));
    assert_eq!(word("6602").in_client(&client), Some(Fit::Has));
    assert_eq!(word("5da7.66").in_client(&client), Some(Fit::Has));
    assert_eq!(word("66").in_client(&client), None);
    assert_eq!(word("0.0.1.5").in_client(&client), None);
    assert_eq!(word("00155DA7660299").in_client(&client), None);
}

#[test]
fn a_query_of_many_words_is_no_trouble() {
    let many = "a ".repeat(40);
    assert_eq!(Query::parse(&many).all(), u32::MAX);
    assert_eq!(Query::parse("a b").all(), 3);
    assert_eq!(Query::parse(" ").all(), 0);
}
