use crate::harness::Console;
use twinscope::drivers::embedded::LabCommand;
#[test]
fn look() {
    for (w, h) in [(120, 40), (80, 24)] {
        for keys in ["", "v s s s <enter>", "2", "2 v r <enter>", "3", "4", "5"] {
            let mut c = Console::new(w, h);
            c.keys("<enter>");
            c.keys(keys);
            println!("==== {w}x{h} {keys}\n{}", c.screen());
        }
        for (n, view) in [
            "Server Properties",
            "Superscope",
            "Policies",
            "Filters",
            "Failover",
        ]
        .iter()
        .enumerate()
        {
            let mut c = Console::new(w, h);
            let downs = [0, 2, 3, 4, 5][n];
            c.keys("v <home>");
            for _ in 0..downs {
                c.keys("<down>");
            }
            c.keys("<enter> <enter>");
            println!("==== {w}x{h} {view}\n{}", c.screen());
            c.keys("<tab>");
            for _ in 0..6 {
                c.keys("l");
                println!(
                    "--\n{}",
                    c.screen()
                        .lines()
                        .skip(h as usize * 3 / 5)
                        .collect::<Vec<_>>()
                        .join("\n")
                );
            }
        }
        let mut c = Console::new(w, h);
        c.keys("<enter> <tab>");
        for _ in 0..6 {
            c.keys("l");
            println!(
                "-- scope tab\n{}",
                c.screen()
                    .lines()
                    .skip(h as usize * 3 / 5 - 2)
                    .collect::<Vec<_>>()
                    .join("\n")
            );
        }
        c.keys("<esc> A");
        println!("{}", c.screen());
        c.keys("l l l j j <enter>");
        println!("{}", c.screen());
    }
    let mut c = Console::new(120, 40);
    c.lab(LabCommand::Stop("dc1".into()));
    c.wait(65).collect();
    c.keys("v f f <enter> <enter>");
    println!("{}", c.screen());
    c.keys("S");
    println!("{}", c.screen());
}
