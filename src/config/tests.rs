//! Tests of `config`.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Configuration, ConfigError> {
    Configuration::parse(Path::new("config.toml"), text)
}

fn says(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn every_kind_is_read() {
    let configuration = parse(
        r#"
        [[server]]
        name = "dhcp1.contoso.com"
        kind = "embedded"
        aliases = ["10.0.0.2"]

        [[server]]
        name = "kea1"
        kind = "kea"
        socket = "/run/kea/kea4-ctrl-socket"

        [[server]]
        name = "kea2"
        kind = "kea"
        url = "https://kea2:8000/"

        [[server]]
        name = "win1"
        kind = "microsoft"

        [[server]]
        name = "ns1"
        kind = "dns"
        host = "10.0.0.53"
        "#,
    )
    .unwrap();
    let kinds: Vec<_> = configuration
        .servers
        .into_iter()
        .map(|server| server.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            ServerKind::Embedded,
            ServerKind::Kea(KeaEntry {
                address: KeaAddress::Socket("/run/kea/kea4-ctrl-socket".into()),
                ha_url: None
            }),
            ServerKind::Kea(KeaEntry {
                address: KeaAddress::Url(Box::new(KeaUrl::new("https://kea2:8000/"))),
                ha_url: None
            }),
            ServerKind::Microsoft {
                host: "win1".into()
            },
            ServerKind::Dns {
                host: "10.0.0.53".into()
            },
        ]
    );
    assert_eq!(parse("").unwrap(), Configuration::default());
}

#[test]
fn periods_are_read_within_limits() {
    let parsed = parse("[collect]\nstate = 60\nkeep_days = 30\n")
        .unwrap()
        .collect;
    assert_eq!(parsed.state.as_secs(), 60);
    // A default that would be below `state` gives way.
    assert_eq!(
        (parsed.retry.as_secs(), parsed.configuration.as_secs()),
        (60, 300)
    );
    assert_eq!(parsed.keep.as_secs(), 30 * 86_400);
    assert_eq!(
        says("[collect]\nstate = 0"),
        "config.toml, line 2, state: 0 is out of range: 1 to 3600 seconds"
    );
    assert_eq!(
        says("[collect]\nstate = 10\nretry = 9"),
        "config.toml, line 3, retry: 9 is out of range: 10 to 3600 seconds"
    );
    assert!(says("[collect]\nstate = \"5s\"").starts_with("config.toml, line 2, state: "));
    assert!(says("[collect]\nstates = 5").starts_with("config.toml, line 2, states: "));
    assert!(says("[collect]\nkeep_days = 367").contains("line 2, keep_days: "));
    assert!(says("[[collect]]\nstate = 5").starts_with("config.toml, line 1"));
}

#[test]
fn no_name_means_two_servers() {
    let two = |first: &str, second: &str| {
        let entry = |text: &str| format!("[[server]]\nkind = \"embedded\"\n{text}\n");
        parse(&(entry(first) + &entry(second)))
    };
    let line = |first, second| two(first, second).unwrap_err().line;
    let dc1 = "name = \"dc1.contoso.com\"";
    assert_eq!(line("name = \"a\"\naliases = [\"DC1\"]", dc1), Some(7));
    assert_eq!(line(dc1, "name = \"a\"\naliases = [\"dc1\"]"), Some(7));
    assert_eq!(line(dc1, "name = \"DC1.Contoso.com\""), Some(6));
    assert!(two(dc1, "name = \"dc1.fabrikam.com\"").is_ok());
}

#[test]
fn what_is_not_utf8_is_found_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    std::fs::write(home.config_file(), b"[[server]]\nname = \"d\xe9\"\n").unwrap();
    let error = Configuration::load(&home).unwrap_err();
    assert_eq!((error.line, error.key.as_deref()), (Some(2), Some("name")));
}

#[test]
fn errors_name_file_line_and_key() {
    let server = "[[server]]\nname = \"a\"\n";
    assert_eq!(
        says(&format!("{server}kind = \"isc\"")),
        "config.toml, line 3, kind: 'isc' is no kind of server: use \"embedded\", \"kea\", \"microsoft\" or \"dns\""
    );
    assert_eq!(
        says(&format!("{server}kind = 7")),
        "config.toml, line 3, kind: invalid type: integer `7`, expected a string"
    );
    assert_eq!(
        says("[[server]]\nkind = \"embedded\""),
        "config.toml, line 1, server: the server needs a name, as in name = \"dhcp1\""
    );
    assert!(says(&format!("{server}kind = \"kea\"")).starts_with("config.toml, line 1, server: "));
    assert!(
        says(&format!("{server}kind = \"embedded\"\nurl = \"http://a\""))
            .starts_with("config.toml, line 4, url: a server of kind \"embedded\" has no url")
    );
    assert!(says(&format!("{server}kind = \"kea\"\nurl = \"ftp://a\"")).contains("line 4, url: "));
    assert!(says(&format!("{server}kind = \"embedded\"\ncolour = 1")).contains("line 4, colour: "));
    assert!(says("[[server]\n").contains("line 1"));
    assert!(
        says(&format!(
            "{server}kind=\"embedded\"\n{server}kind=\"embedded\""
        ))
        .contains("line 5, name: 'a' is taken by the server a")
    );
    assert!(says("[[server]]\nname = \"a b\"\nkind=\"embedded\"").contains("line 2, name: "));
}

#[test]
fn guardrails_groups_and_read_only_are_read() {
    use crate::model::guardrail::{CommandKind, Effect, ScopePattern};
    let configuration = parse(
        r#"
        read_only = true
        read_only_reason = "night shift"

        [[guardrail]]
        server = "dhcp*"
        scope = "10.0.0.0/8"
        relationship = "hq-*"
        action = "delete"
        effect = "type-name"
        reason = "the registers are in there"
        max_bulk = 5

        [[guardrail]]
        action = "*"
        effect = "confirm"
        reason = "look twice"

        [[group]]
        name = "Branches"
        servers = ["branch*", "dc1.contoso.com"]
        "#,
    )
    .unwrap();
    assert_eq!(configuration.read_only.as_deref(), Some("night shift"));
    let [first, second] = configuration.guardrails.as_slice() else {
        panic!("{:?}", configuration.guardrails)
    };
    assert_eq!(
        first.rule.to_string(),
        "type-name delete on dhcp*, scope 10.0.0.0/8, relationship hq-*, more than 5 at once"
    );
    assert_eq!(
        (first.line, first.rule.action),
        (6, Some(CommandKind::Delete))
    );
    assert!(matches!(first.rule.scope, Some(ScopePattern::Network(_))));
    assert_eq!(
        second.rule,
        Guardrail::new(Effect::Confirm, "look twice"),
        "it names nothing, and is about everything"
    );
    let [group] = configuration.groups.as_slice() else {
        panic!("{:?}", configuration.groups)
    };
    assert_eq!((group.name.as_str(), group.line), ("Branches", 19));
    assert_eq!(group.servers.len(), 2);
    assert!(parse("read_only = true").unwrap().read_only.is_some());
    assert_eq!(parse("read_only = false").unwrap().read_only, None);
}

#[test]
fn what_is_wrong_with_a_guardrail_or_a_group_is_found_by_line() {
    let rule = "[[guardrail]]\naction = \"delete\"\n";
    assert_eq!(
        says(&format!("{rule}effect = \"allow\"\nreason = \"x\"")),
        "config.toml, line 3, effect: 'allow' is no effect: use \"confirm\", \"type-name\", \"deny\""
    );
    assert!(
        says("[[guardrail]]\neffect = \"deny\"\naction = \"remove\"").starts_with(
            "config.toml, line 3, action: 'remove' is no kind of command: use \"create\""
        )
    );
    assert!(
        says(rule).starts_with("config.toml, line 1, guardrail: the guardrail needs an effect")
    );
    let deny = format!("{rule}effect = \"deny\"\n");
    assert!(says(&deny).contains("needs a reason"));
    assert!(says(&format!("{deny}reason = \" \"")).contains("line 4, reason: it is empty"));
    let scope = format!("{deny}reason = \"x\"\nscope = \"10.0.0/8\"");
    assert!(says(&scope).contains("line 5, scope: '10.0.0/8' is no network"));
    let negative = format!("{deny}reason = \"x\"\nmax_bulk = -1");
    assert!(says(&negative).contains("line 5, max_bulk: "));
    assert!(says("read_only_reason = \"x\"").contains("line 1, read_only_reason: "));
    let group = "[[group]]\nname = \"a\"\nservers = []\n";
    assert!(says(&group.repeat(2)).contains("line 5, name: there is a group 'a' already"));
    assert!(says("[[group]]\nname = \"a\"").contains("line 1, group: the group needs servers"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]a-z=\"'\n #.0-9\u{1b}é]{0,200}") {
        if let Err(error) = parse(&text) {
            prop_assert!(!error.to_string().chars().any(char::is_control));
        }
    }

    #[test]
    fn any_value_of_any_key_is_read_or_refused(
        key in "name|kind|aliases|socket|url|host",
        value in "\"[a-z.]{0,8}\"|[0-9]{1,20}|true|\\[\\]|\\{\\}|\\[1\\]",
    ) {
        let _ = parse(&format!("[[server]]\nname = \"x\"\nkind = \"kea\"\n{key} = {value}\n"));
        let _ = parse(&format!("[[server]]\n{key} = {value}\n"));
    }
}

const KEA: &str = "[[server]]\nname = \"kea1\"\nkind = \"kea\"\n";

#[test]
fn a_kea_server_is_spoken_to_as_the_file_says() {
    let text = format!(
        "{KEA}url = \"https://kea1:8443/\"\nha_url = \"http://10.0.0.2:8001/\"\nuser = \"twinscope\"\npassword_file = \"kea1.password\"\nca_file = \"/etc/ssl/own.pem\"\nclient_cert = \"c.pem\"\nclient_key = \"c.key\"\n"
    );
    let file = Path::new("/home/op/config.toml");
    let configuration = Configuration::parse(file, &text).unwrap();
    let ServerKind::Kea(entry) = &configuration.servers[0].kind else {
        panic!("{configuration:?}")
    };
    assert_eq!(entry.ha_url.as_deref(), Some("http://10.0.0.2:8001/"));
    let KeaAddress::Url(url) = &entry.address else {
        panic!("{entry:?}")
    };
    // A file without a folder lies beside the configuration.
    let login = url.login.as_ref().unwrap();
    let beside = PathBuf::from("/home/op/kea1.password");
    assert_eq!(login.user, "twinscope");
    assert_eq!(login.password, PasswordFrom::File(beside));
    assert_eq!(url.ca_file, Some(PathBuf::from("/etc/ssl/own.pem")));
    let client = ("/home/op/c.pem".into(), "/home/op/c.key".into());
    assert_eq!(url.client, Some(client));
    let given = PasswordFrom::Prompt(Some(Secret::new("hush".to_owned())));
    assert!(!format!("{given:?}").contains("hush"));
}

#[test]
fn what_would_give_a_password_away_or_makes_no_sense_is_refused_with_its_line() {
    let user = "user = \"a\"\npassword_env = \"B\"\n";
    for (lines, says_what) in [
        (
            format!("url = \"http://kea1:8000/\"\n{user}"),
            "line 4, url: the password would cross the network unencrypted",
        ),
        (
            "url = \"https://a:hush@kea1/\"\n".to_owned(),
            "line 4, url: no user and no password in the address",
        ),
        (
            "url = \"https://kea1/\"\nuser = \"a\"\n".to_owned(),
            "line 5, user: a user needs a password",
        ),
        (
            "url = \"https://kea1/\"\npassword_prompt = true\n".to_owned(),
            "line 5, password_prompt: a password for",
        ),
        (
            format!("url = \"https://kea1/\"\n{user}password_file = \"f\"\n"),
            "a second place for the password",
        ),
        (
            "url = \"https://kea1/\"\nuser = \"a:b\"\npassword_env = \"B\"\n".to_owned(),
            "line 5, user: 'a:b' is no user name",
        ),
        (
            "url = \"https://kea1/\"\nclient_cert = \"c\"\n".to_owned(),
            "line 5, client_cert: a client certificate needs its key",
        ),
        (
            "url = \"http://kea1/\"\nca_file = \"c\"\n".to_owned(),
            "line 5, ca_file: this is for https:// only",
        ),
        (
            format!("socket = \"/run/kea\"\n{user}"),
            "line 5, user: a Kea server at a socket has no user",
        ),
        (
            "url = \"kea1:8000\"\n".to_owned(),
            "line 4, url: 'kea1:8000' is no address of a server",
        ),
        (
            "url = \"http://kea1/\"\nha_url = \"kea2\"\n".to_owned(),
            "line 5, ha_url: 'kea2' is no address",
        ),
    ] {
        let said = says(&format!("{KEA}{lines}"));
        assert!(said.contains(says_what), "{says_what} is not in: {said}");
        assert!(!said.contains("hush"), "{said}");
    }
    for here in ["127.0.0.1", "[::1]", "localhost"] {
        parse(&format!("{KEA}url = \"http://{here}:8000/\"\n{user}")).unwrap();
    }
    let allowed = format!("{KEA}url = \"http://kea1/\"\n{user}allow_cleartext_password = true\n");
    parse(&allowed).unwrap();
}
