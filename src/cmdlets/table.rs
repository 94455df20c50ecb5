//! The one table of cmdlets and their parameters, from which parsing, help, suggestions and
//! completion come.

use super::spec::{Cmdlet, Parameter};
use super::value::Kind;

const ALLOW_DENY: Kind = Kind::Word(&["Allow", "Deny"]);
const TYPE: Kind = Kind::Word(&["Dhcp", "Bootp", "Both"]);
const STATE: Kind = Kind::Word(&["Active", "InActive"]);
const JUNCTION: Kind = Kind::Word(&["And", "Or"]);
const DYNAMIC: Kind = Kind::Word(&["Always", "Never", "OnClientRequest"]);

const fn text(name: &'static str) -> Parameter {
    Parameter::new(name, Kind::Text)
}

const fn address(name: &'static str) -> Parameter {
    Parameter::new(name, Kind::Address)
}

const fn switch(name: &'static str) -> Parameter {
    Parameter::new(name, Kind::Switch)
}

const fn boolean(name: &'static str) -> Parameter {
    Parameter::new(name, Kind::Boolean)
}

const fn span(name: &'static str) -> Parameter {
    Parameter::new(name, Kind::Span)
}

const fn number(name: &'static str, max: u32) -> Parameter {
    Parameter::new(name, Kind::Number(max))
}

const fn word(name: &'static str, kind: Kind) -> Parameter {
    Parameter::new(name, kind)
}

const COMPUTER: Parameter = text("ComputerName").alias(&["Cn"]);
const FORCE: Parameter = switch("Force");
const PASS: Parameter = switch("PassThru");
const SCOPE: Parameter = address("ScopeId");
const NAME: Parameter = text("Name");
const CLIENT: Parameter = Parameter::new("ClientId", Kind::Client);
const RESERVED_IP: Parameter = address("ReservedIP").alias(&["IPAddress"]);
const R_SCOPE: Parameter = SCOPE.alias(&["ReservationScopeID"]);
const R_ADDRESS: Parameter = address("IPAddress").alias(&["ReservedIP"]);
const R_NAME: Parameter = NAME.alias(&["HostName", "ReservationName"]);
const R_TYPE: Parameter = word("Type", TYPE).alias(&["ReservationType"]);
const R_DESCRIPTION: Parameter = text("Description").alias(&["ReservationDescription"]);
const RESERVED_AT: Parameter = address("IPAddress").alias(&["ReservedIP"]).at(2);
const PERCENT: u32 = 100;

macro_rules! cmdlets {
    ($($name:literal gives $class:literal: $about:literal [$($parameter:expr),* $(,)?])*) => {
        /// Every cmdlet there is.
        pub static CMDLETS: &[Cmdlet] = &[$(Cmdlet {
            name: $name,
            class: $class,
            about: $about,
            parameters: &[$($parameter),*],
        }),*];
    };
}

cmdlets! {
    "Add-DhcpServerv4ExclusionRange" gives "DhcpServerv4ExclusionRange":
    "Excludes a range of addresses from a scope" [
        SCOPE.must().at(1), address("StartRange").must().at(2), address("EndRange").must().at(3),
        COMPUTER, PASS,
    ]
    "Add-DhcpServerv4Failover" gives "DhcpServerv4Failover":
    "Puts scopes under failover in a new relationship; the partner gets copies" [
        NAME.must().at(1), SCOPE.many().must().at(2), text("PartnerServer").must().at(3),
        number("LoadBalancePercent", PERCENT).of(&["LoadBalance"]),
        number("ReservePercent", PERCENT).of(&["HotStandby"]),
        word("ServerRole", Kind::Word(&["Active", "Standby"])).of(&["HotStandby"]),
        span("MaxClientLeadTime"), boolean("AutoStateTransition"), span("StateSwitchInterval"),
        text("SharedSecret"), COMPUTER, FORCE, PASS,
    ]
    "Add-DhcpServerv4FailoverScope" gives "DhcpServerv4Failover":
    "Adds scopes to a failover relationship; the partner gets copies" [
        NAME.must().at(1), SCOPE.many().must().at(2), COMPUTER, PASS,
    ]
    "Add-DhcpServerv4Filter" gives "DhcpServerv4Filter":
    "Adds MAC addresses to the allow or the deny list" [
        word("List", ALLOW_DENY).must().at(1),
        text("MacAddress").alias(&["ClientId"]).many().must().at(2),
        text("Description"), COMPUTER, FORCE, PASS,
    ]
    "Add-DhcpServerv4Policy" gives "DhcpServerv4Policy":
    "Adds a policy to a server or a scope" [
        NAME.must().at(1), word("Condition", JUNCTION).must().at(2), SCOPE,
        text("Description"), boolean("Enabled"), number("ProcessingOrder", 65_535),
        span("LeaseDuration"), text("VendorClass").many(), text("UserClass").many(),
        text("MacAddress").many(), text("ClientId").many(), text("Fqdn").many(),
        text("RelayAgent").many(), text("CircuitId").many(), text("RemoteId").many(),
        text("SubscriberId").many(), COMPUTER, PASS,
    ]
    "Add-DhcpServerv4PolicyIPRange" gives "DhcpServerv4PolicyIPRange":
    "Adds an address range to a scope's policy" [
        NAME.must().at(1), SCOPE.must().at(2), address("StartRange").must().at(3),
        address("EndRange").must().at(4), COMPUTER, PASS,
    ]
    "Add-DhcpServerv4Reservation" gives "DhcpServerv4Reservation":
    "Reserves an address for a client" [
        R_SCOPE.must().at(1), R_ADDRESS.must().at(2), CLIENT.must().at(3), R_NAME, R_TYPE,
        R_DESCRIPTION, COMPUTER, PASS,
    ]
    "Add-DhcpServerv4Scope" gives "DhcpServerv4Scope":
    "Adds a scope" [
        address("StartRange").must().at(1), address("EndRange").must().at(2),
        address("SubnetMask").must().at(3), NAME.must().at(4), text("Description"),
        word("State", STATE), word("Type", TYPE), span("LeaseDuration"), number("Delay", 65_535),
        number("MaxBootpClients", u32::MAX), text("SuperscopeName"), boolean("ActivatePolicies"),
        switch("NapEnable"), text("NapProfile"), COMPUTER, PASS,
    ]
    "Add-DhcpServerv4Superscope" gives "DhcpServerv4Superscope":
    "Adds scopes to a superscope, which is made when it is not there" [
        text("SuperscopeName").must().at(1), SCOPE.many().must().at(2), COMPUTER, FORCE, PASS,
    ]
    "Get-DhcpServerAuditLog" gives "DhcpServerAuditLog":
    "Gets a server's audit log settings" [COMPUTER]
    "Get-DhcpServerInDC" gives "DhcpServerInDC":
    "Gets the authorised DHCP servers" []
    "Get-DhcpServerSetting" gives "DhcpServerSetting":
    "Gets a server's settings" [COMPUTER]
    "Get-DhcpServerVersion" gives "DhcpServerVersion":
    "Gets a server's version" [COMPUTER]
    "Get-DhcpServerv4DnsSetting" gives "DhcpServerv4DnsSetting":
    "Gets the DNS settings of a server or a scope" [
        SCOPE.at(1), RESERVED_AT, text("PolicyName"), COMPUTER,
    ]
    "Get-DhcpServerv4ExclusionRange" gives "DhcpServerv4ExclusionRange":
    "Gets the exclusion ranges of scopes" [SCOPE.many().at(1), COMPUTER]
    "Get-DhcpServerv4Failover" gives "DhcpServerv4Failover":
    "Gets failover relationships" [
        NAME.many().at(1).of(&["Name"]), SCOPE.many().must().of(&["ScopeId"]), COMPUTER,
    ]
    "Get-DhcpServerv4Filter" gives "DhcpServerv4Filter":
    "Gets MAC address filters" [word("List", ALLOW_DENY).at(1), COMPUTER]
    "Get-DhcpServerv4FilterList" gives "DhcpServerv4FilterList":
    "Gets whether the allow and the deny list are enabled" [COMPUTER]
    "Get-DhcpServerv4FreeIPAddress" gives "String":
    "Gets free addresses of a scope" [
        SCOPE.must().at(1), number("NumAddress", 1024).at(2), address("StartAddress"),
        address("EndAddress"), COMPUTER,
    ]
    "Get-DhcpServerv4Lease" gives "DhcpServerv4Lease":
    "Gets leases: those in use, or with -AllLeases all of them" [
        SCOPE.must().at(1).of(&["ScopeId", "ClientId"]).also(&["BadLeases"]),
        CLIENT.many().must().at(2).of(&["ClientId"]),
        address("IPAddress").many().must().of(&["IPAddress"]),
        switch("AllLeases").of(&["ScopeId"]), switch("BadLeases").must().of(&["BadLeases"]),
        COMPUTER,
    ]
    "Get-DhcpServerv4OptionDefinition" gives "DhcpServerv4OptionDefinition":
    "Gets the options that can be set" [
        number("OptionId", 255).many().at(1), text("VendorClass").alias(&["Name"]).at(2),
        switch("All"), COMPUTER,
    ]
    "Get-DhcpServerv4OptionValue" gives "DhcpServerv4OptionValue":
    "Gets option values of a server, a scope, a reservation or a policy" [
        number("OptionId", 255).many().at(1), SCOPE.at(2), RESERVED_IP, text("PolicyName"),
        text("UserClass"), text("VendorClass"), switch("All"), switch("Brief"), COMPUTER,
    ]
    "Get-DhcpServerv4Policy" gives "DhcpServerv4Policy":
    "Gets policies of a server or a scope" [NAME.many().at(1), SCOPE.at(2), COMPUTER]
    "Get-DhcpServerv4PolicyIPRange" gives "DhcpServerv4PolicyIPRange":
    "Gets the address ranges of a scope's policies" [
        SCOPE.must().at(1), NAME.many().at(2), COMPUTER,
    ]
    "Get-DhcpServerv4Reservation" gives "DhcpServerv4Reservation":
    "Gets reservations" [
        R_SCOPE.must().at(1).of(&["ScopeId", "ClientId"]),
        CLIENT.many().must().at(2).of(&["ClientId"]), R_ADDRESS.many().must().of(&["IPAddress"]),
        COMPUTER,
    ]
    "Get-DhcpServerv4Scope" gives "DhcpServerv4Scope":
    "Gets scopes" [SCOPE.many().at(1), COMPUTER]
    "Get-DhcpServerv4ScopeStatistics" gives "DhcpServerv4ScopeStatistics":
    "Gets how full scopes are; with -Failover, how they are split between the partners" [
        SCOPE.many().at(1), switch("Failover"), COMPUTER,
    ]
    "Get-DhcpServerv4Statistics" gives "DhcpServerv4Statistics":
    "Gets a server's counters" [COMPUTER]
    "Get-DhcpServerv4Superscope" gives "DhcpServerv4Superscope":
    "Gets superscopes" [text("SuperscopeName").many().at(1), COMPUTER]
    "Get-DhcpServerv4SuperscopeStatistics" gives "DhcpServerv4SuperscopeStatistics":
    "Gets how full superscopes are" [NAME.many().at(1), COMPUTER]
    "Invoke-DhcpServerv4FailoverReplication" gives "String":
    "Makes the partner's copies of failover scopes those of this server" [
        NAME.many().at(1).of(&["Name"]), SCOPE.many().of(&["ScopeId"]), COMPUTER, FORCE,
    ]
    "Remove-DhcpServerv4ExclusionRange" gives "DhcpServerv4ExclusionRange":
    "Removes exclusion ranges from a scope" [
        SCOPE.must().at(1), address("StartRange").at(2), address("EndRange").at(3), COMPUTER, PASS,
    ]
    "Remove-DhcpServerv4Failover" gives "DhcpServerv4Failover":
    "Deletes failover relationships on both servers; the scopes stay on this one" [
        NAME.many().must().at(1), COMPUTER, FORCE, PASS,
    ]
    "Remove-DhcpServerv4FailoverScope" gives "DhcpServerv4Failover":
    "Takes scopes out of failover; they stay on this server and go from the partner" [
        NAME.must().at(1), SCOPE.many().must().at(2), COMPUTER, FORCE, PASS,
    ]
    "Remove-DhcpServerv4Filter" gives "DhcpServerv4Filter":
    "Removes MAC addresses from the allow or the deny list" [
        text("MacAddress").alias(&["ClientId"]).many().must().at(1), COMPUTER, PASS,
    ]
    "Remove-DhcpServerv4Lease" gives "DhcpServerv4Lease":
    "Removes leases" [
        SCOPE.must().at(1).of(&["ScopeId", "ClientId"]).also(&["BadLeases"]),
        CLIENT.many().must().at(2).of(&["ClientId"]),
        address("IPAddress").many().must().of(&["IPAddress"]),
        switch("BadLeases").must().of(&["BadLeases"]), COMPUTER, PASS,
    ]
    "Remove-DhcpServerv4OptionValue" gives "DhcpServerv4OptionValue":
    "Removes option values from a server, a scope, a reservation or a policy" [
        number("OptionId", 255).many().must().at(1), SCOPE.at(2), RESERVED_IP,
        text("PolicyName"), text("UserClass"), text("VendorClass"), COMPUTER, PASS,
    ]
    "Remove-DhcpServerv4Policy" gives "DhcpServerv4Policy":
    "Removes policies from a server or a scope" [NAME.many().must().at(1), SCOPE.at(2), COMPUTER, PASS]
    "Remove-DhcpServerv4PolicyIPRange" gives "DhcpServerv4PolicyIPRange":
    "Removes address ranges from a scope's policy" [
        NAME.must().at(1), SCOPE.must().at(2), address("StartRange").at(3),
        address("EndRange").at(4), COMPUTER, PASS,
    ]
    "Remove-DhcpServerv4Reservation" gives "DhcpServerv4Reservation":
    "Removes reservations: by address, by client, or all of a scope" [
        R_SCOPE.must().at(1).of(&["ScopeId", "ClientId"]),
        CLIENT.many().must().at(2).of(&["ClientId"]), R_ADDRESS.many().must().of(&["IPAddress"]),
        COMPUTER, PASS,
    ]
    "Remove-DhcpServerv4Scope" gives "DhcpServerv4Scope":
    "Removes scopes" [SCOPE.many().must().at(1), COMPUTER, FORCE, PASS]
    "Remove-DhcpServerv4Superscope" gives "DhcpServerv4Superscope":
    "Removes a superscope, or scopes from it; the scopes stay" [
        text("SuperscopeName").must().at(1), SCOPE.many().at(2), COMPUTER, PASS,
    ]
    "Rename-DhcpServerv4Superscope" gives "DhcpServerv4Superscope":
    "Renames a superscope" [NAME.must().at(1), text("NewName").must().at(2), COMPUTER, PASS]
    "Set-DhcpServerAuditLog" gives "DhcpServerAuditLog":
    "Sets a server's audit log settings" [
        boolean("Enable").at(1), text("Path").at(2), number("MaxMBFileSize", u32::MAX),
        number("DiskCheckInterval", u32::MAX), number("MinMBDiskSpace", u32::MAX), COMPUTER, PASS,
    ]
    "Set-DhcpServerSetting" gives "DhcpServerSetting":
    "Sets a server's settings" [
        boolean("ActivatePolicies"), number("ConflictDetectionAttempts", 255),
        boolean("NapEnabled"),
        word("NpsUnreachableAction", Kind::Word(&["Full", "Restricted", "NoAccess"])), COMPUTER,
        PASS,
    ]
    "Set-DhcpServerv4DnsSetting" gives "DhcpServerv4DnsSetting":
    "Sets the DNS settings of a server or a scope" [
        SCOPE.at(1), RESERVED_AT, text("PolicyName"), word("DynamicUpdates", DYNAMIC),
        boolean("NameProtection"), boolean("DeleteDnsRROnLeaseExpiry"),
        boolean("UpdateDnsRRForOlderClients"), boolean("DisableDnsPtrRRUpdate"),
        text("DnsSuffix"), COMPUTER, PASS,
    ]
    "Set-DhcpServerv4Failover" gives "DhcpServerv4Failover":
    "Sets a failover relationship's parameters on both servers, or partner down on this one" [
        NAME.must().at(1), word("Mode", Kind::Word(&["LoadBalance", "HotStandby"])),
        number("LoadBalancePercent", PERCENT), number("ReservePercent", PERCENT),
        span("MaxClientLeadTime"), boolean("AutoStateTransition"), span("StateSwitchInterval"),
        text("SharedSecret"), switch("PartnerDown"), COMPUTER, FORCE, PASS,
    ]
    "Set-DhcpServerv4FilterList" gives "DhcpServerv4FilterList":
    "Enables or disables the allow and the deny list" [
        boolean("Allow").at(1), boolean("Deny").at(2), COMPUTER, PASS,
    ]
    "Set-DhcpServerv4OptionValue" gives "DhcpServerv4OptionValue":
    "Sets option values of a server, a scope, a reservation or a policy" [
        number("OptionId", 255).must().at(1).of(&["OptionIds"]),
        text("Value").many().must().at(2).of(&["OptionIds"]), SCOPE.at(3), RESERVED_IP,
        text("PolicyName"), text("UserClass"), text("VendorClass").of(&["OptionIds"]),
        text("DnsDomain").of(&["CommonOptions"]), address("DnsServer").many().of(&["CommonOptions"]),
        address("Router").many().of(&["CommonOptions"]),
        address("WinsServer").many().of(&["CommonOptions"]), text("Wpad").of(&["CommonOptions"]),
        COMPUTER, FORCE, PASS,
    ]
    "Set-DhcpServerv4Policy" gives "DhcpServerv4Policy":
    "Sets a policy's properties" [
        NAME.must().at(1), SCOPE.at(2), text("NewName"), text("Description"), boolean("Enabled"),
        number("ProcessingOrder", 65_535), span("LeaseDuration"), word("Condition", JUNCTION),
        text("VendorClass").many(), text("UserClass").many(), text("MacAddress").many(),
        text("ClientId").many(), text("Fqdn").many(), text("RelayAgent").many(),
        text("CircuitId").many(), text("RemoteId").many(), text("SubscriberId").many(), COMPUTER,
        PASS,
    ]
    "Set-DhcpServerv4Reservation" gives "DhcpServerv4Reservation":
    "Sets a reservation's properties" [
        R_ADDRESS.must().at(1), CLIENT, R_NAME, R_TYPE, R_DESCRIPTION, COMPUTER, PASS,
    ]
    "Set-DhcpServerv4Scope" gives "DhcpServerv4Scope":
    "Sets a scope's properties" [
        SCOPE.must().at(1), NAME, text("Description"), word("State", STATE), word("Type", TYPE),
        span("LeaseDuration"), number("Delay", 65_535), number("MaxBootpClients", u32::MAX),
        text("SuperscopeName"), boolean("ActivatePolicies"), boolean("NapEnable"),
        text("NapProfile"), address("StartRange").must().of(&["WithRange"]),
        address("EndRange").must().of(&["WithRange"]), switch("PassThru").also(&["Properties"]),
        COMPUTER,
    ]
}
