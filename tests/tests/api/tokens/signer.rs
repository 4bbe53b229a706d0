//! Key pairs that sign tokens.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use data_encoding::BASE64URL_NOPAD as BASE64;
use jsonwebtoken::{Algorithm, EncodingKey, Header, crypto::sign, jwk::Jwk};
use serde_json::{Value, json};

/// A key pair with an id.
pub(super) struct Signer {
    pub(super) kid: String,
    key: EncodingKey,
    algorithm: Algorithm,
}

/// Making one takes its time: one for all tests.
static RSA: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // PKCS #1 is what stands in it behind 26 bytes, for keys of this size.
    pkcs8.as_ref()[26..].to_vec()
});

impl Signer {
    pub(super) fn es256(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        Self { kid: kid.to_owned(), key, algorithm: Algorithm::ES256 }
    }

    pub(super) fn rs256(kid: &str) -> Self {
        let key = EncodingKey::from_rsa_der(&RSA);
        Self { kid: kid.to_owned(), key, algorithm: Algorithm::RS256 }
    }

    /// The public key, as it stands in a key set.
    pub(super) fn public(&self) -> Value {
        let mut key =
            serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap())
                .unwrap();
        key["kid"] = json!(self.kid);
        key["use"] = json!("sig");
        key
    }

    /// A token.
    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.header(), claims)
    }

    /// The header of its tokens.
    pub(super) fn header(&self) -> Value {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        serde_json::to_value(header).unwrap()
    }

    /// A token with any header, signed as this key signs.
    pub(super) fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// What a signature is over.
pub(super) fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// A token under a shared secret.
pub(super) fn hmac(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = message(header, claims);
    let key = EncodingKey::from_secret(secret);
    let signature = sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}
