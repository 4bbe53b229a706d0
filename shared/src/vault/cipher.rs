//! The primitives, and the only file that touches them: AES-256-GCM
//! ([SP 800-38D](https://csrc.nist.gov/pubs/sp/800/38/d/final)), HKDF-SHA-256
//! ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)), HMAC-SHA-256
//! ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)), all from AWS-LC.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    constant_time, hkdf, hmac, rand,
};
use zeroize::Zeroizing;

use super::VaultError;

/// The length of every key, in bytes.
pub(super) const KEY_LEN: usize = 32;
/// The length of a GCM nonce, in bytes.
pub(super) const NONCE_LEN: usize = 12;

/// 32 secret bytes. Not `Clone`, not serialisable, zeroised when dropped, and printed by name only.
pub(super) struct Key(Zeroizing<[u8; KEY_LEN]>);

impl Key {
    /// Takes 32 bytes; anything else is no key.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// A new random key.
    pub(super) fn make() -> Result<Self, VaultError> {
        random().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes, for a cipher or for sealing.
    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// 32 bytes that stand for something without saying it.
pub type Digest = [u8; 32];

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| VaultError::Random)?;
    Ok(bytes)
}

/// Compares without telling by its duration where the difference is.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// An encryption key and a commitment to it, derived from `parent` for one context and no other.
pub(super) fn derive_pair(parent: &Key, info: &[u8]) -> Result<(Key, Digest), VaultError> {
    let mut bytes = Zeroizing::new([0; 64]);
    hkdf_sha256(&[], parent.expose(), info, bytes.as_mut_slice())?;
    let (key, commitment) = bytes.split_first_chunk().ok_or(VaultError::Integrity)?;
    let commitment = commitment.try_into().map_err(|_| VaultError::Integrity)?;
    Ok((Key(Zeroizing::new(*key)), commitment))
}

fn hkdf_sha256(
    salt: &[u8],
    secret: &[u8],
    info: &[u8],
    output: &mut [u8],
) -> Result<(), VaultError> {
    // EXPOSE: the derivation reads the parent key.
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info];
    let expanded =
        extracted.expand(&info, Length(output.len())).map_err(|_| VaultError::Integrity)?;
    expanded.fill(output).map_err(|_| VaultError::Integrity)
}

/// The HMAC of `message` under `key`.
pub(super) fn hmac(key: &Key, message: &[u8]) -> Digest {
    // EXPOSE: the MAC is keyed.
    hmac_under(key.expose(), message)
}

/// The HMAC of `message` under a secret of any length: what receivers of webhooks know.
pub(super) fn hmac_under(secret: &[u8], message: &[u8]) -> Digest {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message);
    let mut digest = Digest::default();
    digest.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    digest
}

/// Encrypts `buffer` in place and appends the tag.
pub(super) fn encrypt(
    key: &Key,
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let sealed = gcm(key)?.seal_in_place_append_tag(nonce, Aad::from(aad), buffer);
    sealed.map_err(|_| VaultError::Integrity)
}

/// Authenticates and decrypts `buffer` in place, and cuts the tag off.
pub(super) fn decrypt(
    key: &Key,
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let opened = gcm(key)?.open_in_place(nonce, Aad::from(aad), buffer.as_mut_slice());
    let length = opened.map_err(|_| VaultError::Integrity)?.len();
    buffer.truncate(length);
    Ok(())
}

fn gcm(key: &Key) -> Result<LessSafeKey, VaultError> {
    // EXPOSE: the cipher is keyed.
    let key = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| VaultError::Integrity)?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    /// Test case 16 of the GCM specification submitted to NIST.
    #[test]
    fn aes_256_gcm_as_nist_has_it() {
        let key = Key::from_slice(&hex(
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        ))
        .unwrap();
        let nonce: [u8; 12] = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plaintext = hex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        ));
        let expected = hex(concat!(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b"
        ));
        let mut buffer = plaintext.clone();
        encrypt(&key, nonce, &aad, &mut buffer).unwrap();
        assert_eq!(buffer, expected);
        decrypt(&key, nonce, &aad, &mut buffer).unwrap();
        assert_eq!(buffer, plaintext);
    }

    /// RFC 5869, appendix A.1.
    #[test]
    fn hkdf_as_its_rfc_has_it() {
        let mut output = [0; 42];
        let (salt, secret, info) =
            (hex("000102030405060708090a0b0c"), [0x0b; 22], hex("f0f1f2f3f4f5f6f7f8f9"));
        hkdf_sha256(&salt, &secret, &info, &mut output).unwrap();
        let expected =
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert_eq!(HEXLOWER.encode(&output), expected);
    }

    /// Computed once with another implementation (Python's `hmac`).
    #[test]
    fn hmac_sha256_as_others_have_it() {
        let key = Key::from_slice(&[0x0b; 32]).unwrap();
        let expected = "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7";
        assert_eq!(HEXLOWER.encode(&hmac(&key, b"Hi There")), expected);
    }
}
