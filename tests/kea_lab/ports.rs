//! Which ports a lab uses: those that the system says are free.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

pub struct Ports {
    /// Of the listeners for the partner.
    pub peers: [u16; 2],
    /// Of the HTTP channels.
    pub control: [u16; 2],
    /// Of the DHCP servers.
    pub dhcp: [u16; 2],
    /// Of the relay that DHCP comes from.
    pub relay: u16,
}

impl Ports {
    /// All held until the last is known, so that no two are the same.
    pub fn free() -> Ports {
        let tcp = [(); 4].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let udp = [(); 3].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let tcp = tcp.each_ref().map(|one| one.local_addr().unwrap().port());
        let udp = udp.each_ref().map(|one| one.local_addr().unwrap().port());
        Ports {
            peers: [tcp[0], tcp[1]],
            control: [tcp[2], tcp[3]],
            dhcp: [udp[0], udp[1]],
            relay: udp[2],
        }
    }
}
