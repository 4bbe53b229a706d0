//! What the sealed form promises, and envelopes that must open forever.

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Mode, Scope, TenantId, Timestamp, UserId, field::FieldId},
    vault::cipher::Key,
};

fn scope(tenant: &str, mode: Mode) -> Scope {
    Scope { tenant: TenantId::parse(tenant).unwrap(), mode }
}

fn user(last: u8) -> UserId {
    UserId::make(Timestamp::from_unix_millis(1_761_301_800_000), [1, 2, 3, 4, 5, 6, 7, last])
}

fn field(id: &str) -> FieldId {
    FieldId::parse(id).unwrap()
}

fn email_of(last: u8) -> Context {
    Context::field(&scope("acme", Mode::Live), user(last), &field("identity.email"))
}

fn key(fill: u8) -> Key {
    Key::from_slice(&[fill; 32]).unwrap()
}

/// Sealed by the first release. If one of these stops opening, stored data stops opening.
const FROZEN: [(&str, &str); 2] = [
    (
        "john.doe@example.com",
        "01090909090909090909090909dd64fdc2758b31dad96e98ec2959269e5a97517f10dcf308ed73e37e084a5ccf40a70b540a6003cb845acd2fab253e35f9d8c4e45c5b58b596f7c0d393ee9f18d0e1019a",
    ),
    (
        "",
        "01090909090909090909090909dd64fdc2758b31dad96e98ec2959269e5a97517f10dcf308ed73e37e084a5ccfb4eca5491ff0b1d47650707ccdbf81cd",
    ),
];

#[test]
fn frozen_envelopes_open_forever() {
    for (plaintext, envelope) in FROZEN {
        let envelope = HEXLOWER.decode(envelope.as_bytes()).unwrap();
        assert_eq!(
            open(&key(7), &email_of(8), &envelope).unwrap().as_slice(),
            plaintext.as_bytes()
        );
        let again = seal_with(&key(7), &email_of(8), plaintext.as_bytes(), [9; 12]).unwrap();
        assert_eq!(again, envelope, "the format has not moved");
    }
}

#[test]
fn an_envelope_opens_in_its_own_place_only() {
    let envelope = seal(&key(7), &email_of(8), b"secret").unwrap();
    let live = scope("acme", Mode::Live);
    let elsewhere = [
        email_of(9),
        Context::field(&live, user(8), &field("identity.ssn")),
        Context::field(&scope("acme", Mode::Test), user(8), &field("identity.email")),
        Context::field(&scope("other", Mode::Live), user(8), &field("identity.email")),
        Context::data_key(&live, user(8), 1),
    ];
    for context in elsewhere {
        assert!(matches!(open(&key(7), &context, &envelope), Err(VaultError::Integrity)));
    }
    assert!(matches!(open(&key(8), &email_of(8), &envelope), Err(VaultError::Integrity)));
    assert_eq!(open(&key(7), &email_of(8), &envelope).unwrap().as_slice(), b"secret");
}

#[test]
fn the_commitment_is_checked_by_itself() {
    // Sealed correctly in every respect but the commitment, which is another key's.
    let context = email_of(8);
    let (encryption_key, _own) = cipher::derive_pair(&key(7), context.as_bytes()).unwrap();
    let (_other, foreign) = cipher::derive_pair(&key(6), context.as_bytes()).unwrap();
    let mut buffer = b"secret".to_vec();
    cipher::encrypt(&encryption_key, [0; 12], &authenticated(&foreign, &context), &mut buffer)
        .unwrap();
    let envelope = [&[VERSION], [0; 12].as_slice(), foreign.as_slice(), &buffer].concat();
    assert!(open(&key(7), &context, &envelope).is_err());
}

#[test]
fn two_seals_of_one_value_differ() {
    assert_ne!(
        seal(&key(7), &email_of(8), b"x").unwrap(),
        seal(&key(7), &email_of(8), b"x").unwrap()
    );
}

#[test]
fn the_overhead_is_what_it_says() {
    assert_eq!(seal(&key(7), &email_of(8), b"12345").unwrap().len(), OVERHEAD + 5);
}

proptest! {
    #[test]
    fn what_is_sealed_opens_again(plaintext: Vec<u8>, fill: u8) {
        let envelope = seal(&key(fill), &email_of(8), &plaintext).unwrap();
        let opened = open(&key(fill), &email_of(8), &envelope).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_noticed(plaintext: Vec<u8>, place: prop::sample::Index, bit in 0u8..8) {
        let envelope = seal(&key(7), &email_of(8), &plaintext).unwrap();
        let place = place.index(envelope.len());
        let mut flipped = envelope.clone();
        flipped[place] ^= 1 << bit;
        prop_assert!(open(&key(7), &email_of(8), &flipped).is_err());
        prop_assert!(open(&key(7), &email_of(8), &envelope[..place]).is_err());
    }

    #[test]
    fn opening_rubbish_never_panics(rubbish: Vec<u8>) {
        prop_assert!(open(&key(7), &email_of(8), &rubbish).is_err());
    }
}
