//! Failover: comparing, replicating, configuring, taking apart, and Set Partner Down.

use twinscope::drivers::embedded::LabCommand;

use crate::harness::Console;

#[test]
fn look() {
    for (w, h) in [(80, 24), (120, 40)] {
        let mut console = Console::new(w, h);
        console.keys("v f f <enter>");
        println!("{}", console.screen());
        console.keys("m");
        println!("{}", console.screen());
        console.keys("<esc> =");
        println!("{}", console.screen());
        console.keys("<enter>");
        println!("{}", console.screen());
        console.keys("d");
        println!("{}", console.screen());
        console.keys(">");
        println!("{}", console.screen());
        console.lab(LabCommand::Stop("dc1".into()));
        console.collect();
        let mut console = Console::new(w, h);
        console.lab(LabCommand::Stop("dc1".into()));
        console.collect();
        console.wait(30);
        console.collect();
        console.keys("v f f <enter> G");
        println!("{}", console.screen());
        console.keys("m s s <enter>");
        println!("{}", console.screen());
        console.keys("<pagedown> <pagedown>");
        println!("{}", console.screen());
        console.keys("<enter>");
        println!("{}", console.screen());
        console.keys("<enter>");
        println!("{}", console.screen());
    }
}
