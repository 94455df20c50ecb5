//! Set Partner Down along drills on the built-in estate: evidence, verdict, switch, and the
//! checklist back to Normal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use jiff::SignedDuration;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home};
use twinscope::drivers::embedded::{EmbeddedEstate, Fault, LabCommand};
use twinscope::drivers::probe::Found;
use twinscope::ipam::partner_down::{Checklist, Evidence, Mark, Verdict, checklist, verdict};
use twinscope::ipam::{Cancel, Ended, Ipam, PlanError, Progress};
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::{Edit, FailoverState, Plan, Reservation, ServerName};

const DHCP1: &str = "dhcp1.contoso.com";
const DC1: &str = "dc1.contoso.com";
const PAIR: &str = "dhcp1.contoso.com-dc1.contoso.com";
const STANDBY: &str = "dhcp2.contoso.com-dhcp3.contoso.com";

struct Drill {
    _folder: tempfile::TempDir,
    clock: Clock,
    estate: EmbeddedEstate,
    ipam: Ipam,
}

impl Drill {
    fn new() -> Drill {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-03-02T03:00:00Z".parse().unwrap());
        let home = Home::at(folder.path());
        let estate = EmbeddedEstate::open(&home.estate_file(), clock.clone()).unwrap();
        let ipam = Ipam::open(&home, &Configuration::default(), clock.clone(), "alice").unwrap();
        Drill {
            _folder: folder,
            clock,
            estate,
            ipam,
        }
    }

    fn lab(&self, command: &LabCommand) {
        self.estate.lab(command).unwrap();
    }

    fn fail(&self, server: &str, fault: Fault) {
        self.lab(&LabCommand::Fail(server.into(), fault));
    }

    async fn evidence(&self) -> Evidence {
        self.ipam.gather(&name(DHCP1), PAIR).await.unwrap()
    }

    async fn carry_out(&self, plan: Plan) {
        let (progress, cancel) = (Progress::none(), Cancel::new());
        let outcome = self.ipam.carry_out(plan, &progress, &cancel).await;
        assert_eq!(outcome.ended, Ended::Done);
    }

    async fn says(&self) -> &'static str {
        verdict(&self.evidence().await).headline()
    }

    /// After a collection, as the console would draw it.
    async fn checklist(&self) -> Checklist {
        let estate = self.ipam.collect().await;
        let rows = estate.relationships();
        let row = rows.iter().find(|row| row.name == PAIR).unwrap();
        let partner = estate.servers.get(&name(DC1));
        let compared = estate.compare(&name(DHCP1), PAIR);
        let partner = partner.map(AsRef::as_ref);
        checklist(
            row,
            &name(DHCP1),
            partner,
            compared.as_ref(),
            self.clock.now(),
        )
    }
}

fn name(server: &str) -> ServerName {
    ServerName::new(server)
}

/// A letter a step: Done, in the doing (`>`), Waiting.
fn marks(list: &Checklist) -> String {
    let letter = |mark| match mark {
        Mark::Done => 'D',
        Mark::Doing => '>',
        Mark::Waiting => 'W',
    };
    list.steps.iter().map(|step| letter(step.mark)).collect()
}

const SAFE: &str = "SAFE TO SWITCH";
const UNCONFIRMED: &str = "UNCONFIRMED: fence it first";
const DONT: &str = "DON'T: the partner is alive";

#[tokio::test]
async fn a_drill_goes_from_dont_to_safe_to_normal() {
    let drill = Drill::new();
    assert_eq!(drill.says().await, DONT);
    // A partition: both live.
    drill.lab(&LabCommand::Cut("dhcp1".into(), "dc1".into()));
    let evidence = drill.evidence().await;
    assert_eq!(
        evidence.survivor.state(),
        Some(FailoverState::CommunicationInterrupted)
    );
    let said = verdict(&evidence);
    assert_eq!(said.headline(), DONT);
    assert!(said.needs_name());
    assert!(
        said.reasons()
            .concat()
            .contains("only the contact between the two")
    );
    drill.lab(&LabCommand::Join("dhcp1".into(), "dc1".into()));

    // A death.
    drill.lab(&LabCommand::Stop("dc1".into()));
    drill.clock.advance(SignedDuration::from_mins(5));
    let evidence = drill.evidence().await;
    assert!(matches!(verdict(&evidence), Verdict::Safe(_)));
    assert_eq!(
        evidence.command,
        format!("Set-DhcpServerv4Failover -ComputerName {DHCP1} -Name {PAIR} -PartnerDown -Force")
    );
    let hour = drill.clock.now() + SignedDuration::from_hours(1);
    assert_eq!(evidence.costs.takes_over_at, Some(hour));
    let status = evidence.survivor.status.as_ref().unwrap();
    assert_eq!(
        status.last_contact,
        Some(drill.clock.now() - SignedDuration::from_mins(5))
    );
    assert_eq!(evidence.partner.probe.host.found, Found::Answers);
    assert_eq!(evidence.partner.probe.dhcp_service.found, Found::Refuses);
    assert_eq!(marks(&drill.checklist().await), ">WWWWWW");

    let order = Intent::Order {
        server: name(DHCP1),
        order: evidence.switch_order(),
    };
    let plan = drill.ipam.plan(order).await.unwrap();
    drill.carry_out(plan).await;
    let evidence = drill.evidence().await;
    assert_eq!(evidence.survivor.state(), Some(FailoverState::PartnerDown));
    assert_eq!(verdict(&evidence).headline(), "WAIT");

    // Read back; MCLT is counted down while the partner is still away.
    let list = drill.checklist().await;
    assert_eq!(marks(&list), "D>>WWWW");
    assert_eq!(list.steps[1].until, Some(hour));
    assert!(
        list.steps[2].sentence.contains("its host answers"),
        "{list:?}"
    );
    drill.clock.advance(SignedDuration::from_mins(5));
    drill.lab(&LabCommand::Start("dc1".into()));
    let list = drill.checklist().await;
    assert_eq!(marks(&list), "D>DD>WW");
    let back = list.steps[4].until.unwrap();
    assert_eq!(back, hour - SignedDuration::from_mins(5));
    assert_eq!(list.trouble, None);
    drill.lab(&LabCommand::Pass(3600));
    let list = drill.checklist().await;
    assert_eq!(marks(&list), "DDDDDDD");
    assert!(list.is_done());

    // A difference between the copies keeps it open.
    let scope = "10.0.0.0/24".parse().unwrap();
    let client = "00155da76602".parse().unwrap();
    let reservation = Reservation::new("10.0.0.100".parse().unwrap(), client);
    let change = Intent::Change {
        server: name(DHCP1),
        edits: vec![Edit::AddReservation { scope, reservation }],
        reach: Reach::Server,
    };
    let plan = drill.ipam.plan(change).await.unwrap();
    drill.carry_out(plan).await;
    let list = drill.checklist().await;
    assert_eq!(marks(&list), "DDDDDD>");
    assert!(list.steps[6].sentence.contains("replicate from"));
}

#[tokio::test]
async fn the_partner_is_seen_as_the_lab_has_it() {
    let drill = Drill::new();
    drill.fail("dc1", Fault::Unreachable);
    assert_eq!(drill.says().await, UNCONFIRMED);
    let mut evidence = drill.evidence().await;
    evidence.fenced = true;
    assert_eq!(verdict(&evidence).headline(), SAFE);
    // Whoever fenced another machine learns it here.
    drill.fail("dc1", Fault::None);
    drill.lab(&LabCommand::Cut("dhcp1".into(), "dc1".into()));
    let mut evidence = drill.evidence().await;
    evidence.fenced = true;
    assert_eq!(verdict(&evidence).headline(), DONT);
    drill.fail("dc1", Fault::Garbage);
    assert_eq!(drill.says().await, DONT);
    drill.fail("dc1", Fault::RefuseWrites);
    assert_eq!(drill.says().await, DONT);
    drill.fail("dc1", Fault::Slow(1));
    assert_eq!(drill.says().await, DONT);
    drill.fail("dc1", Fault::None);
    drill.lab(&LabCommand::Pause("dc1".into()));
    let evidence = drill.evidence().await;
    let said = verdict(&evidence);
    assert_eq!(said.headline(), DONT);
    assert!(said.reasons().concat().contains("only paused"), "{said:?}");
    // The survivor itself can't be read.
    drill.lab(&LabCommand::Stop("dc1".into()));
    drill.fail("dhcp1", Fault::Unreachable);
    let evidence = drill.evidence().await;
    assert!(!evidence.survivor.was_read());
    assert_eq!(verdict(&evidence).headline(), "WAIT");
    assert!(evidence.scopes.iter().all(|scope| scope.rate.is_none()));
}

#[tokio::test]
async fn a_partner_that_serves_without_contact_is_trouble() {
    let drill = Drill::new();
    drill.lab(&LabCommand::Cut("dhcp1".into(), "dc1".into()));
    let order = Intent::Order {
        server: name(DHCP1),
        order: drill.evidence().await.switch_order(),
    };
    let plan = drill.ipam.plan(order).await.unwrap();
    drill.carry_out(plan).await;
    let list = drill.checklist().await;
    assert!(list.trouble.is_some() && !list.is_done(), "{list:?}");
}

#[tokio::test]
async fn scopes_are_forecast_worst_first() {
    let drill = Drill::new();
    drill.lab(&LabCommand::Stop("dhcp3".into()));
    drill.lab(&LabCommand::Clients("dhcp2".into(), 12));
    drill.clock.advance(SignedDuration::from_mins(10));
    let evidence = drill.ipam.gather(&name("dhcp2"), STANDBY).await.unwrap();
    let scopes = &evidence.scopes;
    assert!(scopes.len() > 3);
    for pair in scopes.windows(2) {
        let key = |at: usize| (pair[at].runs_out.is_none(), pair[at].runs_out);
        assert!(key(0) <= key(1), "{pair:?}");
    }
    let worst = &scopes[0];
    assert!(worst.runs_out.is_some() && worst.rate.is_some_and(|rate| rate.leases > 0));
    assert!(worst.free_here.is_some() && worst.free_at_partner.is_some());
    let last = evidence.survivor.probe.last_lease.unwrap();
    assert_eq!(last.at, drill.clock.now() - SignedDuration::from_mins(10));
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let drill = Drill::new();
    let refused = drill.ipam.gather(&name(DHCP1), "nobody").await.unwrap_err();
    assert!(matches!(refused, PlanError::Refused { .. }), "{refused}");
    let unknown = drill.ipam.gather(&name("dhcp99"), PAIR).await.unwrap_err();
    assert!(matches!(unknown, PlanError::Server(_)), "{unknown}");
    let drill = Drill::new();
    drill.fail("dhcp1", Fault::Unreachable);
    let fresh = drill.ipam.gather(&name(DHCP1), PAIR).await.unwrap_err();
    assert!(matches!(fresh, PlanError::Driver(_)), "{fresh}");
}
