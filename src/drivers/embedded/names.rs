//! Clients that might be anybody's: hardware addresses and host names, the same ones every time.

use crate::model::ClientId;

const SURNAMES: [&str; 24] = [
    "ADAMS", "BAUER", "CHEN", "DIAZ", "EVANS", "FISCHER", "GARCIA", "HANSEN", "IVANOVA", "JONES",
    "KIM", "LOPEZ", "MILLER", "NGUYEN", "OKAFOR", "PATEL", "QUINN", "ROSSI", "SATO", "TANAKA",
    "USMAN", "VARGAS", "WEBER", "YILMAZ",
];
const FIRST_NAMES: [&str; 12] = [
    "Anna", "Ben", "Chloe", "David", "Emma", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Kira",
    "Liam",
];
const DEPARTMENTS: [&str; 8] = ["ACC", "ENG", "FIN", "HR", "IT", "LEG", "MKT", "OPS"];

/// What kind of thing a client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Device {
    /// Laptops, workstations and telephones in people's pockets.
    Personal,
    /// A desk telephone.
    Phone,
    /// A printer.
    Printer,
    /// A till or a scanner.
    Till,
}

/// The client of that number, and what it calls itself. No two numbers below 2^24 of one kind of
/// device share a hardware address.
pub(super) fn client(device: Device, number: u32) -> (ClientId, String) {
    // An odd factor maps 24 bits one to one onto themselves.
    let mixed = number.wrapping_mul(0x9e_37_b5) & 0x00ff_ffff;
    let [_, a, b, c] = mixed.to_be_bytes();
    let pick = |from: &[&'static str], by: u32| {
        let index = usize::try_from(by).unwrap_or(0) % from.len();
        from.get(index).copied().unwrap_or_default()
    };
    let (maker, name) = match device {
        Device::Phone => (
            [0x00, 0x1b, 0x54],
            format!("SEP001B54{a:02X}{b:02X}{c:02X}"),
        ),
        Device::Printer => (
            [0x00, 0x1e, 0x0b],
            format!(
                "PRN-{}-{:02}",
                pick(&DEPARTMENTS, number / 100),
                number % 100
            ),
        ),
        Device::Till => ([0x00, 0x60, 0xef], format!("POS-{:03}", number % 1000)),
        Device::Personal => match mixed % 8 {
            0..=2 => (
                [0x3c, 0x52, 0x82],
                format!("LT-{}{}", pick(&SURNAMES, mixed / 8), mixed / 192 % 90 + 10),
            ),
            3 | 4 => (
                [0x00, 0x15, 0x5d],
                format!(
                    "WS-{}-{:04}",
                    pick(&DEPARTMENTS, mixed / 8),
                    number % 10_000
                ),
            ),
            5 => (
                [0xf0, 0x18, 0x98],
                format!("{}s-MBP", pick(&FIRST_NAMES, mixed / 8)),
            ),
            6 => (
                [0xa8, 0x5c, 0x2c],
                format!("{}s-iPhone", pick(&FIRST_NAMES, mixed / 8)),
            ),
            _ => ([0x58, 0xcb, 0x52], format!("android-{mixed:06x}")),
        },
    };
    let [x, y, z] = maker;
    (ClientId::mac([x, y, z, a, b, c]), name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_clients_share_an_address() {
        for device in [Device::Personal, Device::Phone, Device::Printer] {
            let clients: BTreeSet<_> = (0..20_000).map(|n| client(device, n).0).collect();
            assert_eq!(clients.len(), 20_000);
        }
    }
}
