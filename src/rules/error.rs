//! What a DHCP server refuses: Microsoft's numbers and names, and a sentence of ours.
//!
//! Numbers and names are those of dhcpsapi.h / winerror.h (reference part B7); the hex codes
//! printed in MS-DHCPM are one lower for some failover entries and are not used.

use std::fmt;

/// A refusal: which rule, and about what.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{sentence} (DHCP {}, {})", code.number(), code.name())]
pub struct DhcpError {
    /// Which rule.
    pub code: Code,
    /// What the operator reads: what, where, what to do.
    pub sentence: String,
}

impl DhcpError {
    /// A refusal with a sentence of its own.
    #[must_use]
    pub fn new(code: Code, sentence: impl Into<String>) -> DhcpError {
        DhcpError {
            code,
            sentence: sentence.into(),
        }
    }
}

/// PowerShell's error category for a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "PowerShell's names")]
pub enum Category {
    ObjectNotFound,
    ResourceExists,
    InvalidData,
    PermissionDenied,
    ResourceUnavailable,
    NotSpecified,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

macro_rules! codes {
    ($($variant:ident = $number:literal, $name:literal, $category:ident;)*) => {
        /// The rules a server refuses by.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(missing_docs, reason = "each is the error of that name")]
        pub enum Code { $($variant),* }

        impl Code {
            /// Every code, by number.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// Microsoft's number.
            #[must_use]
            pub fn number(self) -> u32 {
                match self { $(Code::$variant => $number),* }
            }

            /// Microsoft's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),* }
            }

            /// PowerShell's category (those captured on a real server; the rest by likeness).
            #[must_use]
            pub fn category(self) -> Category {
                match self { $(Code::$variant => Category::$category),* }
            }
        }
    };
}

codes! {
    AccessDenied = 5, "ERROR_ACCESS_DENIED", PermissionDenied;
    InvalidParameter = 87, "ERROR_INVALID_PARAMETER", InvalidData;
    ServerUnavailable = 1722, "RPC_S_SERVER_UNAVAILABLE", ResourceUnavailable;
    NotRegistered = 1753, "EPT_S_NOT_REGISTERED", ResourceUnavailable;
    SubnetExits = 20004, "ERROR_DHCP_SUBNET_EXITS", ResourceExists;
    SubnetNotPresent = 20005, "ERROR_DHCP_SUBNET_NOT_PRESENT", ObjectNotFound;
    ElementCantRemove = 20007, "ERROR_DHCP_ELEMENT_CANT_REMOVE", InvalidData;
    OptionExits = 20009, "ERROR_DHCP_OPTION_EXITS", ResourceExists;
    OptionNotPresent = 20010, "ERROR_DHCP_OPTION_NOT_PRESENT", ObjectNotFound;
    RangeFull = 20012, "ERROR_DHCP_RANGE_FULL", ResourceUnavailable;
    JetError = 20013, "ERROR_DHCP_JET_ERROR", ResourceUnavailable;
    ClientExists = 20014, "ERROR_DHCP_CLIENT_EXISTS", ResourceExists;
    NotReservedClient = 20018, "ERROR_DHCP_NOT_RESERVED_CLIENT", InvalidData;
    ReservedIpExits = 20022, "ERROR_DHCP_RESERVEDIP_EXITS", ResourceExists;
    InvalidRange = 20023, "ERROR_DHCP_INVALID_RANGE", InvalidData;
    SuperScopeNameTooLong = 20030, "ERROR_DHCP_SUPER_SCOPE_NAME_TOO_LONG", InvalidData;
    IpAddressInUse = 20032, "ERROR_DHCP_IP_ADDRESS_IN_USE", ResourceExists;
    RogueNotAuthorized = 20039, "ERROR_DHCP_ROGUE_NOT_AUTHORIZED", PermissionDenied;
    ScopeNameTooLong = 20046, "ERROR_DHCP_SCOPE_NAME_TOO_LONG", InvalidData;
    IprangeConvIllegal = 20049, "ERROR_DHCP_IPRANGE_CONV_ILLEGAL", InvalidData;
    SubnetExists = 20052, "ERROR_DHCP_SUBNET_EXISTS", ResourceExists;
    InvalidSubnetPrefix = 20091, "ERROR_DHCP_INVALID_SUBNET_PREFIX", InvalidData;
    InvalidDelay = 20092, "ERROR_DHCP_INVALID_DELAY", InvalidData;
    LinklayerAddressExists = 20093, "ERROR_DHCP_LINKLAYER_ADDRESS_EXISTS", ResourceExists;
    LinklayerAddressReservationExists = 20094, "ERROR_DHCP_LINKLAYER_ADDRESS_RESERVATION_EXISTS", ResourceExists;
    LinklayerAddressDoesNotExist = 20095, "ERROR_DHCP_LINKLAYER_ADDRESS_DOES_NOT_EXIST", ObjectNotFound;
    PolicyExists = 20105, "ERROR_DHCP_POLICY_EXISTS", ResourceExists;
    PolicyRangeExists = 20106, "ERROR_DHCP_POLICY_RANGE_EXISTS", ResourceExists;
    PolicyRangeBad = 20107, "ERROR_DHCP_POLICY_RANGE_BAD", InvalidData;
    RangeInvalidInServerPolicy = 20108, "ERROR_DHCP_RANGE_INVALID_IN_SERVER_POLICY", InvalidData;
    InvalidPolicyExpression = 20109, "ERROR_DHCP_INVALID_POLICY_EXPRESSION", InvalidData;
    InvalidProcessingOrder = 20110, "ERROR_DHCP_INVALID_PROCESSING_ORDER", InvalidData;
    PolicyNotFound = 20111, "ERROR_DHCP_POLICY_NOT_FOUND", ObjectNotFound;
    ScopeRangePolicyRangeConflict = 20112, "ERROR_SCOPE_RANGE_POLICY_RANGE_CONFLICT", InvalidData;
    FoScopeAlreadyInRelationship = 20113, "ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP", ResourceExists;
    FoRelationshipExists = 20114, "ERROR_DHCP_FO_RELATIONSHIP_EXISTS", ResourceExists;
    FoRelationshipDoesNotExist = 20115, "ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST", ObjectNotFound;
    FoScopeNotInRelationship = 20116, "ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP", ObjectNotFound;
    FoRelationIsSecondary = 20117, "ERROR_DHCP_FO_RELATION_IS_SECONDARY", InvalidData;
    FoNotSupported = 20118, "ERROR_DHCP_FO_NOT_SUPPORTED", InvalidData;
    FoTimeOutOfSync = 20119, "ERROR_DHCP_FO_TIME_OUT_OF_SYNC", InvalidData;
    FoStateNotNormal = 20120, "ERROR_DHCP_FO_STATE_NOT_NORMAL", InvalidData;
    NoAdminPermission = 20121, "ERROR_DHCP_NO_ADMIN_PERMISSION", PermissionDenied;
    ServerNotReachable = 20122, "ERROR_DHCP_SERVER_NOT_REACHABLE", ResourceUnavailable;
    ServerNotRunning = 20123, "ERROR_DHCP_SERVER_NOT_RUNNING", ResourceUnavailable;
    ServerNameNotResolved = 20124, "ERROR_DHCP_SERVER_NAME_NOT_RESOLVED", ObjectNotFound;
    FoRelationshipNameTooLong = 20125, "ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG", InvalidData;
    ReachedEndOfSelection = 20126, "ERROR_DHCP_REACHED_END_OF_SELECTION", ResourceUnavailable;
    FoAddscopeLeasesNotSynced = 20127, "ERROR_DHCP_FO_ADDSCOPE_LEASES_NOT_SYNCED", ResourceUnavailable;
    FoMaxRelationships = 20128, "ERROR_DHCP_FO_MAX_RELATIONSHIPS", InvalidData;
    FoIprangeTypeConvIllegal = 20129, "ERROR_DHCP_FO_IPRANGE_TYPE_CONV_ILLEGAL", InvalidData;
    FoMaxAddScopes = 20130, "ERROR_DHCP_FO_MAX_ADD_SCOPES", InvalidData;
    FoBootNotSupported = 20131, "ERROR_DHCP_FO_BOOT_NOT_SUPPORTED", InvalidData;
    FoRangePartOfRel = 20132, "ERROR_DHCP_FO_RANGE_PART_OF_REL", InvalidData;
    FoScopeSyncInProgress = 20133, "ERROR_DHCP_FO_SCOPE_SYNC_IN_PROGRESS", ResourceUnavailable;
    FoFeatureNotSupported = 20134, "ERROR_DHCP_FO_FEATURE_NOT_SUPPORTED", InvalidData;
    PolicyFqdnRangeUnsupported = 20135, "ERROR_DHCP_POLICY_FQDN_RANGE_UNSUPPORTED", InvalidData;
    PolicyFqdnOptionUnsupported = 20136, "ERROR_DHCP_POLICY_FQDN_OPTION_UNSUPPORTED", InvalidData;
    PolicyEditFqdnUnsupported = 20137, "ERROR_DHCP_POLICY_EDIT_FQDN_UNSUPPORTED", InvalidData;
    NapNotSupported = 20138, "ERROR_DHCP_NAP_NOT_SUPPORTED", InvalidData;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ascending_and_unique() {
        assert!(
            Code::ALL
                .windows(2)
                .all(|pair| pair[0].number() < pair[1].number())
        );
    }

    #[test]
    fn a_refusal_names_its_number() {
        let error = DhcpError::new(Code::SubnetNotPresent, "there is no scope 10.9.0.0 here");
        assert_eq!(
            error.to_string(),
            "there is no scope 10.9.0.0 here (DHCP 20005, ERROR_DHCP_SUBNET_NOT_PRESENT)"
        );
    }
}
