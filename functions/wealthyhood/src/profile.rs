//! The shape of a user's parts: what each member is called, here and in the vault.

use shared::domain::field::FieldId;

/// A member of an object that is a field of the vault.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) field: FieldId,
    /// Whether an object without it is faulted.
    pub(crate) required: bool,
}

const fn required(name: &'static str, field: &'static str) -> Member {
    Member { name, field: FieldId::Known(field), required: true }
}

const fn optional(name: &'static str, field: &'static str) -> Member {
    Member { name, field: FieldId::Known(field), required: false }
}

/// The members of the user itself.
pub(crate) static USER: [Member; 6] = [
    required("email", "identity.email"),
    required("firstName", "identity.first_name"),
    required("lastName", "identity.last_name"),
    required("dateOfBirth", "identity.date_of_birth"),
    required("residencyCountry", "identity.country_of_residence"),
    optional("nationality", "identity.nationality"),
];

/// Where they live.
pub(crate) static ADDRESS: [Member; 6] = [
    required("line1", "identity.address.line1"),
    optional("line2", "identity.address.line2"),
    required("city", "identity.address.city"),
    optional("region", "identity.address.region"),
    required("postalCode", "identity.address.postal_code"),
    required("countryCode", "identity.address.country"),
];

/// Where they pay taxes.
pub(crate) static TAX_RESIDENCY: [Member; 3] = [
    required("countryCode", "identity.tax_residency.country"),
    required("proofType", "identity.tax_residency.proof_type"),
    required("value", "identity.tax_residency.value"),
];

/// The objects that a user may have, each with its members.
pub(crate) static PARTS: [(&str, &[Member]); 2] =
    [("address", &ADDRESS), ("taxResidency", &TAX_RESIDENCY)];
